"""Accept and decline many contributions at once, each with an entry of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from motifs import seeing
from motifs.actions import accept_contribution, decline_contribution
from motifs.admin import showing
from motifs.forms import DeclineForm
from motifs.models import Contribution
from motifs.refusals import Refusal

if TYPE_CHECKING:
    from heritage.models import User

MOST_AT_ONCE = 200


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
        description=_("Accept selected contributions"), permissions=["moderate"]
    )
    def accept_selected(
        self, request: HttpRequest, queryset: QuerySet[Contribution]
    ) -> None:
        ids = self._selected(request, queryset)
        if ids:
            chosen = self.get_queryset(request).filter(pk__in=ids)
            self._accept(request, chosen.order_by("submitted_at", "pk"))

    @admin.action(
        description=_("Decline selected contributions…"), permissions=["moderate"]
    )
    def decline_selected(
        self, request: HttpRequest, queryset: QuerySet[Contribution]
    ) -> HttpResponse | None:
        ids = self._selected(request, queryset)
        return redirect(_decline_address(ids)) if ids else None

    def response_change(self, request: HttpRequest, obj: Contribution) -> HttpResponse:
        """The two buttons of a contribution's own page decide on it."""
        if "_accept" in request.POST and self.has_moderate_permission(request):
            self._accept(request, [obj])
            return redirect("admin:motifs_contribution_changelist")
        if "_decline" in request.POST and self.has_moderate_permission(request):
            return redirect(_decline_address([obj.pk]))
        return super().response_change(request, obj)

    def get_urls(self) -> list[URLPattern]:
        decline = path(
            "decline/",
            self.admin_site.admin_view(self.decline_view),
            name="motifs_contribution_decline",
        )
        return [decline, *super().get_urls()]

    def decline_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for the reason, then decline all that were selected."""
        if not self.has_moderate_permission(request):
            raise PermissionDenied
        asked = request.GET.get("ids", "").split(",")
        ids = [int(pk) for pk in asked if pk.isascii() and pk.isdigit()]
        chosen = self.get_queryset(request).filter(pk__in=ids[:MOST_AT_ONCE])
        chosen = chosen.order_by("submitted_at", "pk")
        waiting = [c for c in chosen if c.state == Contribution.State.SUBMITTED]
        form = DeclineForm(request.POST if request.method == "POST" else None)
        if not waiting:
            text = _("None of these contributions waits for a decision.")
            self.message_user(request, text, messages.WARNING)
            return redirect("admin:motifs_contribution_changelist")
        seeing.note(request.user, (c.pk for c in waiting))
        if form.is_valid():
            self._decline(request, waiting, **form.cleaned_data)
            return redirect("admin:motifs_contribution_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Decline contributions"),
            "opts": self.opts,
            "form": form,
            "rows": [
                (c, showing.pictures(c, showing.IN_LIST), showing.motif_name(c))
                for c in waiting
            ],
        }
        return TemplateResponse(
            request,
            "admin/motifs/contribution/decline.html",
            context,
            status=422 if form.is_bound else 200,
        )

    def _accept(
        self, request: HttpRequest, contributions: Iterable[Contribution]
    ) -> None:
        by = cast("User", request.user)
        accepted = self._each(
            request,
            contributions,
            lambda contribution: accept_contribution(contribution=contribution, by=by),
        )
        if accepted:
            text = ngettext(
                "%(count)d contribution accepted.",
                "%(count)d contributions accepted.",
                accepted,
            )
            self.message_user(request, text % {"count": accepted}, messages.SUCCESS)

    def _decline(
        self,
        request: HttpRequest,
        contributions: Iterable[Contribution],
        code: str,
        reason: str,
    ) -> None:
        by = cast("User", request.user)
        declined = self._each(
            request,
            contributions,
            lambda contribution: decline_contribution(
                contribution=contribution, by=by, reason=reason, code=code
            ),
        )
        if declined:
            text = ngettext(
                "%(count)d contribution declined.",
                "%(count)d contributions declined.",
                declined,
            )
            self.message_user(request, text % {"count": declined}, messages.SUCCESS)

    def _each(
        self,
        request: HttpRequest,
        contributions: Iterable[Contribution],
        action: Callable[[Contribution], Contribution],
    ) -> int:
        """Decide on each; a refusal does not stop the rest."""
        done = 0
        for contribution in contributions:
            try:
                action(contribution)
            except Refusal as refusal:
                text = f"{contribution}: {refusal}"
                self.message_user(request, text, messages.WARNING)
            else:
                done += 1
        return done


def _decline_address(ids: Iterable[int]) -> str:
    address = reverse("admin:motifs_contribution_decline")
    return f"{address}?ids={','.join(map(str, ids))}"
