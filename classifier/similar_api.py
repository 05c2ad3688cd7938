"""Photos like this one, for programs: what everybody may see."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from classifier import predictor, problems
from classifier.serializers import ModelSerializer, ProblemSerializer
from classifier.similar import LIMIT, MOST, NotLookedAt, similar_photos
from classifier.vectors import Near
from motifs.models import Photo

EXAMPLE = OpenApiExample(
    "One photo like it",
    value={
        "photo": 41,
        "results": [
            {
                "id": 17,
                "likeness": 0.8312,
                "motif": "gigi-haruan",
                "image_url": "https://example.org/files/photos/17/1600",
                "thumbnail_url": "https://example.org/files/photos/17/480",
                "width": 3024,
                "height": 4032,
                "credit_line": "Galuh",
                "licence": "CC-BY-SA-4.0",
            }
        ],
        "model": {"version": "20261130-5fbb53e1", "sha256": "9f86d081…"},
    },
    response_only=True,
    status_codes=["200"],
)


class AskedSerializer(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=LIMIT)


class SimilarPhotoSerializer(serializers.Serializer[Near]):
    """A photo that resembles the one asked about."""

    id = serializers.IntegerField(source="photo.pk")
    likeness = serializers.SerializerMethodField(
        help_text="Cosine of the embeddings; 1 is the same. Not a chance of anything."
    )
    motif = serializers.CharField(
        source="photo.determined_motif.slug",
        default=None,
        allow_null=True,
        help_text="Slug of what it shows, where that is determined by rule.",
    )
    image_url = serializers.SerializerMethodField(help_text="At most 1600 pixels.")
    thumbnail_url = serializers.SerializerMethodField(help_text="At most 480 pixels.")
    width = serializers.IntegerField(
        source="photo.width", help_text="Of the photo as given, in pixels."
    )
    height = serializers.IntegerField(source="photo.height")
    credit_line = serializers.CharField(source="photo.contribution.credit_line")
    licence = serializers.CharField(
        source="photo.contribution.licence", help_text="SPDX identifier."
    )

    def get_likeness(self, near: Near) -> float:
        return round(near.likeness, 4)

    @extend_schema_field(OpenApiTypes.URI)
    def get_image_url(self, near: Near) -> str:
        return self._address(near.photo, "1600")

    @extend_schema_field(OpenApiTypes.URI)
    def get_thumbnail_url(self, near: Near) -> str:
        return self._address(near.photo, "480")

    def _address(self, photo: Photo, size: str) -> str:
        request: Request = self.context["request"]
        return str(reverse("photo-file", args=[photo.pk, size], request=request))


class SimilarSerializer(serializers.Serializer[Any]):
    """Photos of other cloths that resemble one, the most alike first."""

    photo = serializers.IntegerField(help_text="The one asked about.")
    results = SimilarPhotoSerializer(many=True)
    model = ModelSerializer(help_text="Whose embeddings were compared.")


def _problem(meaning: str) -> OpenApiResponse:
    return OpenApiResponse(ProblemSerializer, description=meaning)


class SimilarView(APIView):
    """Ask for photos of other cloths that resemble one."""

    authentication_classes = ()

    @extend_schema(
        operation_id="photos_similar",
        tags=["photos"],
        summary="Photos like this one",
        description=(
            "Photos of other contributions that the model in use sees nearby. Only "
            "what everybody may see. A photo that this model has not looked at yet "
            "answers 503 with Retry-After."
        ),
        parameters=[
            OpenApiParameter(
                "limit", int, description=f"1 to {MOST}; {LIMIT} by default."
            )
        ],
        responses={
            200: SimilarSerializer,
            (400, problems.CONTENT_TYPE): _problem("invalid: the limit"),
            (404, problems.CONTENT_TYPE): _problem("not_found"),
            (503, problems.CONTENT_TYPE): _problem("not_looked_at, with Retry-After"),
        },
        examples=[EXAMPLE],
    )
    def get(self, request: Request, photo_id: int) -> Response:
        asked = AskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        everybody = AnonymousUser()
        photo = get_object_or_404(Photo.objects.visible_to(everybody), pk=photo_id)
        try:
            found = similar_photos(
                photo=photo, user=everybody, limit=asked.validated_data["limit"]
            )
        except NotLookedAt as error:
            raise problems.not_looked_at() from error
        said = predictor.describe()
        body = SimilarSerializer(
            {"photo": photo.pk, "results": found, "model": said},
            context={"request": request},
        )
        response = Response(body.data)
        response["Cache-Control"] = "no-store"
        return response
