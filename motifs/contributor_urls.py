"""Pages of people who chose to be named in public."""

from django.urls import path

from motifs import photo_views

app_name = "contributors"

urlpatterns = [
    path("<int:user_id>/", photo_views.contributor_detail, name="contributor-detail"),
]
