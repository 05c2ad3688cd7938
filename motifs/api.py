"""The catalogue for programs: read only, in the language that is asked for."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model
from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils import translation
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from motifs import merged, presentation
from motifs.languages import READER_LANGUAGES, reader_language
from motifs.models import Motif
from motifs.search import LONGEST_QUERY, clean
from motifs.serializers import (
    LanguageQuerySerializer,
    MotifDetailSerializer,
    MotifQuerySerializer,
    MotifSerializer,
)
from motifs.views import Filters, find, labelled

LANG = OpenApiParameter(
    "lang",
    enum=[code.value for code in READER_LANGUAGES],
    description=(
        "Language of texts; otherwise Accept-Language decides. A text that does not "
        "exist in it comes in the other one, and says so."
    ),
)


class MotifPagination(PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100


Row = TypeVar("Row", bound=Model)


class CatalogueView(GenericAPIView[Row]):
    """Answers in the language of ``?lang=``, or that of Accept-Language."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        asked = LanguageQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        if "lang" in asked.validated_data:
            # LocaleMiddleware chooses afresh for every request.
            translation.activate(asked.validated_data["lang"])


class MotifView(CatalogueView[Motif]):
    queryset = Motif.objects.none()


class MotifListView(MotifView):
    """Published motifs, searched and filtered."""

    serializer_class = MotifSerializer
    pagination_class = MotifPagination

    @extend_schema(
        operation_id="motifs_list",
        summary="List or search motifs",
        tags=["motifs"],
        parameters=[
            OpenApiParameter(
                "q",
                description=(
                    "Any name in any spelling, or words from claims; at most "
                    f"{LONGEST_QUERY} characters count. Best match first."
                ),
            ),
            OpenApiParameter("family", enum=Motif.Family.values),
            OpenApiParameter("status", enum=Motif.Status.values),
            LANG,
        ],
        responses=MotifSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = MotifQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        filters: Filters = {
            "q": clean(request.query_params.get("q", "")),
            "family": asked.validated_data["family"],
            "status": asked.validated_data["status"],
        }
        ids, found = find(filters)
        # Ids are pages as well as rows are; only the page's motifs are fetched.
        page: Any = self.paginate_queryset(ids)  # type: ignore[arg-type]
        motifs = labelled(page or [], found, reader_language())
        return self.get_paginated_response(self.get_serializer(motifs, many=True).data)


class MotifDetailView(MotifView):
    """One published motif."""

    serializer_class = MotifDetailSerializer

    @extend_schema(
        operation_id="motifs_retrieve",
        summary="A motif's full record",
        tags=["motifs"],
        parameters=[LANG],
        responses={
            200: MotifDetailSerializer,
            301: OpenApiResponse(description="Merged into the motif at Location."),
        },
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        language = reader_language()
        motif = (
            Motif.objects.published().with_labels(language).filter(slug=slug).first()
        )
        if motif is None:
            into = merged.became(slug, Motif.objects.published())
            if into is None:
                raise Http404
            page = reverse("api-motif-detail", args=[into.slug], request=request)
            return merged.moved(request, page, request.GET.urlencode())
        record = presentation.record_of(motif, language)
        context = {**self.get_serializer_context(), "record": record}
        return Response(MotifDetailSerializer(motif, context=context).data)
