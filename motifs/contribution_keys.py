"""Who may change what a contribution's key opens.

The key stands in for an account where there is none. What an account gave, only that
account changes: addresses are passed on, left in browsers, and quoted in mails.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from motifs.models import Contribution
from motifs.permissions import is_curator
from motifs.refusals import NotYours

View = Callable[..., HttpResponse]


def is_givers(contribution: Contribution, request: HttpRequest) -> bool:
    """Whether whoever asks, and has the key, is the giver."""
    return contribution.given_by_id in (None, request.user.pk)


def for_its_giver(
    *, is_page: bool = True, or_curator: bool = False
) -> Callable[[View], View]:
    """Let only the giver through to a view whose first argument is the key.

    On pages a visitor is asked to sign in; everybody else is refused.

    Args:
        is_page: a person looks at it; else a script asks.
        or_curator: a curator may act on the giver's behalf.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, key: str, *rest: Any, **named: Any) -> Any:
            contribution = get_object_or_404(
                Contribution.objects.only("given_by", "key"), key=key
            )
            is_let = or_curator and is_curator(request.user)
            if is_let or is_givers(contribution, request):
                return view(request, key, *rest, **named)
            if not is_page:
                sentence = str(NotYours())
                return HttpResponse(sentence, status=403, content_type="text/plain")
            if request.user.is_authenticated:
                raise PermissionDenied
            is_read = request.method in ("GET", "HEAD")
            page = contribution.get_absolute_url()
            return redirect_to_login(request.get_full_path() if is_read else page)

        return guarded

    return guard
