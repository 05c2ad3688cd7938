"""What holds for a whole request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from classifier import predictor


class OneModelMiddleware:
    """Lets a page and its answer be of one model, whatever is promoted meanwhile."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with predictor.one_model():
            return self.get_response(request)
