"""The queue of contributions: pictures, accept, decline with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Prefetch, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from motifs.actions import accept_contribution, decline_contribution
from motifs.forms import DeclineForm
from motifs.languages import reader_language
from motifs.models import Contribution, Motif, Photo
from motifs.refusals import Refusal

if TYPE_CHECKING:
    from heritage.models import User

MOST_AT_ONCE = 200
# Height of a picture, in CSS pixels, in the list and on a contribution's own page.
IN_LIST, ON_PAGE = 96, 320


def picture(photo: Photo, height: int) -> str:
    """The photo, never cropped, leading to its large rendition."""
    height = min(height, photo.height)
    return format_html(
        '<a href="{}"><img src="{}" width="{}" height="{}" alt="{}" loading="lazy">'
        "</a>",
        photo.display_url,
        photo.thumbnail_url,
        max(1, round(photo.width * height / photo.height)),
        height,
        _("Photo %(position)d") % {"position": photo.position},
    )


def _pictures(contribution: Contribution, height: int) -> str:
    photos = contribution.photos.all()
    return format_html_join(" ", "{}", ((picture(p, height),) for p in photos))


class PhotoInline(admin.TabularInline[Photo, Contribution]):
    model = Photo
    extra = 0
    can_delete = False
    fields = readonly_fields = ("preview", "size", "sha256")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("photo"))
    def preview(self, photo: Photo) -> str:
        return picture(photo, IN_LIST)

    @admin.display(description=_("pixels"))
    def size(self, photo: Photo) -> str:
        return f"{photo.width} x {photo.height}"


@admin.register(Contribution)
class ContributionAdmin(admin.ModelAdmin[Contribution]):
    list_display = (
        "number",
        "pictures",
        "label",
        "motif_name",
        "given_by",
        "given_at",
    )
    list_display_links = ("number",)
    list_filter = (
        "state",
        "is_demonstration",
        "consent_to_show",
        "consent_to_train",
        "licence",
        ("motif__slug", admin.AllValuesFieldListFilter),
    )
    search_fields = (
        "given_by__username",
        "motif__names__name",
        "place",
        "maker",
        "story",
    )
    date_hierarchy = "given_at"
    list_per_page = 40
    autocomplete_fields = ("motif",)
    # What people gave is theirs: only the motif may be corrected.
    fields = (
        "large_pictures",
        "label",
        "motif",
        ("given_by", "given_at"),
        ("place", "maker"),
        "story",
        ("licence", "credit_line"),
        ("consent_to_show", "consent_to_train"),
        "submitted_at",
        ("accepted_at", "accepted_by"),
        ("declined_at", "declined_by"),
        "decline_reason",
        ("withdrawn_at", "withdrawn_by"),
    )
    inlines = (PhotoInline,)
    actions = ("accept_selected", "decline_selected")
    save_on_top = True
    change_form_template = "admin/motifs/contribution/change_form.html"

    def get_readonly_fields(
        self, request: HttpRequest, obj: Contribution | None = None
    ) -> list[str]:
        shown: list[str] = []
        for row in self.fields:
            shown += [row] if isinstance(row, str) else row
        return [name for name in shown if name != "motif"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contribution]:
        motifs = Motif.objects.with_labels(reader_language())
        return (
            Contribution.objects.exclude(state=Contribution.State.DRAFT)
            .select_related("given_by")
            .prefetch_related("photos", Prefetch("motif", motifs))
        )

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """What waits for a decision first, the longest waiting on top."""
        is_waiting = When(state=Contribution.State.SUBMITTED, then=Value(0))
        return [Case(is_waiting, default=Value(1)), "submitted_at", "pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Contributions come from the people who give them."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Contribution | None = None
    ) -> bool:
        """A contribution is withdrawn, never deleted."""
        return False

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("motifs.moderate_contribution")

    @admin.display(description="#", ordering="pk")
    def number(self, contribution: Contribution) -> str:
        return str(contribution)

    @admin.display(description=_("photos"))
    def pictures(self, contribution: Contribution) -> str:
        return _pictures(contribution, IN_LIST)

    @admin.display(description=_("photos"))
    def large_pictures(self, contribution: Contribution) -> str:
        return _pictures(contribution, ON_PAGE)

    @admin.display(description=_("state"), ordering="state")
    def label(self, contribution: Contribution) -> str:
        state = contribution.get_state_display()
        if not contribution.is_demonstration:
            return str(state)
        return format_html("{} <strong>{}</strong>", state, _("Demonstration"))

    @admin.display(description=_("motif suggested"))
    def motif_name(self, contribution: Contribution) -> str:
        return contribution.motif.preferred_name if contribution.motif else ""

    # Decisions

    @admin.action(
        description=_("Accept selected contributions"), permissions=["moderate"]
    )
    def accept_selected(
        self, request: HttpRequest, queryset: QuerySet[Contribution]
    ) -> None:
        self._accept(request, queryset)

    @admin.action(
        description=_("Decline selected contributions…"), permissions=["moderate"]
    )
    def decline_selected(
        self, request: HttpRequest, queryset: QuerySet[Contribution]
    ) -> HttpResponse | None:
        ids = list(queryset.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
        if len(ids) > MOST_AT_ONCE:
            text = _("Decline at most %(count)d at once.") % {"count": MOST_AT_ONCE}
            self.message_user(request, text, messages.WARNING)
            return None
        return redirect(_decline_address(ids))

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
        if form.is_valid():
            self._decline(request, waiting, form.cleaned_data["reason"])
            return redirect("admin:motifs_contribution_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Decline contributions"),
            "opts": self.opts,
            "form": form,
            "rows": [(c, self.pictures(c), self.motif_name(c)) for c in waiting],
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
            "accepted",
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
        reason: str,
    ) -> None:
        by = cast("User", request.user)
        declined = self._each(
            request,
            contributions,
            lambda contribution: decline_contribution(
                contribution=contribution, by=by, reason=reason
            ),
            f"declined: {reason}",
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
        history: str,
    ) -> int:
        """Decide on each, keep it in the history; a refusal does not stop the rest."""
        done = 0
        for contribution in contributions:
            try:
                action(contribution)
            except Refusal as refusal:
                text = f"{contribution}: {refusal}"
                self.message_user(request, text, messages.WARNING)
            else:
                self.log_change(request, contribution, history)
                done += 1
        return done


def _decline_address(ids: Iterable[int]) -> str:
    address = reverse("admin:motifs_contribution_decline")
    return f"{address}?ids={','.join(map(str, ids))}"
