"""Clean the photos that were stored before today's rule; once after it has changed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from motifs.actions import clean_photo
from motifs.metadata import Damaged
from motifs.models import Photo
from motifs.refusals import PhotoGivenAlready

TROUBLES = (OSError, Damaged, IntegrityError)


class Command(BaseCommand):
    help = (
        "Remove from stored originals what says where, when and by whom they were "
        "taken. The pictures stay the same; doing it twice is the same as once."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        cleaned = left = 0
        for pk in Photo.objects.order_by("pk").values_list("pk", flat=True):
            try:
                photo = Photo.objects.select_related("contribution").get(pk=pk)
                cleaned += clean_photo(photo=photo)
            except Photo.DoesNotExist:
                # Its giver has removed it meanwhile.
                continue
            except PhotoGivenAlready:
                left += 1
                page = settings.SITE_URL + photo.contribution.get_absolute_url()
                self.stderr.write(
                    f"photo {pk} is left as it is: cleaned, it is the same as another "
                    f"of its contribution. Take one of the two back at {page} and run "
                    "this again."
                )
            except TROUBLES as error:
                left += 1
                self.stderr.write(f"photo {pk} is left as it is: {error!r}")
        self.stdout.write(f"cleaned: {cleaned}")
        if left:
            photos = "1 photo is" if left == 1 else f"{left} photos are"
            raise CommandError(f"{photos} left with what they say.")
