"""How often one address may ask for an identification."""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.request import Request

from classifier import problems
from motifs.throttles import seconds_to_wait


def throttle(request: HttpRequest | Request, scope: str = "identify") -> None:
    """Count a request to identify, or to ``give`` what is kept.

    Raises Problem: this address has asked too often.
    """
    wait_s = seconds_to_wait(request, scope)
    if wait_s is not None:
        raise problems.throttled(wait_s)
