"""Where experts say what photos show."""

from django.urls import path, re_path

from motifs import expert_views as views
from motifs import pictures

app_name = "experts"

urlpatterns = [
    path("", views.next_photo, name="next"),
    path("undo/", views.undo, name="undo"),
    path("disputes/", views.disputes, name="disputes"),
    path("agreement/", views.agreement_page, name="agreement"),
    path("rule/", views.rule, name="rule"),
    path("<int:photo_id>/", views.photo, name="photo"),
    path("<int:photo_id>/skip/", views.skip, name="skip"),
    path("<int:photo_id>/comment/", views.comment, name="comment"),
    re_path(
        rf"^(?P<photo_id>[0-9]{{1,18}})/file/(?P<size>{'|'.join(pictures.SIZES)})$",
        views.photo_file,
        name="photo-file",
    ),
]
