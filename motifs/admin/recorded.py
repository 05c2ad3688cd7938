"""For a ``ModelAdmin``: what its forms and lists change is in the one history."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from motifs.actions import recording
from motifs.admin.history import history_page
from motifs.models import HistoryEntry

LONGEST_WHY = 2000


class Told:
    """Its history page tells the one history, in place of Django's list of edits."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        owner: Any = self
        found = owner.get_object(request, object_id)
        if found is None:
            raise Http404
        if not owner.has_view_permission(request, found):
            raise PermissionDenied
        return history_page(owner, request, found, HistoryEntry.objects.of(found))


class Recorded(Told, admin.ModelAdmin[Any]):
    """Whatever is added, changed or deleted here, with the reason if one is given."""

    change_form_template = "admin/motifs/recorded/change_form.html"
    delete_confirmation_template = "admin/motifs/recorded/delete.html"
    delete_selected_confirmation_template = "admin/motifs/recorded/delete_selected.html"

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with _recording(request):
            return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with _recording(request):
            return super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        # What else a list does to many at once records itself, one by one.
        is_deleting = request.POST.get("action") == "delete_selected"
        with _recording(request) if is_deleting else nullcontext():
            return super().changelist_view(request, *args, **kwargs)


def _recording(request: HttpRequest) -> Any:
    if request.method != "POST":
        return nullcontext()
    by: Any = request.user
    return recording(by=by, why=request.POST.get("why", "")[:LONGEST_WHY])
