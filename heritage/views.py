"""Pages that belong to no single app: home, about, health."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from motifs import background
from motifs.models import Motif, Source

# Three motifs that show how different they can be: a line, scattered units, a wave.
FEATURED = ("hiris-pudak", "bintang-bahambur", "bayam-raja")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    published = Motif.objects.published()
    labelled = published.with_labels(get_language() or "id")
    context = {
        "featured": list(labelled.filter(slug__in=FEATURED)),
        "counts": {
            "motifs": published.count(),
            "documented": published.filter(status=Motif.Status.DOCUMENTED).count(),
            "sources": Source.objects.count(),
        },
    }
    return render(request, "heritage/home.html", context)


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    sections = background.sections(get_language() or "id")
    return render(request, "heritage/about.html", {"sections": sections})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell search engines where the sitemap is, and what is not for them."""
    sitemap = request.build_absolute_uri(reverse("sitemap"))
    lines = ["User-agent: *", "Disallow: /*/admin/", "", f"Sitemap: {sitemap}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """The process answers and reaches its database: 200, else 503, never 500."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "database unreachable"}, status=503)
    return JsonResponse({"status": "ok"})
