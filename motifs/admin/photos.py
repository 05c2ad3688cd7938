"""One photo's record: what stands of it, what was said, who may see it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from motifs.admin import showing
from motifs.admin.access import access_url
from motifs.admin.history import said, told
from motifs.admin.queue import CappedPaginator
from motifs.admin.recorded import Told
from motifs.admin.seen_only import SeenOnly
from motifs.admin.spreadsheets import Exported
from motifs.languages import reader_language
from motifs.models import Contribution, Flag, HistoryEntry, Motif, Photo
from motifs.resources import PhotoResource


@admin.register(Photo)
class PhotoAdmin(Told, SeenOnly, Exported, admin.ModelAdmin[Photo]):
    """Looked at here; judged at the desk."""

    resource_classes = [PhotoResource]

    list_display = (
        "name",
        "preview",
        "stands",
        "is_disputed",
        "is_good",
        "access",
        "noted",
    )
    list_display_links = ("name",)
    list_filter = (
        "determined_outcome",
        "is_disputed",
        "is_good",
        "access",
        "contribution__state",
    )
    search_fields = ("=contribution__id", "determined_motif__names__name", "=sha256")
    ordering = ("-pk",)
    list_per_page = 40
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    fields = readonly_fields = (
        "large",
        "of",
        "stands",
        "determined_rule",
        "determined_at",
        "is_disputed",
        "is_good",
        "noted",
        "access",
        "protocol_note",
        "size",
        "media_type",
        "sha256",
        "added_at",
    )
    change_form_template = "admin/motifs/photo/change_form.html"
    change_list_template = "admin/motifs/photo/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Photo]:
        motifs = Motif.objects.with_labels(reader_language())
        return (
            Photo.objects.visible_to(request.user)
            .select_related("contribution")
            .prefetch_related(
                Prefetch("determined_motif", motifs),
                Prefetch("determined_second_motif", motifs),
                Prefetch("flags", Flag.objects.order_by("kind", "pk")),
            )
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Photo], search_term: str
    ) -> tuple[QuerySet[Photo], bool]:
        number = search_term.strip().removeprefix("#")
        if number.isascii() and number.isdigit():
            return queryset.filter(contribution=int(number[:18])), False
        return super().get_search_results(request, queryset, search_term)

    def get_urls(self) -> list[URLPattern]:
        return [access_url(self), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        entries = HistoryEntry.objects.of_photo(found) if found else None
        extra = {"told": told(entries) if entries is not None else []}
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **extra}
        )

    @admin.display(description=_("photo"), ordering="pk")
    def name(self, photo: Photo) -> str:
        return str(photo)

    @admin.display(description=_("picture"))
    def preview(self, photo: Photo) -> str:
        return showing.picture(photo, showing.IN_LIST)

    @admin.display(description=_("picture"))
    def large(self, photo: Photo) -> str:
        return showing.picture(photo, showing.ON_PAGE)

    @admin.display(description=_("contribution"))
    def of(self, photo: Photo) -> str:
        address = reverse(
            "admin:motifs_contribution_desk", args=[photo.contribution_id]
        )
        state = Contribution.State(photo.contribution.state).label
        return format_html(
            '<a href="{}?photo={}">#{}</a> ({})',
            address,
            photo.pk,
            photo.contribution_id,
            state,
        )

    @admin.display(description=_("determination"))
    def stands(self, photo: Photo) -> str:
        motif, second = photo.determined_motif, photo.determined_second_motif
        return said(
            photo.determined_outcome,
            motif.preferred_name if motif else "",
            second.preferred_name if second else "",
        )

    @admin.display(description=_("noted by the checks"))
    def noted(self, photo: Photo) -> str:
        return showing.marks(photo.flags.all())

    @admin.display(description=_("pixels"))
    def size(self, photo: Photo) -> str:
        return f"{photo.width} x {photo.height}"
