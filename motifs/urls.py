"""Pages of the catalogue."""

from django.urls import path

from motifs import feeds, photo_views, problem_views, views

app_name = "motifs"

urlpatterns = [
    path("", views.motif_list, name="motif-list"),
    path("<slug:slug>/", views.motif_detail, name="motif-detail"),
    path("<slug:slug>/photos/", photo_views.motif_photos, name="motif-photos"),
    path("<slug:slug>/feed/", feeds.motif_photos, name="motif-feed"),
    path("<slug:slug>/report/", problem_views.motif_report, name="motif-report"),
]
