"""The catalogue's part of the API, version 1."""

from django.urls import path

from motifs import api

urlpatterns = [
    path("motifs/", api.MotifListView.as_view(), name="api-motif-list"),
    path("motifs/<slug:slug>/", api.MotifDetailView.as_view(), name="api-motif-detail"),
]
