"""What the API says of photos: names of members are promises, see ``/api/docs/``."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from motifs import contributors
from motifs.captions import Caption, rendered
from motifs.licences import licence_url
from motifs.models import Contribution, Motif, Outcome, Photo
from motifs.pictures import RENDITION_TYPE, SIZES

DETERMINED = [(one.value, one.label) for one in Outcome if one != Outcome.CANNOT_TELL]


class PhotoQuerySerializer(serializers.Serializer[Any]):
    """What a list of photos may be asked for besides ``cursor``."""

    motif = serializers.SlugField(
        required=False,
        help_text="Determined as this motif, or suggested and not yet determined.",
    )
    licence = serializers.ChoiceField(
        choices=Contribution.Licence.choices,
        required=False,
        help_text="SPDX identifier.",
    )
    determined = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Whether people agreed on what it shows.",
    )


class PhotoMotifSerializer(serializers.Serializer[Motif]):
    slug = serializers.SlugField()
    preferred_name = serializers.CharField(help_text="Banjar name.")
    url = serializers.SerializerMethodField(help_text="The motif's full record.")

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, motif: Motif) -> str:
        request = self.context["request"]
        return reverse("api-motif-detail", args=[motif.slug], request=request)


class RenditionSerializer(serializers.Serializer[Any]):
    """A file of the photo, upright, uncropped and without metadata."""

    url = serializers.URLField()
    width = serializers.IntegerField(help_text="In pixels.")
    height = serializers.IntegerField(help_text="In pixels.")
    media_type = serializers.CharField()


class DeterminationSerializer(serializers.Serializer[Caption]):
    """What people agreed on, and by which rule."""

    outcome = serializers.ChoiceField(
        choices=DETERMINED, source="photo.determined_outcome"
    )
    motifs = PhotoMotifSerializer(many=True, help_text="None, one, or two.")
    rule = serializers.ChoiceField(
        choices=Photo.Rule.choices, source="photo.determined_rule"
    )
    sentence = serializers.SerializerMethodField(help_text="The same, in words.")
    determined_at = serializers.DateTimeField(source="photo.determined_at")
    is_disputed = serializers.BooleanField(
        source="photo.is_disputed", help_text="Whether somebody sees it differently."
    )

    def get_sentence(self, caption: Caption) -> str:
        return f"{caption.determination} {caption.rule}"


class ContributorSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The public name that they chose.")
    page_url = serializers.URLField()


class PhotoSerializer(serializers.Serializer[Caption]):
    """A photo that everybody may see."""

    id = serializers.IntegerField(source="photo.pk")
    url = serializers.SerializerMethodField(help_text="This record.")
    page_url = serializers.SerializerMethodField(help_text="The photo's page.")
    cloth = serializers.IntegerField(
        source="photo.contribution_id",
        help_text="Photos with the same number show the same cloth.",
    )
    width = serializers.IntegerField(
        source="photo.width", help_text="Of the photo as given, in pixels."
    )
    height = serializers.IntegerField(source="photo.height")
    renditions = serializers.SerializerMethodField()
    licence = serializers.ChoiceField(
        choices=Contribution.Licence.choices,
        source="photo.contribution.licence",
        help_text="SPDX identifier.",
    )
    licence_url = serializers.SerializerMethodField(
        help_text="The licence's text; null where all rights are reserved."
    )
    credit = serializers.SerializerMethodField(
        help_text="How to name the rights holder; may be empty."
    )
    contributor = serializers.SerializerMethodField(
        help_text="Who gave it, if they chose a public name."
    )
    determination = serializers.SerializerMethodField(
        help_text="Null while people have not agreed."
    )
    suggested_motif = serializers.SerializerMethodField(
        help_text="What its giver calls it, while no motif is determined."
    )
    is_demonstration = serializers.BooleanField(
        source="photo.contribution.is_demonstration",
        help_text="Rendered cloth to try the site with, not a photo.",
    )
    place = serializers.CharField(source="photo.contribution.place")
    maker = serializers.CharField(source="photo.contribution.maker")
    made = serializers.CharField(source="photo.contribution.made")
    technique = serializers.ChoiceField(
        choices=Contribution.Technique.choices,
        source="photo.contribution.technique",
        help_text="Empty where it is not known.",
    )
    story = serializers.CharField(source="photo.contribution.story")
    protocol_note = serializers.CharField(
        source="photo.protocol_note",
        help_text="The community's own conditions, in its own words.",
    )
    accepted_at = serializers.DateTimeField(source="photo.contribution.accepted_at")

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, caption: Caption) -> str:
        request = self.context["request"]
        return reverse("api-photo-detail", args=[caption.photo.pk], request=request)

    @extend_schema_field(OpenApiTypes.URI)
    def get_page_url(self, caption: Caption) -> str:
        return self._absolute(caption.photo.get_absolute_url())

    @extend_schema_field(RenditionSerializer(many=True))
    def get_renditions(self, caption: Caption) -> list[dict[str, Any]]:
        found = []
        for size in SIZES:
            width, height = rendered(caption.photo, size)
            found.append(
                {
                    "url": self._absolute(caption.photo.url(size)),
                    "width": width,
                    "height": height,
                    "media_type": RENDITION_TYPE,
                }
            )
        return found

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_licence_url(self, caption: Caption) -> str | None:
        return licence_url(caption.photo.contribution.licence) or None

    def get_credit(self, caption: Caption) -> str:
        return contributors.credit(caption.photo.contribution)

    @extend_schema_field(ContributorSerializer(allow_null=True))
    def get_contributor(self, caption: Caption) -> dict[str, str] | None:
        giver = caption.photo.contribution.given_by
        name = contributors.public_name(giver)
        if not name:
            return None
        return {"name": name, "page_url": self._absolute(contributors.address(giver))}

    @extend_schema_field(DeterminationSerializer(allow_null=True))
    def get_determination(self, caption: Caption) -> Any:
        if not caption.is_determined:
            return None
        determined = DeterminationSerializer(caption, context=self.context).data
        if not caption.is_motif_determined:
            # A print of a motif that only its giver names: a suggestion, see below.
            determined["motifs"] = []
        return determined

    @extend_schema_field(PhotoMotifSerializer(allow_null=True))
    def get_suggested_motif(self, caption: Caption) -> Any:
        if caption.is_motif_determined or not caption.motifs:
            return None
        return PhotoMotifSerializer(caption.motifs[0], context=self.context).data

    def _absolute(self, address: str) -> str:
        return str(self.context["request"].build_absolute_uri(address))
