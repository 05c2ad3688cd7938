"""What was said of photos, to look through. Nothing of it is changed here."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from motifs.admin.noting import NotesWhoSees
from motifs.admin.seen_only import SeenOnly
from motifs.languages import reader_language
from motifs.models import Identification, Motif


@admin.register(Identification)
class IdentificationAdmin(NotesWhoSees, SeenOnly, admin.ModelAdmin[Identification]):
    """Statements are made in front of the photo, and withdrawn, never deleted."""

    list_display = (
        "photo_number",
        "outcome",
        "motif_name",
        "certainty",
        "role",
        "identified_by",
        "is_blind",
        "identified_at",
        "withdrawn_at",
    )
    list_filter = (
        "outcome",
        "role",
        "is_blind",
        ("withdrawn_at", admin.EmptyFieldListFilter),
    )
    search_fields = ("=photo__pk", "identified_by__username", "motif__names__name")
    date_hierarchy = "identified_at"
    list_per_page = 50
    ordering = ("-identified_at", "-pk")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Identification]:
        motifs = Motif.objects.with_labels(reader_language())
        return (
            super()
            .get_queryset(request)
            .select_related("identified_by", "photo")
            .prefetch_related(
                Prefetch("motif", motifs), Prefetch("second_motif", motifs)
            )
        )

    def cloth_of(self, row: Identification) -> int:
        return row.photo.contribution_id

    @admin.display(description="#", ordering="photo")
    def photo_number(self, identification: Identification) -> str:
        return str(identification.photo_id)

    @admin.display(description=Identification._meta.get_field("motif").verbose_name)
    def motif_name(self, identification: Identification) -> str:
        motifs = (identification.motif, identification.second_motif)
        return " + ".join(str(motif) for motif in motifs if motif)
