"""What no text of the database can hold is the sender's mistake, not the site's."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.views.defaults import bad_request

NUL = "NUL (0x00)"
"""How the database's driver names the one character that it refuses."""


class UnreadableMiddleware:
    """Answers 400 where something that was sent, in whatever field, holds a NUL."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if isinstance(exception, DataError) and NUL in str(exception):
            return bad_request(request, exception)
        return None
