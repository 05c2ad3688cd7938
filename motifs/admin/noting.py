"""Admin pages that tell what is said of cloths: who sees them is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse

from motifs import seeing

if TYPE_CHECKING:
    from django.contrib import admin
    from django.db.models import Model

    Base = admin.ModelAdmin[Any]
else:
    Base = object


class NotesWhoSees(Base):
    """For a ``ModelAdmin``: whoever opens its list or a row's page is not blind."""

    def cloth_of(self, row: Any) -> int | None:
        """Return the contribution of which a row tells something, if it does."""
        return row.contribution_id  # type: ignore[no-any-return]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        seeing.note(request.user, map(self.cloth_of, changelist.result_list))
        return changelist

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Model | None = None,
    ) -> HttpResponse:
        if obj is not None:
            seeing.note(request.user, [self.cloth_of(obj)])
        return super().render_change_form(request, context, add, change, form_url, obj)
