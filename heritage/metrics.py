"""What monitoring reads: requests and errors by view, and what waits for people.

The address exists only where METRICS_TOKEN is set, for whoever sends it as a bearer.
"""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import (  # type: ignore[import-untyped]
    ExportToDjangoView,
)
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from classifier.models import IdentifyJob
from motifs.models import Contribution, ProblemReport


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Every worker's counters together, in Prometheus' text format."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    if not token or not constant_time_compare(given, f"Bearer {token}"):
        raise Http404
    response: HttpResponse = ExportToDjangoView(request)
    response.content += generate_latest(_waiting())
    return response


def _waiting() -> CollectorRegistry:
    """Count what waits, afresh: the database knows it for all processes at once."""
    registry = CollectorRegistry()
    counts = {
        "contributions": Contribution.objects.waiting().count(),
        "identify_jobs": IdentifyJob.objects.filter(
            state=IdentifyJob.State.QUEUED
        ).count(),
        "problem_reports": ProblemReport.objects.filter(resolved_at=None).count(),
    }
    gauge = Gauge(
        "langgundi_waiting", "What waits, by kind.", ["kind"], registry=registry
    )
    for kind, count in counts.items():
        gauge.labels(kind).set(count)
    return registry
