"""How often one network address may ask for what costs something."""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from redis.exceptions import RedisError
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

logger = logging.getLogger(__name__)


class AddressThrottle(SimpleRateThrottle):
    """A rate of the settings, by its scope's name there, for each network address.

    Without its cache it lets everyone pass: a dead counter must not close the site.
    """

    def __init__(self, scope: str) -> None:
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
            logger.warning(
                "%s is not throttled, the cache is down: %s", self.scope, error
            )
            return True


def seconds_to_wait(request: Any, scope: str) -> float | None:
    """Count a request; return None if it may pass, else after how long to ask again."""
    counter = AddressThrottle(scope)
    if counter.allow_request(request, None):
        return None
    return counter.wait() or 60.0
