"""Files that only some may see; they have no language."""

from django.urls import re_path

from motifs import pictures, views

SIZE = "|".join([*pictures.SIZES, pictures.ORIGINAL])

urlpatterns = [
    re_path(
        rf"^photos/(?P<photo_id>[0-9]{{1,18}})/(?P<size>{SIZE})$",
        views.photo_file,
        name="photo-file",
    ),
]
