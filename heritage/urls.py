"""Every address of the site. Pages carry their language, the API and files do not."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.sitemaps import views as sitemap_views
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog, set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from heritage import metrics, offline, views
from motifs import feeds
from motifs.sitemaps import SITEMAPS

urlpatterns = [
    path("health/live", views.live, name="health-live"),
    path("health/ready", views.ready, name="health-ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", sitemap_views.index, {"sitemaps": SITEMAPS}, name="sitemap"),
    path(
        "sitemap-<section>.xml",
        sitemap_views.sitemap,
        {"sitemaps": SITEMAPS},
        name="django.contrib.sitemaps.views.sitemap",
    ),
    path("sw.js", offline.service_worker, name="service-worker"),
    path("i18n/setlang/", set_language, name="set_language"),
    path("api/v1/", include("motifs.api_urls")),
    path("api/v1/", include("classifier.api_urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(
            url_name="api-schema", template_name="api_docs.html"
        ),
        name="api-docs",
    ),
    path("files/", include("motifs.file_urls")),
    path("files/", include("classifier.file_urls")),
    *i18n_patterns(
        path("", views.home, name="home"),
        path("about/", views.about, name="about"),
        path("offline/", offline.offline, name="offline"),
        path("app.webmanifest", offline.manifest, name="web-manifest"),
        path("motifs/", include("motifs.urls")),
        path("photos/", include("motifs.photo_urls")),
        path("contributors/", include("motifs.contributor_urls")),
        path("feed/", feeds.photos, name="feed"),
        path("contributions/", include("motifs.contribution_urls")),
        path("identify/", include("classifier.urls")),
        path("model/", include("classifier.model_urls")),
        path("account/", include("heritage.account_urls")),
        # One page changes a password, the one with rate limits and a mail about it.
        path(
            "admin/password_change/",
            RedirectView.as_view(pattern_name="account_change_password"),
        ),
        path("expert/", include("motifs.expert_urls")),
        path("admin/", admin.site.urls),
        path("jsi18n/", JavaScriptCatalog.as_view(), name="javascript-catalog"),
    ),
]
