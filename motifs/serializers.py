"""What the API says of motifs: names of members are promises, see ``/api/docs/``."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from motifs.languages import READER_LANGUAGES, Language
from motifs.models import Claim, Confidence, Motif, MotifName

READERS = [(code.value, code.label) for code in READER_LANGUAGES]


class MotifQuerySerializer(serializers.Serializer[Any]):
    """What a list may be asked for besides ``q`` and ``page``."""

    family = serializers.ChoiceField(
        choices=Motif.Family.choices, required=False, default="", allow_blank=True
    )
    status = serializers.ChoiceField(
        choices=Motif.Status.choices, required=False, default="", allow_blank=True
    )


class LanguageQuerySerializer(serializers.Serializer[Any]):
    lang = serializers.ChoiceField(choices=READERS, required=False)


class MotifSerializer(serializers.Serializer[Motif]):
    """A motif as it stands in a list."""

    slug = serializers.SlugField(help_text="Permanent identifier.")
    url = serializers.SerializerMethodField(help_text="This motif's full record.")
    page_url = serializers.SerializerMethodField(help_text="This motif's page.")
    preferred_name = serializers.CharField(help_text="Banjar name.")
    gloss = serializers.CharField(
        help_text="Preferred name in the asked language; empty where there is none."
    )
    summary = serializers.CharField(
        help_text="What it depicts; empty where nothing is recorded."
    )
    summary_language = serializers.CharField(
        help_text="BCP 47 tag of the summary; empty where there is none."
    )
    family = serializers.ChoiceField(choices=Motif.Family.choices)
    family_confidence = serializers.ChoiceField(choices=Confidence.choices)
    status = serializers.ChoiceField(choices=Motif.Status.choices)
    drawing_url = serializers.SerializerMethodField(help_text="The drawing, as SVG.")
    rendering_url = serializers.SerializerMethodField(
        help_text="Cloth rendered from the drawing, as WebP; not a photo."
    )
    matched_name = serializers.CharField(
        help_text="The spelling that `q` met, where it is neither name above."
    )

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, motif: Motif) -> str:
        request = self.context["request"]
        return reverse("api-motif-detail", args=[motif.slug], request=request)

    @extend_schema_field(OpenApiTypes.URI)
    def get_page_url(self, motif: Motif) -> str:
        return self._absolute(motif.get_absolute_url()) or ""

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_drawing_url(self, motif: Motif) -> str | None:
        return self._absolute(motif.drawing_url)

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_rendering_url(self, motif: Motif) -> str | None:
        return self._absolute(motif.rendering_url)

    def _absolute(self, url: str) -> str | None:
        return self.context["request"].build_absolute_uri(url) if url else None


class NameSerializer(serializers.Serializer[MotifName]):
    name = serializers.CharField()
    language = serializers.ChoiceField(choices=Language.choices, help_text="BCP 47.")
    kind = serializers.ChoiceField(choices=MotifName.Kind.choices)


class CitedSourceSerializer(serializers.Serializer[Any]):
    """A source, and where in it the claim stands."""

    key = serializers.CharField(source="source.key", help_text="Permanent identifier.")
    title = serializers.CharField(source="source.title")
    author = serializers.CharField(source="source.author")
    url = serializers.URLField(source="source.url", allow_null=True)
    year = serializers.IntegerField(source="source.year", allow_null=True)
    locator = serializers.CharField(help_text="Page, figure or section.")


class ClaimSerializer(serializers.Serializer[Any]):
    """A sourced statement. Claims may contradict each other."""

    key = serializers.CharField(help_text="Shared by the translations of a claim.")
    kind = serializers.ChoiceField(choices=Claim.Kind.choices)
    language = serializers.ChoiceField(choices=Language.choices, help_text="BCP 47.")
    text = serializers.CharField()
    confidence = serializers.ChoiceField(choices=Confidence.choices)
    is_main = serializers.BooleanField()
    sources = CitedSourceSerializer(source="citations", many=True)
    credits = serializers.ListField(
        child=serializers.CharField(),
        help_text="How those wish to be named whose suggestions it follows.",
    )


class LookAlikeSerializer(serializers.Serializer[Any]):
    """A motif that this one is taken for, and what tells them apart."""

    slug = serializers.SlugField(source="motif.slug")
    preferred_name = serializers.CharField(source="motif.preferred_name")
    url = serializers.SerializerMethodField()
    tell = serializers.CharField()
    tell_language = serializers.ChoiceField(choices=READERS, help_text="BCP 47.")
    is_sourced = serializers.BooleanField(
        help_text="False where it is read from drawings."
    )

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, row: dict[str, Any]) -> str:
        request = self.context["request"]
        return reverse("api-motif-detail", args=[row["motif"].slug], request=request)


class MotifDetailSerializer(MotifSerializer):
    """A motif's full record; ``context["record"]`` is its ``MotifRecord``."""

    names = serializers.SerializerMethodField()
    claims = serializers.SerializerMethodField()
    look_alikes = serializers.SerializerMethodField()
    is_meaning_recorded = serializers.SerializerMethodField()

    @extend_schema_field(NameSerializer(many=True))
    def get_names(self, motif: Motif) -> Any:
        groups = self.context["record"]["names"]
        names = [name for group in groups for name in group["names"]]
        return NameSerializer(names, many=True).data  # type: ignore[arg-type]

    @extend_schema_field(ClaimSerializer(many=True))
    def get_claims(self, motif: Motif) -> Any:
        claims = [
            {**statement, "kind": group["kind"]}
            for group in self.context["record"]["claims"]
            for statement in group["statements"]
        ]
        return ClaimSerializer(claims, many=True).data

    @extend_schema_field(LookAlikeSerializer(many=True))
    def get_look_alikes(self, motif: Motif) -> Any:
        rows = self.context["record"]["look_alikes"]
        return LookAlikeSerializer(rows, many=True, context=self.context).data

    @extend_schema_field(bool)
    def get_is_meaning_recorded(self, motif: Motif) -> bool:
        return not self.context["record"]["missing_meaning"]
