"""Without a network: the service worker, the app's manifest, and what may be kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classifier import files, network

HEADER = "Langgundi-Offline"
KEPT = {
    "home",
    "about",
    "motifs:motif-list",
    "motifs:motif-detail",
    "classifier:identify",
}
"""Pages that a browser may keep when nobody is logged in."""
NAMED = (
    "css/base.css",
    "css/identify.css",
    "js/identify.js",
    "js/camera.js",
    "js/recogniser.worker.js",
    "js/look.js",
    "js/coach.js",
)
"""What the start pages are made of; imports are in the digest of who imports."""


class OfflineMiddleware:
    """Marks the pages that a service worker may keep.

    Never one that was made for a session, nor the answer to a form or a query.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if (
            request.method == "GET"
            and response.status_code == 200
            and match is not None
            and match.view_name in KEPT
            and not request.GET
            and settings.SESSION_COOKIE_NAME not in request.COOKIES
        ):
            response[HEADER] = "1"
        return response


@never_cache
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """Give the service worker, whose scope is the whole site.

    It begins with what it must know; as its bytes change, browsers take the new one.
    """
    source = Path(str(finders.find("js/sw.js"))).read_text(encoding="utf-8")
    pages = [_in(code, "classifier:identify") for code, _name in settings.LANGUAGES]
    model = network.current()
    parts = [
        source,
        model.sha256 if model else "",
        files.runtime_url(),
        *(static(name) for name in NAMED),
    ]
    version = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    facts = {
        "VERSION": version,
        "START_PAGES": pages,
        "OFFLINE_PAGE": reverse("offline"),
        "MODEL": reverse("api-model"),
    }
    head = "".join(f"const {k} = {json.dumps(v)};\n" for k, v in facts.items())
    response = HttpResponse(head + source, content_type="text/javascript")
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """Say how the site looks when it is installed."""
    icons: list[dict[str, Any]] = [
        {
            "src": static(f"img/icon-{side}.png"),
            "sizes": f"{side}x{side}",
            "type": "image/png",
            "purpose": purpose,
        }
        for side in (192, 512)
        for purpose in ("any", "maskable")
    ]
    content = {
        "name": "Langgundi",
        "short_name": "Langgundi",
        "description": _("Motifs of Sasirangan cloth, and a recogniser of them."),
        "lang": request.LANGUAGE_CODE,
        "start_url": reverse("classifier:identify"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#faf7f0",
        "theme_color": "#faf7f0",
        "icons": icons,
    }
    return JsonResponse(content, content_type="application/manifest+json")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Say that a page is not on this device."""
    return render(request, "heritage/offline.html")


def _in(language: str, view: str) -> str:
    with override(language):
        return reverse(view)
