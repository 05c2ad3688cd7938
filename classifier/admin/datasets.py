"""Dataset versions: what the next would hold, and what each one holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classifier import datasets, sides
from classifier.labels import UNKNOWN_LABELS, names
from classifier.models import DatasetPhoto, DatasetVersion
from motifs.admin.seen_only import SeenOnly

LISTED = 200
"""Photos that a page lists of each kind of change; it says how many there are."""


class BuildForm(forms.Form):
    note = forms.CharField(
        label=_("Note"),
        max_length=500,
        required=False,
        help_text=_("What this version is for; you can leave it empty."),
    )


@admin.register(DatasetVersion)
class DatasetVersionAdmin(SeenOnly, admin.ModelAdmin[DatasetVersion]):
    """Built by one button, read ever after; nothing in it is edited."""

    list_display = ("name", "built_at", "who", "photos", "to_test_with", "note")
    list_display_links = ("name",)
    ordering = ("-number",)
    change_list_template = "admin/classifier/datasetversion/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[DatasetVersion]:
        test = Q(photos__split=DatasetPhoto.Split.TEST)
        return (
            super()
            .get_queryset(request)
            .select_related("built_by")
            .annotate(held=Count("photos"), testing=Count("photos", filter=test))
        )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        name = "classifier_datasetversion_next"
        return [path("next/", wrap(self.next_view), name=name), *super().get_urls()]

    @admin.display(description=_("version"), ordering="number")
    def name(self, version: DatasetVersion) -> str:
        return str(version)

    @admin.display(description=_("built by"))
    def who(self, version: DatasetVersion) -> str:
        return str(version.built_by or gettext("the site"))

    @admin.display(description=_("photos"))
    def photos(self, version: DatasetVersion) -> int:
        return int(getattr(version, "held", 0))

    @admin.display(description=_("to test with"))
    def to_test_with(self, version: DatasetVersion) -> int:
        return int(getattr(version, "testing", 0))

    def next_view(self, request: HttpRequest) -> HttpResponse:
        """Say what a version would hold if it were built now, and build it."""
        may_build = request.user.has_perm("classifier.add_datasetversion")
        if not may_build:
            raise PermissionDenied
        form = BuildForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            by: Any = request.user
            try:
                version = datasets.build(by, form.cleaned_data["note"])
            except datasets.NothingToBuild:
                form.add_error(None, gettext("No motif has enough photos yet."))
            else:
                sentence = gettext("%(version)s is built and will not change.")
                messages.success(request, sentence % {"version": version})
                return redirect("admin:classifier_datasetversion_change", version.pk)
        found = datasets.plan()
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("The next dataset"),
            "opts": self.opts,
            "form": form,
            "plan": found,
            "rows": _by_motif(datasets.counts(found.rows)),
            "has_unknown": any(row.label in UNKNOWN_LABELS for row in found.rows),
            "entered": len(found.entered),
            "short": _named_short(found.short),
            "left": found.left[:LISTED],
            "left_count": len(found.left),
            "left_the_test": found.left_test,
            "is_same": found.latest is not None and found.digest == found.latest.digest,
            "least_photos": datasets.LEAST_PHOTOS,
            "least_groups": sides.LEAST_GROUPS,
        }
        return TemplateResponse(
            request,
            "admin/classifier/datasetversion/next.html",
            context,
            status=422 if form.is_bound else 200,
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what a version holds, and how it differs from an earlier one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        version = self.get_object(request, object_id)
        if version is None:
            raise Http404
        others = DatasetVersion.objects.exclude(pk=version.pk).order_by("-number")
        asked = request.GET.get("from", "")
        old = (
            others.filter(number=int(asked)).first()
            if asked.isdecimal() and len(asked) < 10
            else others.filter(number__lt=version.number).first()
        )
        found = datasets.difference(old, version) if old else None
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Dataset %(version)s") % {"version": version},
            "opts": self.opts,
            "version": version,
            "rows": _by_motif(datasets.counts(version.photos.all())),
            "others": others,
            "old": old,
            "difference": found,
            "entered": found.entered[:LISTED] if found else (),
            "left": found.left[:LISTED] if found else (),
        }
        return TemplateResponse(
            request, "admin/classifier/datasetversion/version.html", context
        )


def _by_motif(counts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each label: its name and how many photos are on each side.

    What is no motif comes last.
    """
    called = names(counts)
    return [
        {
            "label": label,
            "name": called[label],
            "is_motif": label not in UNKNOWN_LABELS,
            **{side: count[side] for side in DatasetPhoto.Split.values},
            "total": count.total(),
        }
        for label, count in sorted(
            counts.items(), key=lambda one: one[0] in UNKNOWN_LABELS
        )
    ]


def _named_short(short: Sequence[datasets.Short]) -> list[tuple[str, bool, Any]]:
    """Return of each its name, and whether that is a motif's."""
    called = names(one.label for one in short)
    return [(called[s.label], s.label not in UNKNOWN_LABELS, s) for s in short]
