"""The shapes of identify's requests and answers, for the documentation of the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from classifier.models import IdentifyJob
from classifier.words import DYES, HINTS, QUALITY

KINDS = ("motif", "either", "unknown")
REASONS = (
    "recognised",
    "close_scores",
    "seed_model",
    "not_cloth",
    "other_cloth",
    "unusable",
    "low_scores",
    "not_in_catalogue",
)


@extend_schema_field(OpenApiTypes.BINARY)
class PhotoField(serializers.FileField):
    """A photo as bytes; DRF's own description of it would be an address."""


def _share(**options: Any) -> serializers.FloatField:
    return serializers.FloatField(min_value=0, max_value=1, **options)


class PhotosSerializer(serializers.Serializer[Any]):
    """What a client sends."""

    image = serializers.ListField(
        child=PhotoField(),
        min_length=1,
        max_length=5,
        help_text=(
            "One to five photos of one cloth, 20 MB together: JPEG, PNG, WebP, TIFF "
            "or HEIC. Repeat the field for each."
        ),
    )


class VerdictSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(
        choices=KINDS,
        help_text=(
            "motif: it is this one. either: it is one of these two or three. "
            "unknown: the recogniser does not say, for the reason given."
        ),
    )
    motifs = serializers.ListField(
        child=serializers.SlugField(), help_text="Best first; empty when unknown."
    )
    reason = serializers.ChoiceField(choices=REASONS)


class SuggestionSerializer(serializers.Serializer[Any]):
    slug = serializers.SlugField(help_text="As in /api/v1/motifs/{slug}/.")
    name = serializers.CharField(help_text="The motif's preferred Banjar name.")
    score = _share(help_text="Softmax output; not a probability.")
    provisional_photos = serializers.IntegerField(
        allow_null=True,
        help_text=(
            "How many confirmed photos it is known from, where the network has not "
            "learned it yet: it is provisional, and never stated alone. Else null."
        ),
    )


class QualitySerializer(serializers.Serializer[Any]):
    usable = serializers.BooleanField()
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=list(QUALITY))
    )


class RegionSerializer(serializers.Serializer[Any]):
    """Where the cloth is, in parts of the upright photo's width and height."""

    x = _share(help_text="Left edge.")
    y = _share(help_text="Upper edge.")
    width = _share()
    height = _share()
    share = _share(help_text="The part of the photo that is cloth.")


class HeatSerializer(serializers.Serializer[Any]):
    """A square of the photo, in parts of its width and height, place by place."""

    x = _share(help_text="Left edge.")
    y = _share(help_text="Upper edge.")
    width = _share()
    height = _share()
    values = serializers.ListField(
        child=serializers.ListField(child=_share()),
        help_text="Row by row: how much each place spoke for the first suggestion.",
    )


class ColourSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=list(DYES))
    hex = serializers.RegexField("^#[0-9a-f]{6}$")
    share = _share(help_text="The part of the cloth that has this colour.")


class ModelSerializer(serializers.Serializer[Any]):
    version = serializers.CharField()
    sha256 = serializers.RegexField("^[0-9a-f]{64}$")


class TrackRecordSerializer(serializers.Serializer[Any]):
    """How often experts agreed when this version said this motif first.

    Of photos that experts determined blind and that it did not learn from.
    """

    motif = serializers.SlugField(help_text="The motif that the answer names first.")
    score_from = _share(help_text="Counted are scores from this one on,")
    score_to = _share(help_text="and below this one; 1 itself counts.")
    agreed = serializers.IntegerField(min_value=0)
    cases = serializers.IntegerField(min_value=1)
    low = _share(help_text="Lower bound of the share, 95 % (Wilson).")
    high = _share(help_text="Upper bound of the share, 95 % (Wilson).")
    sentence = serializers.CharField(help_text="The same in the reader's language.")


class AnswerSerializer(serializers.Serializer[Any]):
    """What the recogniser says of one cloth."""

    answer = VerdictSerializer()
    message = serializers.CharField(
        help_text="The answer as a sentence in the reader's language."
    )
    suggestions = SuggestionSerializer(
        many=True, help_text="The motifs that come closest, best first."
    )
    unknown_score = _share(help_text="Score of everything that is no known motif.")
    track_record = TrackRecordSerializer(
        allow_null=True,
        help_text="Null where it names no motif, or there are too few cases yet.",
    )
    quality = QualitySerializer()
    hints = serializers.ListField(
        child=serializers.ChoiceField(choices=list(HINTS)),
        help_text="What would make a better photo, of usable ones.",
    )
    region = RegionSerializer(help_text="Of the first photo.")
    heat = HeatSerializer(
        allow_null=True, help_text="Of the first photo; null if no place stood out."
    )
    colours = ColourSerializer(many=True, help_text="Most first.")
    model = ModelSerializer()
    elapsed_ms = serializers.FloatField(help_text="The server's time, milliseconds.")


class MemorySerializer(serializers.Serializer[Any]):
    """Photos that the model learned from: their embeddings, whitened and rounded."""

    url = serializers.CharField(help_text="`ml.portable` says what is in it.")
    sha256 = serializers.CharField(help_text="Of the file, in hex.")
    bytes = serializers.IntegerField()
    axes = serializers.IntegerField()
    rows = serializers.IntegerField(help_text="How many motifs.")
    layers = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Of each layer how many features and how many axes it has.",
    )


class NetworkSerializer(serializers.Serializer[Any]):
    """The model that answers, and how to read its scores."""

    version = serializers.CharField()
    sha256 = serializers.CharField(help_text="Of the file, in hex.")
    url = serializers.CharField(help_text="The LiteRT file; it never changes.")
    bytes = serializers.IntegerField()
    memory = MemorySerializer(
        allow_null=True,
        help_text="What photos are compared with; null where that rejects nothing.",
    )
    local = serializers.BooleanField(
        help_text="Whether a program that has read all this can answer by itself."
    )
    labels = serializers.ListField(
        child=serializers.CharField(), help_text="In the order of the scores."
    )
    unknown_labels = serializers.ListField(child=serializers.CharField())
    input = serializers.DictField(help_text="Size, region and views of the squares.")
    answer = serializers.DictField(help_text="Thresholds, and what may be stated.")


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457), in the reader's language."""

    type = serializers.CharField(default="about:blank")
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; for programs.")
    title = serializers.CharField(help_text="What happened.")
    detail = serializers.CharField(help_text="What to do about it.")
    photo = serializers.IntegerField(
        required=False, help_text="Which of the photos it is about, from 1."
    )


@extend_schema_field(AnswerSerializer(allow_null=True))
class AnswerField(serializers.JSONField):
    """An answer as it was stored."""


@extend_schema_field(ProblemSerializer(allow_null=True))
class ProblemField(serializers.JSONField):
    """A problem as it was stored."""


class JobSerializer(serializers.ModelSerializer[IdentifyJob]):
    """Photos in the queue and what came of them."""

    answer = AnswerField(help_text="When the state is done.")
    problem = ProblemField(help_text="When the state is failed.")

    class Meta:
        model = IdentifyJob
        fields = ("id", "state", "answer", "problem", "created_at", "answered_at")
        read_only_fields = fields
