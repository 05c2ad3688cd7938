"""The one history: told on the pages of what it is about, and searched here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from motifs import seeing
from motifs.admin.changes import Change, changes, slugs_in
from motifs.admin.queue import CappedPaginator
from motifs.admin.seen_only import SeenOnly
from motifs.contribution_history import FIELDS, standing
from motifs.languages import reader_language
from motifs.models import (
    Claim,
    Contribution,
    HistoryEntry,
    LookAlike,
    Motif,
    Outcome,
    Photo,
    Source,
)

if TYPE_CHECKING:
    from heritage.models import User

Subject = Contribution | Photo | Motif | Claim | LookAlike | Source
MOST_OF_A_VALUE = 300
"""Characters of an old or a new text; the record has the whole one."""


@dataclass(frozen=True)
class Told:
    """One entry as a page shows it."""

    entry: HistoryEntry
    at: datetime
    by: str
    verb: str
    about: str
    what: str
    why: str
    changes: list[Change]


def told(entries: QuerySet[HistoryEntry]) -> list[Told]:
    """Read entries out, in three queries however many."""
    rows = list(entries.select_related("by", "photo", "contribution__given_by"))
    ids = {motif_id for row in rows for motif_id in _motif_ids(row)}
    names = names_of(ids)
    by_slug = names_by_slug(slug for row in rows for slug in slugs_in(row))
    return [
        Told(
            entry=row,
            at=row.at,
            by=person(row.by) if row.by else gettext("nobody in person"),
            verb=row.get_verb_display(),
            about=_about(row),
            what=_what(row, names),
            why=row.reason,
            changes=changes(row, by_slug),
        )
        for row in rows
    ]


def changes_since(contribution: Contribution, revision: int) -> list[Told]:
    """What its giver changed after a revision that was shown; no query if nothing."""
    if not 0 <= revision < contribution.revision:
        return []
    entries = HistoryEntry.objects.of_contribution(contribution)
    return told(entries.filter(data__revision__gt=revision))


def declines(contribution: Contribution, history: list[Told]) -> list[Told]:
    """Why it was declined before it was mended and sent again."""
    if contribution.state != Contribution.State.SUBMITTED:
        return []
    stand = standing(one.entry for one in history)
    Verb = HistoryEntry.Verb
    return [o for o in history if o.entry.verb == Verb.DECLINED and o.entry in stand]


def names_of(ids: Iterable[int]) -> dict[int, str]:
    """The preferred names of motifs by id; one query, or none for none."""
    wanted = set(ids)
    if not wanted:
        return {}
    motifs = Motif.objects.with_labels(reader_language()).filter(pk__in=wanted)
    return {motif.pk: motif.preferred_name for motif in motifs}


def names_by_slug(slugs: Iterable[str]) -> dict[str, str]:
    """The preferred names of motifs by slug; one query, or none for none."""
    wanted = set(slugs)
    if not wanted:
        return {}
    motifs = Motif.objects.with_labels(reader_language()).filter(slug__in=wanted)
    return {motif.slug: motif.preferred_name for motif in motifs}


def person(user: User) -> str:
    return user.get_full_name() or user.get_username()


def _about(row: HistoryEntry) -> str:
    """The photo, or the suggestion that a page was changed for and who gave it."""
    if row.photo is not None:
        return gettext("Photo %(position)d") % {"position": row.photo.position}
    if row.motif_id is None or row.contribution is None:
        return ""
    giver = row.contribution.given_by
    return gettext("%(number)s, given by %(giver)s") % {
        "number": row.contribution,
        "giver": person(giver) if giver else gettext("somebody without an account"),
    }


def _motif_ids(row: HistoryEntry) -> set[int]:
    found = {row.motif_id, row.data.get("motif"), row.data.get("second_motif")}
    for side in ("was", "is"):
        stood = row.data.get(side)
        if isinstance(stood, list):
            found |= set(stood[1:3])
    return {one for one in found if isinstance(one, int)}


def _what(row: HistoryEntry, names: dict[int, str]) -> str:
    data, Verb = row.data, HistoryEntry.Verb
    if row.verb in (Verb.IDENTIFIED, Verb.IDENTIFICATION_WITHDRAWN):
        return said(
            data.get("outcome", ""),
            names.get(data.get("motif") or 0, ""),
            names.get(data.get("second_motif") or 0, ""),
        )
    if row.verb in (Verb.DETERMINED, Verb.UNDETERMINED):
        outcome, motif, second, _rule = data.get("is") or ["", None, None, ""]
        return said(outcome, names.get(motif or 0, ""), names.get(second or 0, ""))
    if row.verb == Verb.MERGED:
        other = data.get("name") or data.get("slug", "")
        if "from" in data:
            return gettext("%(other)s into this one") % {"other": other}
        return gettext("into %(other)s") % {"other": other}
    if data.get("imported") == "files":
        return gettext("by the catalogue's own files")
    if data.get("imported"):
        return gettext("imported from a spreadsheet")
    if row.verb == Verb.SUBMITTED and data.get("again"):
        return gettext("again, after it was declined")
    if row.verb in (Verb.EDITED, Verb.CONSENTED):
        return _edited(data)
    return ""


def _edited(data: dict[str, Any]) -> str:
    """What a giver changed, from what to what; of an edit in the admin, its fields."""
    if "added_photo" in data:
        number = {"number": data["added_photo"]["position"]}
        return gettext("photo %(number)d added") % number
    if "removed_photo" in data:
        number = {"number": data["removed_photo"]["position"]}
        return gettext("photo %(number)d removed") % number
    if "became" in data:
        return "; ".join(
            f"{FIELDS.get(name, name)}: {_value(data['was'].get(name))} → {_value(new)}"
            for name, new in data["became"].items()
        )
    return ", ".join(str(name) for name in data.get("changed", ()))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return Truncator(str(value or "–")).chars(MOST_OF_A_VALUE)


def said(outcome: str, motif: str, second: str) -> str:
    """What an identification or a determination says, in a few words."""
    if not outcome:
        return ""
    if outcome == Outcome.MOTIF:
        return motif
    if outcome == Outcome.TWO_MOTIFS:
        return " + ".join(filter(None, (motif, second)))
    label = str(Outcome(outcome).label)
    return f"{label}: {motif}" if motif else label


def history_page(
    model_admin: admin.ModelAdmin[Any],
    request: HttpRequest,
    subject: Subject,
    entries: QuerySet[HistoryEntry],
) -> HttpResponse:
    """All that happened to one thing, in place of Django's own list of edits."""
    if isinstance(subject, Contribution):
        seeing.note(request.user, [subject.pk])
    elif isinstance(subject, Photo):
        seeing.note(request.user, [subject.contribution_id])
    context = {
        **model_admin.admin_site.each_context(request),
        "title": gettext("History of %(subject)s") % {"subject": subject},
        "opts": model_admin.opts,
        "object": subject,
        "history": told(entries),
    }
    return TemplateResponse(request, "admin/motifs/history.html", context)


