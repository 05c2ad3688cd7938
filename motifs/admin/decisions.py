"""Accept and decline many contributions at once, each with an entry of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from motifs import edits
from motifs.actions import accept_contribution, decline_contribution
from motifs.admin import deeds, showing
from motifs.admin.history import changes_since
from motifs.forms import DeclineForm
from motifs.models import Contribution
from motifs.refusals import ChangedSince, EditToApply, NotWaiting, Refusal

MOST_AT_ONCE = 200
DEEDS: dict[str, tuple[Callable[..., Contribution], Any]] = {
    "accept": (
        accept_contribution,
        ngettext_lazy(
            "%(count)d contribution accepted.",
            "%(count)d contributions accepted.",
            "count",
        ),
    ),
    "decline": (
        decline_contribution,
        ngettext_lazy(
            "%(count)d contribution declined.",
            "%(count)d contributions declined.",
            "count",
        ),
    ),
}


class DecidingAdmin(admin.ModelAdmin[Contribution]):
    """The decisions of the queue, for those who have the right to moderate."""

    actions = ("accept_selected", "decline_selected")

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("motifs.moderate_contribution")

    def _selected(
        self, request: HttpRequest, queryset: QuerySet[Contribution]
    ) -> list[int] | None:
        """Ids of what was ticked, whatever became of it since; None if too many.

        The list's filters would silently leave out what somebody else has decided.
        """
        if request.POST.get("select_across") == "1":
            found = queryset.values_list("pk", flat=True)[: MOST_AT_ONCE + 1]
            ids = list(found)
        else:
            ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
            ids = [int(pk) for pk in ticked if pk.isascii() and pk.isdigit()]
        if len(ids) <= MOST_AT_ONCE:
            return ids
        text = _("Decide on at most %(count)d at once.") % {"count": MOST_AT_ONCE}
        self.message_user(request, text, messages.WARNING)
        return None

    @admin.action(
        description=_("Accept selected contributions…"), permissions=["moderate"]
    )
    def accept_selected(
        self, request: HttpRequest, queryset: QuerySet[Contribution]
    ) -> HttpResponse | None:
        ids = self._selected(request, queryset)
        return redirect(_address("accept", ids)) if ids else None

    @admin.action(
        description=_("Decline selected contributions…"), permissions=["moderate"]
    )
    def decline_selected(
        self, request: HttpRequest, queryset: QuerySet[Contribution]
    ) -> HttpResponse | None:
        ids = self._selected(request, queryset)
        return redirect(_address("decline", ids)) if ids else None

    def response_change(self, request: HttpRequest, obj: Contribution) -> HttpResponse:
        """The two buttons of a contribution's own page decide on it."""
        if not self.has_moderate_permission(request):
            return super().response_change(request, obj)
        if "_accept" in request.POST:
            shown = deeds.seen(request.POST)
            if self._decide(request, [obj], {obj.pk: shown}, "accept"):
                desk = reverse("admin:motifs_contribution_desk", args=[obj.pk])
                return redirect(f"{desk}?revision={shown}")
            return redirect("admin:motifs_contribution_changelist")
        if "_decline" in request.POST:
            return redirect(_address("decline", [obj.pk]))
        return super().response_change(request, obj)

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path(
                f"{deed}/",
                self.admin_site.admin_view(view),
                name=f"motifs_contribution_{deed}",
            )
            for deed, view in (
                ("accept", self.accept_view),
                ("decline", self.decline_view),
            )
        ]
        return [*pages, *super().get_urls()]

    def accept_view(self, request: HttpRequest) -> HttpResponse:
        """Show what was selected, then accept it."""
        form = Form(request.POST if request.method == "POST" else None)
        return self._deciding(request, "accept", form, _("Accept contributions"))

    def decline_view(self, request: HttpRequest) -> HttpResponse:
        """Show what was selected and ask for the reason, then decline it."""
        form = DeclineForm(request.POST if request.method == "POST" else None)
        return self._deciding(request, "decline", form, _("Decline contributions"))

    def _deciding(
        self, request: HttpRequest, deed: str, form: Form, title: str | Promise
    ) -> HttpResponse:
        if not self.has_moderate_permission(request):
            raise PermissionDenied
        asked = request.GET.get("ids", "").split(",")
        ids = [int(pk) for pk in asked if pk.isascii() and pk.isdigit()]
        chosen = self.get_queryset(request).filter(pk__in=ids[:MOST_AT_ONCE])
        rows = list(chosen.order_by("submitted_at", "pk"))
        waiting = [row for row in rows if _why_not(row, deed) is None]
        seen = _seen(request)
        if form.is_valid():
            shown = [row for row in rows if row in waiting or row.pk in seen]
            changed = self._decide(request, shown, seen, deed, **form.cleaned_data)
            again = chosen.filter(pk__in=changed).order_by("submitted_at", "pk")
            waiting = list(again)
        elif not waiting:
            refused = {str(_why_not(row, deed)) for row in rows}
            text = (
                str(EditToApply())
                if str(EditToApply()) in refused
                else _("None of these contributions waits for a decision.")
            )
            self.message_user(request, text, messages.WARNING)
        elif not form.is_bound:
            for row in rows:
                if (refusal := _why_not(row, deed)) is not None:
                    self._warn(request, row, refusal)
        if not waiting:
            return redirect("admin:motifs_contribution_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "deed": deed,
            "rows": _rows(waiting, seen),
        }
        return TemplateResponse(
            request,
            "admin/motifs/contribution/decide.html",
            context,
            status=422 if form.is_bound else 200,
        )

    def _decide(
        self,
        request: HttpRequest,
        contributions: Iterable[Contribution],
        seen: Mapping[int, int],
        deed: str,
        **why: str,
    ) -> list[int]:
        """Decide on each; a refusal does not stop the rest.

        Returns the ids of those that are not any more what was shown.
        """
        action, sentence = DEEDS[deed]
        done, changed = 0, []
        for contribution in contributions:
            revision = seen.get(contribution.pk, deeds.NOT_SHOWN)
            try:
                action(contribution=contribution, by=request.user, seen=revision, **why)
            except Refusal as refusal:
                self._warn(request, contribution, refusal)
                if isinstance(refusal, ChangedSince):
                    changed.append(contribution.pk)
            else:
                done += 1
        if done:
            self.message_user(request, sentence % {"count": done}, messages.SUCCESS)
        return changed

    def _warn(
        self, request: HttpRequest, contribution: Contribution, refusal: Refusal
    ) -> None:
        text = f"{contribution}: {refusal}"
        self.message_user(request, text, messages.WARNING)


