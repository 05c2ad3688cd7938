"""Identify over HTTP: photos in, an answer or a problem out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from classifier import files, network, problems
from classifier.actions import identify_photos, queue_photos
from classifier.models import IdentifyJob
from classifier.photos import photos_in
from classifier.serializers import (
    AnswerSerializer,
    JobSerializer,
    NetworkSerializer,
    PhotosSerializer,
    ProblemSerializer,
)
from classifier.throttles import throttle
from classifier.views import shown

LANGUAGE = OpenApiParameter(
    "Accept-Language",
    str,
    OpenApiParameter.HEADER,
    enum=["id", "en"],
    description="The language of sentences in the answer; Indonesian by default.",
)
EXAMPLE = OpenApiExample(
    "One of these",
    value={
        "answer": {
            "kind": "either",
            "motifs": ["gigi-haruan", "hiris-pudak", "kulat-karikit"],
            "reason": "seed_model",
        },
        "message": "It may be one of these: Gigi Haruan, Hiris Pudak or …",
        "suggestions": [
            {
                "slug": "gigi-haruan",
                "name": "Gigi Haruan",
                "score": 0.4312,
                "provisional_photos": None,
            },
            {
                "slug": "hiris-pudak",
                "name": "Hiris Pudak",
                "score": 0.2871,
                "provisional_photos": None,
            },
            {
                "slug": "kulat-karikit",
                "name": "Kulat Karikit",
                "score": 0.1207,
                "provisional_photos": 4,
            },
        ],
        "unknown_score": 0.0308,
        "track_record": {
            "motif": "gigi-haruan",
            "score_from": 0.0,
            "score_to": 0.5,
            "agreed": 17,
            "cases": 20,
            "low": 0.6396,
            "high": 0.9476,
            "sentence": "Experts agreed 17 of 20 times when it said Gigi Haruan …",
        },
        "quality": {"usable": True, "reasons": []},
        "region": {"x": 0.05, "y": 0.1, "width": 0.9, "height": 0.85, "share": 0.71},
        "heat": {
            "x": 0.1,
            "y": 0.0,
            "width": 0.75,
            "height": 1.0,
            "values": [[0.1, 0.6], [0.4, 1.0]],
        },
        "colours": [{"name": "purple", "hex": "#5a2a6e", "share": 0.64}],
        "model": {"version": "1", "sha256": "9f86d081…"},
        "elapsed_ms": 24.6,
    },
    response_only=True,
    status_codes=["200"],
)
PROBLEM_EXAMPLE = OpenApiExample(
    "Not an image",
    value={
        "type": "about:blank",
        "status": 415,
        "code": "not_an_image",
        "title": "This file is not a photo that can be opened here.",
        "detail": "Use a JPEG, PNG, WebP, TIFF or HEIC file.",
        "photo": 1,
    },
    response_only=True,
    status_codes=["415"],
)
# What each status means; the codes within it are those of classifier.problems.
PROBLEMS = {
    400: "no_image, too_many_images or malformed",
    413: "too_large: over 20 MB together",
    415: "not_an_image, or unsupported_media_type when it is no multipart form",
    422: "unreadable, too_small (a side under 64 pixels) or too_many_pixels",
    429: "throttled; Retry-After says for how long",
    503: "no_model, or busy with Retry-After",
}


def _problem(meaning: str) -> OpenApiResponse:
    return OpenApiResponse(ProblemSerializer, description=meaning)


class AnswerRenderer(BaseRenderer):
    """An answer, or a refusal, as a piece of HTML for the identify page's script."""

    media_type = "text/html"
    format = "html"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> str:
        context = renderer_context or {}
        name = "error" if context["response"].exception else "answer"
        request = context["request"]._request
        return render_to_string("classifier/_answer.html", {name: data}, request)


class IdentifyView(APIView):
    """Ask which motif photos of one cloth show."""

    authentication_classes = ()
    renderer_classes = (JSONRenderer, AnswerRenderer)
    # The form is read by classifier.photos, which keeps its limits while reading.
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="identify",
        tags=["identify"],
        summary="Identify the motif of a cloth",
        description=(
            "Give one to five photos of one cloth; several photos make the answer "
            "surer. “Unknown” is a normal answer with its reason. Nothing of the "
            "photos is kept once they are answered."
        ),
        parameters=[
            LANGUAGE,
            OpenApiParameter(
                "async",
                bool,
                description=(
                    "With 1 the photos go through the queue: the answer is 202, and "
                    "Location names the address to ask for it."
                ),
            ),
        ],
        request={"multipart/form-data": PhotosSerializer},
        responses={
            (200, "application/json"): AnswerSerializer,
            202: OpenApiResponse(JobSerializer, description="Queued; ask Location."),
            **{
                (status, problems.CONTENT_TYPE): _problem(meaning)
                for status, meaning in PROBLEMS.items()
            },
        },
        examples=[EXAMPLE, PROBLEM_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        throttle(request)
        photos = photos_in(request._request)
        is_page = isinstance(request.accepted_renderer, AnswerRenderer)
        is_async = request.query_params.get("async", "").lower() in ("1", "true")
        if is_async and not is_page:
            job = queue_photos(photos)
            address = reverse("api-identify-job", args=[job.pk])
            response = Response(JobSerializer(job).data, status=202)
            response["Location"] = address
        else:
            answer, said = identify_photos(photos)
            response = Response(
                shown(answer, said, request._request.user) if is_page else said
            )
        response["Cache-Control"] = "no-store"
        return response


class ModelView(APIView):
    """Say what the recogniser is, so that programs can run it themselves."""

    authentication_classes = ()

    @extend_schema(
        operation_id="model",
        tags=["identify"],
        summary="The model that answers",
        description=(
            "Where its LiteRT file is, and how its scores become an answer. A model "
            "that also measures how far a photo is from every motif names a file for "
            "that, `memory`; `local` says whether both can be had."
        ),
        responses={
            200: NetworkSerializer,
            (503, problems.CONTENT_TYPE): _problem("no_model"),
        },
    )
    def get(self, request: Request) -> Response:
        model = network.current()
        if model is None:
            raise problems.no_model()
        response = Response(files.describe(model))
        response["Cache-Control"] = "no-cache"
        return response


class IdentifyJobView(APIView):
    """Ask for the answer to photos that went through the queue."""

    authentication_classes = ()

    @extend_schema(
        operation_id="identify_job",
        tags=["identify"],
        summary="Ask for a queued answer",
        description=(
            "The state is queued, done (with the answer) or failed (with the problem "
            "that would have been the response). Answers are kept for a day."
        ),
        responses={
            200: JobSerializer,
            (404, problems.CONTENT_TYPE): _problem("not_found"),
        },
    )
    def get(self, request: Request, job_id: uuid.UUID) -> Response:
        job = IdentifyJob.objects.filter(pk=job_id).first()
        if job is None:
            raise problems.unknown_job()
        response = Response(JobSerializer(job).data)
        response["Cache-Control"] = "no-store"
        if job.state == IdentifyJob.State.QUEUED:
            response["Retry-After"] = "1"
        return response
