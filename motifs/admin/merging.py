"""The page on which a curator merges a motif into another."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext

from motifs.actions import merge_motifs
from motifs.actions.merging import check_merge, merge_effect
from motifs.admin import deeds
from motifs.forms import MergeForm
from motifs.languages import reader_language
from motifs.models import Motif
from motifs.permissions import is_curator
from motifs.refusals import Refusal


def merge_url(model_admin: admin.ModelAdmin[Motif]) -> URLPattern:
    """Where a motif is merged into another."""

    def view(request: HttpRequest, motif_id: int) -> HttpResponse:
        return _page(model_admin, request, motif_id)

    wrapped = model_admin.admin_site.admin_view(view)
    return path("<int:motif_id>/merge/", wrapped, name="motifs_motif_merge")


def _page(
    model_admin: admin.ModelAdmin[Motif], request: HttpRequest, motif_id: int
) -> HttpResponse:
    """Search for the other motif, preview what would move, then ask for the reason."""
    if not is_curator(request.user):
        raise PermissionDenied
    labelled = Motif.objects.with_labels(reader_language())
    motif = labelled.filter(pk=motif_id).first()
    if motif is None:
        raise Http404
    by: Any = request.user
    sent = request.POST if request.method == "POST" else request.GET
    into = labelled.filter(slug=sent.get("into", "")).first()
    form = MergeForm(request.POST if request.method == "POST" else None)
    trouble = ""
    if into is not None:
        form.initial["into"] = into.slug
        try:
            check_merge(motif=motif, into=into, by=by)
            if form.is_valid():
                rationale = form.cleaned_data["rationale"]
                merge_motifs(motif=motif, into=into, by=by, rationale=rationale)
                sentence = gettext("%(motif)s is merged into %(into)s.")
                names = {"motif": motif.preferred_name, "into": into.preferred_name}
                messages.success(request, sentence % names)
                return redirect("admin:motifs_motif_change", into.pk)
        except Refusal as refusal:
            trouble = str(refusal)
    typed = request.GET.get("q", "")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": gettext("Merge %(motif)s") % {"motif": motif.preferred_name},
        "opts": model_admin.opts,
        "object": motif,
        "motif": motif,
        "into": into,
        "effect": merge_effect(motif) if into else None,
        "form": form,
        "trouble": trouble,
        "typed": typed,
        "found": [m for m in deeds.candidates(by, typed) if m.pk != motif.pk],
    }
    failed = request.method == "POST" or trouble
    return TemplateResponse(
        request, "admin/motifs/motif/merge.html", context, status=422 if failed else 200
    )