class AboutFilter(admin.SimpleListFilter):
    title = _("about")
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("contribution", _("contributions")),
            ("photo", _("photos")),
            ("motif", _("motifs")),
            ("source", _("sources")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[HistoryEntry]
    ) -> QuerySet[HistoryEntry]:
        match self.value():
            case "contribution":
                return queryset.exclude(contribution=None)
            case "photo":
                return queryset.exclude(photo=None)
            case "motif":
                return queryset.filter(photo=None).exclude(motif=None)
            case "source":
                return queryset.exclude(source=None)
            case _:
                return queryset


@admin.register(HistoryEntry)
class HistoryEntryAdmin(SeenOnly, admin.ModelAdmin[HistoryEntry]):
    """Everything that was done, read only, the newest first."""

    list_display = ("at", "who", "verb", "about", "reason")
    list_display_links = None
    list_filter = ("verb", AboutFilter, "at")
    list_select_related = ("by", "contribution", "photo", "motif", "source")
    search_fields = ("by__username", "by__first_name", "by__last_name", "by__email")
    ordering = ("-at", "-pk")
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[HistoryEntry]:
        return HistoryEntry.objects.filter(
            Q(contribution=None) | ~Q(contribution__state=Contribution.State.DRAFT)
        )

    @admin.display(description=_("who"), ordering="by__username")
    def who(self, entry: HistoryEntry) -> str:
        return person(entry.by) if entry.by else "–"

    @admin.display(description=_("about"))
    def about(self, entry: HistoryEntry) -> str:
        """Lead to what it is about; a source that was deleted has no page."""
        if entry.photo is not None:
            page, pk, name = "photo_change", entry.photo.pk, str(entry.photo)
        elif entry.motif is not None:
            page, pk, name = "motif_history", entry.motif.pk, entry.motif.slug
        elif entry.contribution is not None:
            page, pk = "contribution_desk", entry.contribution.pk
            name = str(entry.contribution)
        elif entry.source is not None:
            page, pk, name = "source_history", entry.source.pk, entry.source.key
        else:
            return str((entry.data.get("rows") or [{}])[0].get("name", ""))
        address = reverse(f"admin:motifs_{page}", args=[pk])
        return format_html('<a href="{}">{}</a>', address, name)
