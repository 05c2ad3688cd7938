"""Import and export as CSV and XLSX, for curators; every import has a dry run first."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from import_export.admin import ExportMixin, ImportExportMixin
from import_export.formats.base_formats import CSV, XLSX
from import_export.forms import ExportForm

from motifs.admin.seen_only import SeenOnly
from motifs.models import Motif, MotifName
from motifs.permissions import is_curator
from motifs.resources import MotifNameResource

FORMATS = [CSV, XLSX]


class Exported(ExportMixin):  # type: ignore[misc]
    """A list that curators take along, as they have narrowed it."""

    formats = FORMATS
    export_form_class = ExportForm

    def has_export_permission(self, request: HttpRequest) -> bool:
        return is_curator(request.user)


class Exchanged(ImportExportMixin):  # type: ignore[misc]
    """A table that curators take along and bring back."""

    formats = FORMATS
    export_form_class = ExportForm
    # The history has it, motif by motif.
    skip_admin_log = True

    def has_export_permission(self, request: HttpRequest) -> bool:
        return is_curator(request.user)

    def has_import_permission(self, request: HttpRequest) -> bool:
        return is_curator(request.user)


@admin.register(MotifName)
class MotifNameAdmin(SeenOnly, Exchanged, admin.ModelAdmin[MotifName]):
    """Names of all motifs, to be searched and exchanged; edited with their motif."""

    resource_classes = [MotifNameResource]
    list_display = ("name", "language", "kind", "of")
    list_filter = ("language", "kind")
    list_select_related = ("motif",)
    search_fields = ("name", "motif__slug")
    list_per_page = 50
    list_display_links = None

    def get_queryset(self, request: HttpRequest) -> Any:
        names = super().get_queryset(request)
        return names.exclude(motif__state=Motif.State.MERGED)

    @admin.display(description=_("motif"), ordering="motif__slug")
    def of(self, name: MotifName) -> str:
        address = reverse("admin:motifs_motif_change", args=[name.motif_id])
        return format_html('<a href="{}">{}</a>', address, name.motif.slug)
