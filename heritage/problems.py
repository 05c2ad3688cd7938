"""Errors of the API as problem details (RFC 9457), in the reader's language."""

from __future__ import annotations

from typing import Any

from django.http import Http404, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

CONTENT_TYPE = "application/problem+json"


class Problem(Exception):
    """An error that a client is told about.

    Args:
        status: HTTP status.
        code: stable word for programs, such as ``not_an_image``.
        title: one short sentence: what happened.
        detail: what to do about it.
        extra: further members of the problem document.
    """

    def __init__(
        self, status: int, code: str, title: str, detail: str = "", **extra: Any
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.extra = extra

    def document(self) -> dict[str, Any]:
        return {
            "type": "about:blank",
            "status": self.status,
            "code": self.code,
            "title": str(self.title),
            "detail": str(self.detail),
            **self.extra,
        }


def problem_response(problem: Problem) -> JsonResponse:
    """Answer with a problem outside of DRF's views."""
    return JsonResponse(
        problem.document(), status=problem.status, content_type=CONTENT_TYPE
    )


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal of the API has the same shape.

    Anything unknown returns None, so that Django reports it as the defect it is.
    """
    problem = as_problem(exc)
    if problem is None:
        return None
    headers = {}
    if isinstance(exc, exceptions.Throttled):
        headers["Retry-After"] = str(_wait_s(exc))
    request = context.get("request")
    if isinstance(exc, exceptions.MethodNotAllowed) and context.get("view"):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    response = Response(
        problem.document(),
        status=problem.status,
        headers=headers,
        content_type=CONTENT_TYPE,
    )
    if request is not None:
        # DRF refuses a response whose renderer it has not negotiated.
        response.exception = True
    return response


def as_problem(exc: Exception) -> Problem | None:
    match exc:
        case Problem():
            return exc
        case Http404() | exceptions.NotFound():
            return Problem(404, "not_found", _("There is nothing at this address."))
        case exceptions.Throttled():
            return Problem(
                429,
                "throttled",
                _("Too many requests."),
                _("Try again in %(seconds)s seconds.") % {"seconds": _wait_s(exc)},
            )
        case exceptions.MethodNotAllowed():
            return Problem(
                405, "method_not_allowed", _("This address does not take that method.")
            )
        case exceptions.UnsupportedMediaType():
            return Problem(
                415,
                "unsupported_media_type",
                _("The request is in a format that is not understood here."),
                _("Send photos as multipart/form-data in the field “image”."),
            )
        case exceptions.NotAcceptable():
            return Problem(406, "not_acceptable", _("Only JSON is available here."))
        case exceptions.ParseError():
            return Problem(
                400, "malformed", _("The request could not be read."), str(exc.detail)
            )
        case exceptions.ValidationError():
            return Problem(
                400,
                "invalid",
                _("The request has a value that is not allowed."),
                errors=exc.get_full_details(),
            )
        case exceptions.APIException():
            return Problem(exc.status_code, str(exc.default_code), str(exc.detail))
        case _:
            return None


def _wait_s(exc: exceptions.Throttled) -> int:
    """Whole seconds until the client may ask again."""
    # DRF sets ``wait``; its type stubs do not know it.
    return int(getattr(exc, "wait", None) or 0) + 1
