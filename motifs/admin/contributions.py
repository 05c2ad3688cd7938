"""The queue of contributions: pictures, accept, decline with a reason."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.html import format_html, format_html_join
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from motifs import edits, seeing
from motifs.admin import queue, showing
from motifs.admin.decisions import DecidingAdmin
from motifs.admin.desk import Desk
from motifs.admin.noting import NotesWhoSees
from motifs.admin.recorded import Recorded
from motifs.admin.spreadsheets import Exported
from motifs.languages import Language, reader_language
from motifs.models import Contribution, Flag, Motif, MotifName, Photo
from motifs.resources import ContributionResource


class PhotoInline(admin.TabularInline[Photo, Contribution]):
    model = Photo
    extra = 0
    can_delete = False
    show_change_link = True
    fields = readonly_fields = ("preview", "size", "access", "is_good", "sha256")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("photo"))
    def preview(self, photo: Photo) -> str:
        if photo.is_withdrawn:
            return str(Contribution.State.WITHDRAWN.label)
        return showing.picture(photo, showing.IN_LIST)

    @admin.display(description=_("pixels"))
    def size(self, photo: Photo) -> str:
        return f"{photo.width} x {photo.height}"


class QueueList(ChangeList):
    """A page of the queue, with what is shown beside each contribution."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = self.result_list = list(self.result_list)
        photos = [p for row in rows for p in row.photos.all() if not p.is_withdrawn]
        said = showing.suggestions(photos)
        suggested = edits.edits(rows)
        asked = {"queue": self.get_query_string().removeprefix("?")}
        for row in rows:
            row.suggestions = [w for p in row.photos.all() for w in said.get(p.pk, ())]
            row.edit = suggested.get(row.pk)
            address = reverse("admin:motifs_contribution_desk", args=[row.pk])
            row.desk_url = f"{address}?{urlencode(asked)}"


