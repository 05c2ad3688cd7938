"""Refusals of the API have one shape, RFC 9457, in the reader's language."""

from __future__ import annotations

import pytest
from django.http import Http404
from django.utils import translation
from rest_framework import exceptions

from classifier.problems import CONTENT_TYPE, Problem
from heritage.problems import exception_handler


class View:
    allowed_methods = ("POST", "OPTIONS")


def handle(exc: Exception):
    return exception_handler(exc, {"view": View(), "request": None})


@pytest.mark.parametrize(
    ("exc", "status", "code"),
    [
        (Problem(418, "teapot", "A teapot."), 418, "teapot"),
        (Http404(), 404, "not_found"),
        (exceptions.NotFound(), 404, "not_found"),
        (exceptions.Throttled(wait=3), 429, "throttled"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType("x/y"), 415, "unsupported_media_type"),
        (exceptions.NotAcceptable(), 406, "not_acceptable"),
        (exceptions.ParseError(), 400, "malformed"),
        (exceptions.ValidationError({"q": ["long"]}), 400, "invalid"),
        (exceptions.PermissionDenied(), 403, "permission_denied"),
    ],
)
def test_each_refusal_is_a_problem_document(exc, status, code):
    response = handle(exc)

    assert response.status_code == status
    assert response.content_type == CONTENT_TYPE
    assert response.data["status"] == status
    assert response.data["code"] == code
    assert response.data["title"]
    assert response.data["type"] == "about:blank"


def test_a_defect_is_not_dressed_up_as_a_refusal():
    assert handle(ZeroDivisionError()) is None


def test_a_throttled_client_is_told_when_to_come_back():
    assert handle(exceptions.Throttled(wait=3))["Retry-After"] == "3"


def test_a_wrong_method_names_the_right_ones():
    assert handle(exceptions.MethodNotAllowed("PUT"))["Allow"] == "POST, OPTIONS"


def test_problems_speak_the_readers_language():
    with translation.override("id"):
        indonesian = handle(Http404()).data["title"]
    with translation.override("en"):
        english = handle(Http404()).data["title"]

    assert indonesian != english
