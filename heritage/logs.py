"""Log lines that a person or a machine can read, each with its request's id.

The id comes from the proxy in front (``X-Request-ID``) or is made here; it goes into
the answer's headers, into every line, and with a task to the worker's lines too.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware

HEADER = "X-Request-ID"
_GIVEN = re.compile(r"[A-Za-z0-9-]{8,64}")
# Keys in addresses open what they name (docs/decisions/0008): no log may hold one.
_KEY = re.compile(r"[A-Za-z0-9_-]{20,}")
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.StackInfoRenderer(),
]


def without_keys(path: str) -> str:
    """Return a path without what could be a key.

    >>> without_keys("/id/contributions/Ab3dEf6hIj9lMn2pQr5tUv/")
    '/id/contributions/…/'
    """
    return _KEY.sub("…", path)


class RequestLogMiddleware(RequestMiddleware):
    """Says that a request began and how it ended; of its address only the path."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {without_keys(request.path)}"


def request_id(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give every request an id; one from outside must look like one."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        found = given if _GIVEN.fullmatch(given) else str(uuid.uuid4())
        request.META["HTTP_X_REQUEST_ID"] = found
        response = get_response(request)
        response[HEADER] = found
        return response

    return middleware


def configure(form: str, level: str) -> dict[str, Any]:
    """Set structlog up and return Django's LOGGING.

    Args:
        form: "json", one object a line, or "line", for people.
        level: least level logged.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if form == "json"
        else [structlog.dev.ConsoleRenderer(colors=False)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "chosen": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *renderer,
                ],
                "foreign_pre_chain": _SHARED,
            }
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "chosen"}
        },
        # Django logs refusals and failures once more, with the whole address and
        # after the request's id is gone; RequestLogMiddleware has said them already.
        "loggers": {"django.request": {"level": "CRITICAL"}},
        "root": {"handlers": ["stderr"], "level": level},
    }
