"""Pages that belong to no single app: home, about, health."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from motifs import pages


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "heritage/home.html", pages.home_context())


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    context = pages.about_context(language=get_language() or "id")
    return render(request, "heritage/about.html", context)


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """The process answers and reaches its database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # whatever a driver raises, the answer is: not ready
        return JsonResponse({"status": "database unreachable"}, status=503)
    return JsonResponse({"status": "ok"})
