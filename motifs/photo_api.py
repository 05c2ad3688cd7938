"""Photos for programs: only those that everybody may see."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from motifs import galleries
from motifs.api import LANG, CatalogueView
from motifs.captions import caption
from motifs.merged import moved_query
from motifs.models import Motif, Photo
from motifs.photo_serializers import PhotoQuerySerializer, PhotoSerializer


class PhotoPagination(CursorPagination):
    """By where the last page ended, so that a harvest misses nothing."""

    ordering = "-pk"
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100

    def decode_cursor(self, request: Request) -> Any:
        """Read the cursor. Raises NotFound, also for one whose place is no number."""
        cursor: Any = super().decode_cursor(request)
        place = getattr(cursor, "position", None)
        if place is not None and not (place.isascii() and place.isdigit()):
            raise NotFound(self.invalid_cursor_message)
        return cursor


class PhotoView(CatalogueView[Photo]):
    queryset = Photo.objects.none()

    def get_queryset(self) -> QuerySet[Photo]:
        return Photo.objects.shown().select_related("contribution__given_by")


class PhotoListView(PhotoView):
    """Shown photos, newest first."""

    # A row is a photo with its caption.
    serializer_class = PhotoSerializer  # type: ignore[assignment]
    pagination_class = PhotoPagination

    @extend_schema(
        operation_id="photos_list",
        summary="List photos",
        description=(
            "Photos that everybody may see, newest first. A photo that is withdrawn is "
            "gone from here at once; whoever keeps copies asks again."
        ),
        tags=["photos"],
        parameters=[
            OpenApiParameter(
                "motif",
                description=(
                    "Slug. Photos determined as this motif, and those that only their "
                    "giver calls so."
                ),
            ),
            PhotoQuerySerializer,
            LANG,
        ],
        responses={
            200: PhotoSerializer(many=True),
            301: OpenApiResponse(description="The motif was merged; see Location."),
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        asked = PhotoQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        published = Motif.objects.published()
        slug = asked.validated_data.get("motif")
        motif = published.filter(slug=slug).first() if slug else None
        if slug and motif is None and (there := moved_query(request, published)):
            return there
        photos = self._asked_for(asked.validated_data, motif)
        page: Any = self.paginate_queryset(photos)
        rows = self.get_serializer(caption(page or []), many=True)
        return self.get_paginated_response(rows.data)

    def _asked_for(self, asked: dict[str, Any], motif: Motif | None) -> QuerySet[Photo]:
        photos = self.get_queryset()
        if asked.get("motif"):
            photos = photos.filter(galleries.is_of(motif)) if motif else photos.none()
        if licence := asked.get("licence"):
            photos = photos.filter(contribution__licence=licence)
        if (determined := asked.get("determined")) is not None:
            undetermined = {"determined_outcome": ""}
            photos = (
                photos.exclude(**undetermined)
                if determined
                else photos.filter(**undetermined)
            )
        return photos


class PhotoDetailView(PhotoView):
    """One shown photo."""

    # A row is a photo with its caption.
    serializer_class = PhotoSerializer  # type: ignore[assignment]

    @extend_schema(
        operation_id="photos_retrieve",
        summary="A photo's record",
        tags=["photos"],
        parameters=[LANG],
        responses=PhotoSerializer,
    )
    def get(self, request: Request, photo_id: int) -> Response:
        photo = get_object_or_404(self.get_queryset(), pk=photo_id)
        return Response(self.get_serializer(caption([photo])[0]).data)
