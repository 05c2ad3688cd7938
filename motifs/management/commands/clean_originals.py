"""Clean the photos that were stored before today's rule; once after it has changed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import IntegrityError

from motifs.actions import clean_photo
from motifs.metadata import Damaged
from motifs.models import Photo
from motifs.refusals import PhotoGivenAlready

TROUBLES = (FileNotFoundError, Damaged, PhotoGivenAlready, IntegrityError)


class Command(BaseCommand):
    help = (
        "Remove from stored originals what says where, when and by whom they were "
        "taken. The pictures stay the same; doing it twice is the same as once."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        cleaned = 0
        for pk in Photo.objects.order_by("pk").values_list("pk", flat=True):
            photo = Photo.objects.filter(pk=pk).first()
            if photo is None:
                continue
            try:
                cleaned += clean_photo(photo=photo)
            except TROUBLES as error:
                self.stderr.write(f"photo {pk} is left as it is: {error!r}")
        self.stdout.write(f"cleaned: {cleaned}")
