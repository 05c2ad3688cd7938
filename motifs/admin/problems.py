"""Problems that readers reported, and what was done about each."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from motifs.actions import resolve_problem
from motifs.admin import showing
from motifs.admin.seen_only import SeenOnly
from motifs.forms import ResolutionForm
from motifs.languages import reader_language
from motifs.models import Motif, ProblemReport
from motifs.permissions import is_curator
from motifs.refusals import Refusal


class OpenFilter(admin.SimpleListFilter):
    """Without a choice, what nobody has dealt with yet."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("open")), ("resolved", _("resolved")), ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        for code, label in self.lookup_choices:
            yield {
                "selected": (self.value() or "open") == code,
                "query_string": changelist.get_query_string({"state": code}),
                "display": label,
            }

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ProblemReport]
    ) -> QuerySet[ProblemReport]:
        match self.value():
            case "all":
                return queryset
            case "resolved":
                return queryset.exclude(resolved_at=None)
            case _:
                return queryset.filter(resolved_at=None)


@admin.register(ProblemReport)
class ProblemReportAdmin(SeenOnly, admin.ModelAdmin[ProblemReport]):
    """What was reported stays as it was said; resolving has a page of its own."""

    list_display = ("number", "kind", "subject", "text", "reported_at", "resolved_by")
    list_display_links = ("number",)
    list_filter = (OpenFilter, "kind")
    search_fields = ("text", "contact", "reported_by__username")
    list_per_page = 50
    show_full_result_count = False
    fields = readonly_fields = (
        "kind",
        "subject",
        "text",
        "contact",
        "reported_by",
        "reported_at",
        "resolution",
        "answer",
        "resolved_at",
        "resolved_by",
    )
    change_form_template = "admin/motifs/problemreport/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProblemReport]:
        motifs = Motif.objects.with_labels(reader_language())
        return (
            ProblemReport.objects.most_urgent_first()
            .select_related("photo__contribution", "reported_by", "resolved_by")
            .prefetch_related(Prefetch("motif", motifs))
        )

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """As ``most_urgent_first``: the list would put its own order over it."""
        return ["urgency", "reported_at", "pk"]

    def get_urls(self) -> list[URLPattern]:
        resolve = path(
            "<int:problem_id>/resolve/",
            self.admin_site.admin_view(self.resolve_view),
            name="motifs_problemreport_resolve",
        )
        return [resolve, *super().get_urls()]

    def resolve_view(self, request: HttpRequest, problem_id: int) -> HttpResponse:
        """Close a report with what was done, and what is answered."""
        if not is_curator(request.user):
            raise PermissionDenied
        problem = self.get_queryset(request).filter(pk=problem_id).first()
        if problem is None:
            raise Http404
        sent = request.POST if request.method == "POST" else None
        form = ResolutionForm(sent, problem=problem)
        if form.is_valid():
            by: Any = request.user
            try:
                resolve_problem(problem=problem, by=by, **form.cleaned_data)
            except Refusal as refusal:
                messages.warning(request, str(refusal))
            else:
                messages.success(request, gettext("The problem is resolved."))
            return redirect("admin:motifs_problemreport_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Resolve problem %(number)s") % {"number": problem},
            "opts": self.opts,
            "object": problem,
            "form": form,
        }
        return TemplateResponse(
            request,
            "admin/motifs/problemreport/resolve.html",
            context,
            status=422 if form.is_bound else 200,
        )

    @admin.display(description="#")
    def number(self, problem: ProblemReport) -> str:
        return str(problem)

    @admin.display(description=_("about"))
    def subject(self, problem: ProblemReport) -> str:
        if problem.photo is not None:
            address = reverse("admin:motifs_photo_change", args=[problem.photo.pk])
            return format_html(
                '{} <a href="{}">{}</a>',
                showing.picture(problem.photo, showing.IN_LIST),
                address,
                problem.photo,
            )
        motif = cast(Motif, problem.motif)
        address = reverse("admin:motifs_motif_change", args=[motif.pk])
        return format_html('<a href="{}">{}</a>', address, motif.preferred_name)
