"""Pages of the catalogue."""

from django.urls import path

from motifs import views

app_name = "motifs"

urlpatterns = [
    path("", views.motif_list, name="motif-list"),
    path("<slug:slug>/", views.motif_detail, name="motif-detail"),
]
