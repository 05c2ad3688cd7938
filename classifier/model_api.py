"""Which model answered when, for programs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from classifier.model_views import LINES, on_day, parse_day
from classifier.models import Promotion
from classifier.problems import CONTENT_TYPE, bad_day
from classifier.serializers import ProblemSerializer


class LineSerializer(serializers.Serializer[Any]):
    """A model, and since when it answered."""

    version = serializers.CharField(
        allow_null=True, help_text="Null for the first model, if nobody noted it."
    )
    sha256 = serializers.CharField(
        allow_null=True, help_text="Of its LiteRT file, in hex."
    )
    since = serializers.DateTimeField(
        allow_null=True, help_text="Null for the model that the site came with."
    )


class LedgerSerializer(serializers.Serializer[Any]):
    models = LineSerializer(many=True)


class LedgerView(APIView):
    """Say which models have answered, or which did on a day."""

    authentication_classes = ()

    @extend_schema(
        operation_id="model_ledger",
        tags=["identify"],
        summary="Which model answered when",
        description=(
            f"The last {LINES} changes of the model that answers, the newest first; "
            "with `on` those that answered on that day, in order."
        ),
        parameters=[
            OpenApiParameter("on", str, description="A day, YYYY-MM-DD, in WITA.")
        ],
        responses={
            200: LedgerSerializer,
            (400, CONTENT_TYPE): ProblemSerializer,
        },
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params.get("on", "")
        day = parse_day(asked)
        if asked and day is None:
            raise bad_day()
        if day is not None:
            found = on_day(day)
        else:
            lines = Promotion.objects.select_related("to_version")[:LINES]
            found = [{"version": x.to_version, "since": x.promoted_at} for x in lines]
        rows = [
            {
                "version": one["version"].version if one["version"] else None,
                "sha256": one["version"].sha256 if one["version"] else None,
                "since": one["since"],
            }
            for one in found
        ]
        response = Response(LedgerSerializer({"models": rows}).data)
        response["Cache-Control"] = "no-cache"
        return response
