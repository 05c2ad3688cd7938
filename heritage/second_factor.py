"""Curators, model keepers and superusers need a second factor before anything else.

The rule holds where the setting CURATOR_SECOND_FACTOR is on. Their rights show on every
page, not only in the admin: what a curator may see of a photo, for instance. So without
a second factor such an account reaches nothing but its own account's pages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from classifier.problems import CONTENT_TYPE, Problem
from motifs.permissions import is_curator

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from heritage.models import User

SET_UP = "mfa_activate_totp"
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# One's own account, and what pages need that say nothing of anybody.
OPEN_PREFIXES = ("account_", "mfa_")
OPEN = {
    "account",
    "set_language",
    "javascript-catalog",
    "service-worker",
    "web-manifest",
    "offline",
    "health-live",
    "health-ready",
    "admin:logout",
}


def is_required(user: User | AbstractBaseUser | AnonymousUser) -> bool:
    """Whether this person must have a second factor."""
    return bool(
        settings.CURATOR_SECOND_FACTOR
        and user.is_authenticated
        and (
            getattr(user, "is_staff", False)
            or getattr(user, "is_superuser", False)
            or is_curator(user)  # type: ignore[arg-type]
        )
    )


def has_one(user: User | AbstractBaseUser | AnonymousUser) -> bool:
    found = Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS)
    return bool(found.exists())


def is_missing(user: User | AbstractBaseUser | AnonymousUser) -> bool:
    """Whether this person must have a second factor and has none."""
    return is_required(user) and not has_one(user)


class SecondFactorMiddleware:
    """Sends whoever lacks the second factor they need to where it is set up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        name = match.view_name if match else ""
        if name in OPEN or name.startswith(OPEN_PREFIXES):
            return None
        if not is_missing(request.user):
            return None
        if request.path.startswith(("/api/", "/files/")):
            problem = Problem(
                403, "second_factor", _("Set up your second factor first.")
            )
            return JsonResponse(
                problem.document(), status=problem.status, content_type=CONTENT_TYPE
            )
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(reverse(SET_UP))
        return HttpResponseRedirect(reverse(SET_UP))
