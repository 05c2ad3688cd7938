"""The meter: what there is of each motif, and what would help most to add next."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext

from motifs.completeness import ENOUGH_PHOTOS, completeness
from motifs.models import Motif
from motifs.permissions import is_curator


def completeness_url(model_admin: admin.ModelAdmin[Motif]) -> URLPattern:
    """Where all motifs stand beside each other."""

    def view(request: HttpRequest) -> HttpResponse:
        if not is_curator(request.user):
            raise PermissionDenied
        context: dict[str, Any] = {
            **model_admin.admin_site.each_context(request),
            "title": gettext("What to add next"),
            "opts": model_admin.opts,
            "rows": completeness(),
            "enough": ENOUGH_PHOTOS,
        }
        return TemplateResponse(
            request, "admin/motifs/motif/completeness.html", context
        )

    wrapped = model_admin.admin_site.admin_view(view)
    return path("completeness/", wrapped, name="motifs_motif_completeness")


def next_steps(motif: Motif) -> str:
    """One line for a motif's own page: how complete it is, and what comes next."""
    if motif.pk is None or motif.state != Motif.State.PUBLISHED:
        return ""
    found = completeness([motif])[0]
    sentences = "; ".join(str(step.sentence) for step in found.steps[:2])
    return format_html(
        '<meter min="0" max="100" value="{0}">{0} %</meter> {0} %{1}{2}',
        found.percent,
        ": " if sentences else "",
        sentences,
    )
