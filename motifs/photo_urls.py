"""Pages of photos, and of what is wrong with them."""

from django.urls import path

from motifs import photo_views, problem_views

app_name = "photos"

urlpatterns = [
    path("", photo_views.photo_list, name="photo-list"),
    path("reported/", problem_views.reported, name="reported"),
    path("<int:photo_id>/", photo_views.photo_detail, name="photo-detail"),
    path("<int:photo_id>/report/", problem_views.photo_report, name="photo-report"),
]
