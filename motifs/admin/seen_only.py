"""Rows that are read in the admin and written elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


class SeenOnly:
    """For a ``ModelAdmin``: nobody adds, changes or deletes by the stock forms.

    What may be done with a row has a page or a button of its own, which keeps the rules
    of it.
    """

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
