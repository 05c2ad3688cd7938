"""The queue of contributions: pictures, accept, decline with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from motifs import edits
from motifs.actions import accept_contribution, decline_contribution
from motifs.admin import queue, showing
from motifs.admin.desk import Desk
from motifs.admin.history import history_page, record_edit
from motifs.admin.spreadsheets import Exported
from motifs.forms import DeclineForm
from motifs.languages import reader_language
from motifs.models import Contribution, Flag, HistoryEntry, Motif, Photo
from motifs.refusals import Refusal
from motifs.resources import ContributionResource

if TYPE_CHECKING:
    from heritage.models import User

MOST_AT_ONCE = 200


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
        return showing.picture(photo, showing.IN_LIST)

    @admin.display(description=_("pixels"))
    def size(self, photo: Photo) -> str:
        return f"{photo.width} x {photo.height}"


class QueueList(ChangeList):
    """A page of the queue, with what is shown beside each contribution."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = self.result_list = list(self.result_list)
        photos = [photo for row in rows for photo in row.photos.all()]
        said = showing.suggestions(photos)
        suggested = edits.edits(rows)
        asked = {"queue": self.get_query_string().removeprefix("?")}
        for row in rows:
            row.suggestions = [w for p in row.photos.all() for w in said.get(p.pk, ())]
            row.edit = suggested.get(row.pk)
            address = reverse("admin:motifs_contribution_desk", args=[row.pk])
            row.desk_url = f"{address}?{urlencode(asked)}"


@admin.register(Contribution)
class ContributionAdmin(Exported, admin.ModelAdmin[Contribution]):
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
    autocomplete_fields = ("motif",)
    # What people gave is theirs: only the motif may be corrected.
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
    actions = ("accept_selected", "decline_selected")
    save_on_top = True
    change_form_template = "admin/motifs/contribution/change_form.html"
    change_list_template = "admin/motifs/contribution/change_list.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return QueueList

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
            .prefetch_related(
                Prefetch("photos", Photo.objects.order_by("position")),
                Prefetch("photos__flags", Flag.objects.order_by("kind", "pk")),
                Prefetch("motif", motifs),
            )
        )

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

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("motifs.moderate_contribution")

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
        photos = contribution.photos.all()
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
        named = contribution.motif.preferred_name if contribution.motif else ""
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

    # Decisions

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
        return [decline, *Desk(self).urls(), *super().get_urls()]

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
            self._decline(request, waiting, **form.cleaned_data)
            return redirect("admin:motifs_contribution_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Decline contributions"),
            "opts": self.opts,
            "form": form,
            "rows": [
                (c, self.pictures(c), c.motif.preferred_name if c.motif else "")
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

    # History

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        record_edit(request, obj, message)
        return super().log_change(request, obj, message)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        if not self.has_view_permission(request, found):
            raise PermissionDenied
        entries = HistoryEntry.objects.of_contribution(found)
        return history_page(self, request, found, entries)


def _decline_address(ids: Iterable[int]) -> str:
    address = reverse("admin:motifs_contribution_decline")
    return f"{address}?ids={','.join(map(str, ids))}"
