"""Errors of the API as problem details (RFC 9457), in the reader's language."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from classifier import problems
from classifier.problems import CONTENT_TYPE, Problem


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal of the API has the same shape.

    Anything unknown returns None, so that Django reports it as the defect it is.
    """
    problem = as_problem(exc)
    if problem is None:
        return None
    headers = dict(problem.headers)
    renderer = getattr(context["request"], "accepted_renderer", None)
    is_page = getattr(renderer, "format", "") == "html"
    if isinstance(exc, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return Response(
        problem.document(),
        status=problem.status,
        headers=headers,
        content_type=None if is_page else CONTENT_TYPE,
    )


def as_problem(exc: Exception) -> Problem | None:
    match exc:
        case Problem():
            return exc
        case Http404() | exceptions.NotFound():
            return Problem(404, "not_found", _("There is nothing at this address."))
        case exceptions.Throttled():
            # DRF sets ``wait``; its type stubs do not know it.
            return problems.throttled(getattr(exc, "wait", None))
        case exceptions.MethodNotAllowed():
            return Problem(
                405, "method_not_allowed", _("This address does not take that method.")
            )
        case exceptions.UnsupportedMediaType():
            return problems.wrong_format()
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
