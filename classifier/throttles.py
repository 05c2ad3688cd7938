"""How often one address may ask for an identification."""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.http import HttpRequest
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

from classifier import problems

logger = logging.getLogger(__name__)


class IdentifyThrottle(SimpleRateThrottle):
    """A rate of the settings, ``identify`` or ``give``, by network address.

    Without its cache it lets everyone pass: a dead counter must not close the site.
    """

    def __init__(self, scope: str = "identify") -> None:
        self.scope = scope
        super().__init__()

    def get_rate(self) -> str | None:
        # Read afresh: DRF's own attribute keeps what the settings were at start.
        rate: Any = api_settings.DEFAULT_THROTTLE_RATES.get(str(self.scope))
        return None if rate is None else str(rate)

    def get_cache_key(self, request: Any, view: Any) -> str:
        return self.cache_format % {
            "scope": self.scope,
            "ident": self.get_ident(request),
        }

    def allow_request(self, request: Any, view: Any) -> bool:
        self.cache = caches[DEFAULT_CACHE_ALIAS]
        try:
            return bool(super().allow_request(request, view))
        except (RedisError, OSError) as error:
            logger.warning("identify is not throttled, its cache is down: %s", error)
            return True


def throttle(request: HttpRequest | Request, scope: str = "identify") -> None:
    """Count a request to identify, or to ``give`` what is kept.

    Raises Problem: this address has asked too often.
    """
    counter = IdentifyThrottle(scope)
    if not counter.allow_request(request, None):
        raise problems.throttled(counter.wait())