@admin.register(Contribution)
class ContributionAdmin(NotesWhoSees, Recorded, Exported, DecidingAdmin):
    resource_classes = [ContributionResource]
    list_display = (
        "number",
        "pictures",
        "noted",
        "what",
        "suggested",
        "giver",
        "waiting",
    )
    list_display_links = None
    list_filter = queue.FILTERS
    search_fields = (
        "given_by__username",
        "motif__names__name",
        "place",
        "maker",
        "story",
    )
    list_per_page = 40
    empty_value_display = ""
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = queue.CappedPaginator
    # What people gave is theirs: only the motif of photos may be corrected.
    fields = (
        "large_pictures",
        "label",
        "motif",
        ("given_by", "given_at"),
        ("kind", "language"),
        ("place", "maker", "made"),
        ("technique", "people"),
        "story",
        ("suggested_text", "suggested_source"),
        ("licence", "credit_line"),
        ("consent_to_show", "consent_to_train"),
        "submitted_at",
        ("accepted_at", "accepted_by"),
        ("declined_at", "declined_by"),
        "decline_reason",
        ("withdrawn_at", "withdrawn_by"),
    )
    inlines = (PhotoInline,)
    save_on_top = True
    change_form_template = "admin/motifs/contribution/change_form.html"
    change_list_template = "admin/motifs/contribution/change_list.html"

    def cloth_of(self, row: Contribution) -> int | None:
        """Return it unless it is noted already: the queue is opened again and again."""
        return None if getattr(row, "is_seen", False) else row.pk

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return QueueList

    def get_readonly_fields(
        self, request: HttpRequest, obj: Contribution | None = None
    ) -> list[str]:
        shown: list[str] = []
        for row in self.fields:
            shown += [row] if isinstance(row, str) else row
        # An edit's words are about the motif on whose page they were written.
        is_edit = obj is not None and obj.kind == Contribution.Kind.EDIT
        return shown if is_edit else [name for name in shown if name != "motif"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contribution]:
        names = MotifName.objects.preferred().filter(
            motif=OuterRef("motif"), language=Language.BANJAR
        )
        return (
            Contribution.objects.exclude(state=Contribution.State.DRAFT)
            .select_related("given_by", "motif")
            .annotate(
                motif_name=Subquery(names.values("name")[:1]),
                is_seen=seeing.by(request.user),
            )
            .prefetch_related(
                Prefetch("photos", Photo.objects.order_by("position")),
                Prefetch("photos__flags", Flag.objects.order_by("kind", "pk")),
            )
        )

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """A plain list of motifs: there are few, and readers of screens can use it."""
        if db_field.name == "motif":
            motifs = Motif.objects.exclude(state=Motif.State.MERGED)
            named = motifs.with_labels(reader_language()).order_by("preferred_name")
            kwargs["queryset"] = named
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_ordering(self, request: HttpRequest) -> list[str]:
        return queue.order(request.GET)

    def get_search_results(
        self,
        request: HttpRequest,
        queryset: QuerySet[Contribution],
        search_term: str,
    ) -> tuple[QuerySet[Contribution], bool]:
        term = search_term.strip()
        number = term.removeprefix("#")
        if term.startswith("#") and number.isascii() and number.isdigit():
            return queryset.filter(pk=int(number[:18])), False
        return super().get_search_results(request, queryset, search_term)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Contributions come from the people who give them."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Contribution | None = None
    ) -> bool:
        """A contribution is withdrawn, never deleted."""
        return False

    @admin.display(description="#")
    def number(self, contribution: Contribution) -> str:
        return format_html(
            '<a class="to-desk" href="{}">{}</a>',
            getattr(contribution, "desk_url", ""),
            contribution,
        )

    @admin.display(description=_("photos"))
    def pictures(self, contribution: Contribution) -> str:
        return showing.pictures(contribution, showing.IN_LIST)

    @admin.display(description=_("photos"))
    def large_pictures(self, contribution: Contribution) -> str:
        return showing.pictures(contribution, showing.ON_PAGE)

    @admin.display(description=_("noted by the checks"))
    def noted(self, contribution: Contribution) -> str:
        photos = [one for one in contribution.photos.all() if not one.is_withdrawn]
        return showing.marks(flag for photo in photos for flag in photo.flags.all())

    @admin.display(description=_("state"))
    def label(self, contribution: Contribution) -> str:
        state = contribution.get_state_display()
        if not contribution.is_demonstration:
            return str(state)
        return format_html("{} <strong>{}</strong>", state, _("Demonstration"))

    @admin.display(description=_("what it says"))
    def what(self, contribution: Contribution) -> str:
        """The motif that is named and how it was made, or what an edit would change."""
        named = showing.motif_name(contribution)
        rows = [named or contribution.get_opinion_display() or _("no motif named")]
        if contribution.state != Contribution.State.SUBMITTED:
            rows.append(contribution.get_state_display())
        if contribution.technique:
            rows.append(contribution.get_technique_display())
        if contribution.is_demonstration:
            rows.append(format_html("<strong>{}</strong>", _("Demonstration")))
        said = format_html_join("", "<div>{}</div>", ((row,) for row in rows))
        edit = getattr(contribution, "edit", None)
        return format_html("{}{}", said, showing.changes(edit) if edit else "")

    @admin.display(description=_("recogniser"))
    def suggested(self, contribution: Contribution) -> str:
        found = getattr(contribution, "suggestions", ())
        return format_html_join("", "<div>{}</div>", ((words,) for words in found))

    @admin.display(description=_("given by"))
    def giver(self, contribution: Contribution) -> str:
        return str(contribution.given_by or _("without an account"))

    @admin.display(description=_("waiting for"))
    def waiting(self, contribution: Contribution) -> str:
        since = contribution.submitted_at
        if since is None or contribution.state != Contribution.State.SUBMITTED:
            return "–"
        return timesince(since, depth=1)

    def get_export_queryset(self, request: HttpRequest) -> Any:
        """What was taken back is nobody's to take along."""
        found = super().get_export_queryset(request)
        taken_back = Contribution.State.WITHDRAWN
        return found.exclude(state=taken_back).select_related("motif", "given_by")

    def get_urls(self) -> list[URLPattern]:
        return [*Desk(self).urls(), *super().get_urls()]

    def save_model(
        self, request: HttpRequest, obj: Contribution, form: Any, change: bool
    ) -> None:
        """Save what was corrected and no more.

        The whole row would bring back a state that somebody has changed meanwhile.
        """
        changed = list(form.changed_data)
        if "motif" in changed and obj.motif_id is not None:
            # Whoever names a motif is no longer unsure which it is.
            obj.opinion = Contribution.Opinion.NONE
            changed.append("opinion")
        obj.save(update_fields=changed)
