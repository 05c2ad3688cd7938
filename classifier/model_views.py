"""For everybody: which model answers, what it earned, and which one did when."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from classifier import ledger, model_folders, network, predictor, track_record
from classifier.card import as_html
from classifier.checking import champion_version
from classifier.models import Promotion

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest, HttpResponse

LINES = 100
"""Lines of the ledger shown, the newest first."""


@require_safe
def model(request: HttpRequest) -> HttpResponse:
    """Show the model that answers, its card, and the ledger, of a day by ``?on=``."""
    asked = request.GET.get("on", "")
    day = parse_day(asked)
    live = predictor.describe()
    runs = network.current()
    last = ledger.last_promotion()
    if last and not (live and last.to_version.sha256 == live.sha256):
        last = None  # the new one is not loaded here yet, or cannot be
    row = champion_version()
    context: dict[str, Any] = {
        "live": live,
        "since": last.promoted_at if last else None,
        "card": as_html(model_folders.card(runs.file.parent)) if runs else "",
        "evaluation": last.to_version.evaluations.select_related("dataset").first()
        if last
        else None,
        "record": track_record.table(row) if row else [],
        "bands": track_record.BANDS,
        "lines": Promotion.objects.select_related("to_version", "from_version")[:LINES],
        "asked": asked,
        "day": day,
        "on_day": on_day(day) if day else [],
    }
    return render(
        request,
        "classifier/model.html",
        context,
        status=200 if day or not asked else 422,
    )


def on_day(day: date) -> list[dict[str, Any]]:
    """Return the versions that answered on a day of the site's zone, in order.

    Each with ``version`` and ``since``; the version is None before the first line,
    where the site's own model answered and was not written down.
    """
    start = timezone.make_aware(datetime.combine(day, time.min))
    end = start + timedelta(days=1)
    lines = list(
        Promotion.objects.filter(promoted_at__gte=start, promoted_at__lt=end)
        .select_related("to_version", "from_version")
        .order_by("pk")
    )
    found = []
    before = ledger.last_promotion(before=start)
    if before is not None:
        found.append({"version": before.to_version, "since": before.promoted_at})
    else:
        first = Promotion.objects.order_by("pk").select_related("from_version").first()
        found.append({"version": first.from_version if first else None, "since": None})
    return found + [
        {"version": line.to_version, "since": line.promoted_at} for line in lines
    ]


def parse_day(text: str) -> date | None:
    """Return the day written as YYYY-MM-DD, or None."""
    try:
        return parse_date(text)
    except ValueError:
        return None
