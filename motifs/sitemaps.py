"""What search engines may read: published motifs and shown photos, in each language."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet
from django.urls import reverse

from motifs.models import Motif, Photo


class ListSitemap(Sitemap[str]):
    """The lists themselves, from which everything else is found."""

    i18n = True
    alternates = True
    x_default = True

    def items(self) -> list[str]:
        return ["motifs:motif-list", "photos:photo-list"]

    def location(self, item: str) -> str:
        return reverse(item)


class MotifSitemap(Sitemap[Motif]):
    i18n = True
    alternates = True
    x_default = True

    def items(self) -> QuerySet[Motif]:
        return Motif.objects.published().order_by("pk")


class PhotoSitemap(Sitemap[Photo]):
    i18n = True
    alternates = True
    x_default = True
    # Each address stands once a language: a file may hold 50,000 of them.
    limit = 10_000

    def items(self) -> QuerySet[Photo]:
        real = Photo.objects.shown().filter(contribution__is_demonstration=False)
        return real.select_related("contribution").order_by("pk")

    def lastmod(self, photo: Photo) -> datetime | None:
        return photo.determined_at or photo.contribution.accepted_at


SITEMAPS = {"lists": ListSitemap, "motifs": MotifSitemap, "photos": PhotoSitemap}