def _why_not(contribution: Contribution, deed: str) -> Refusal | None:
    """Why this cannot be decided on here, if so."""
    if contribution.state != Contribution.State.SUBMITTED:
        return NotWaiting()
    if deed == "accept" and contribution.kind == Contribution.Kind.EDIT:
        return EditToApply()
    return None


def _seen(request: HttpRequest) -> dict[int, int]:
    """The revision of each that the page showed, by the contribution's id."""
    pairs = (text.partition(":") for text in request.POST.getlist("revision"))
    return {deeds.number(pk): deeds.number(revision) for pk, _colon, revision in pairs}


def _rows(
    contributions: Sequence[Contribution], seen: Mapping[int, int]
) -> list[dict[str, Any]]:
    """What is decided on, as the page shows it."""
    suggested = edits.edits(contributions)
    return [
        {
            "contribution": one,
            "pictures": showing.pictures(one, showing.IN_LIST),
            "motif_name": showing.motif_name(one),
            "edit": showing.changes(suggested[one.pk]) if one.pk in suggested else "",
            "changes": changes_since(one, seen.get(one.pk, one.revision)),
        }
        for one in contributions
    ]


def _address(deed: str, ids: Iterable[int]) -> str:
    address = reverse(f"admin:motifs_contribution_{deed}")
    return f"{address}?ids={','.join(map(str, ids))}"
