"""The catalogue's part of the API, version 1."""

from django.urls import path

from motifs import api, photo_api

urlpatterns = [
    path("motifs/", api.MotifListView.as_view(), name="api-motif-list"),
    path("motifs/<slug:slug>/", api.MotifDetailView.as_view(), name="api-motif-detail"),
    path("photos/", photo_api.PhotoListView.as_view(), name="api-photo-list"),
    path(
        "photos/<int:photo_id>/",
        photo_api.PhotoDetailView.as_view(),
        name="api-photo-detail",
    ),
]
