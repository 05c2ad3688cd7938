"""Renditions in modern formats: made whole, made once, and never lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from PIL import Image, ImageCms

from motifs import pictures, renditions
from motifs.models import Photo
from motifs.renditions import render_photo, unrendered
from motifs.tasks import render_photo_task
from tests.factories import ContributionFactory, PhotoFactory, picture_bytes

pytestmark = pytest.mark.django_db
EXTENSIONS = ["avif", "webp"]


def folder(photo: Photo) -> Path:
    return Path(default_storage.path(f"renditions/{photo.sha256[:2]}"))


def files(photo: Photo) -> list[str]:
    if not folder(photo).exists():
        return []
    return sorted(
        path.name.removeprefix(f"{photo.sha256}-") for path in folder(photo).iterdir()
    )


WHOLE = ["1600.avif", "1600.webp", "480.avif", "480.webp"]


def age(photo: Photo, minutes: int = 10) -> None:
    added = timezone.now() - timedelta(minutes=minutes)
    Photo.objects.filter(pk=photo.pk).update(added_at=added)


def served(client, photo, accept: str, size: str = "480"):
    return client.get(photo.url(size), headers={"accept": accept})


class TestMaking:
    def test_both_sizes_are_made_in_both_formats(self):
        photo = PhotoFactory(content=picture_bytes(size=(2000, 1000)))

        render_photo_task(photo.pk)

        assert files(photo) == WHOLE
        for name in WHOLE:
            size, extension = name.split(".")
            path = folder(photo) / f"{photo.sha256}-{name}"
            with Image.open(path) as image:
                assert image.format == extension.upper()
                assert image.size == (int(size), int(size) // 2)
        photo.refresh_from_db()
        assert photo.rendered_at is not None

    def test_without_avif_there_is_webp(self, monkeypatch):
        has = renditions.features.check
        monkeypatch.setattr(
            renditions.features, "check", lambda name: name != "avif" and has(name)
        )
        photo = PhotoFactory()

        render_photo(photo=photo)

        assert files(photo) == ["1600.webp", "480.webp"]

    def test_twice_is_once(self):
        photo = PhotoFactory()
        render_photo_task(photo.pk)
        before = {x.name: x.stat().st_mtime_ns for x in folder(photo).iterdir()}

        render_photo_task(photo.pk)

        after = {x.name: x.stat().st_mtime_ns for x in folder(photo).iterdir()}
        assert before == after

    def test_a_photo_that_is_gone_is_no_error(self):
        render_photo_task(999_999)

    def test_a_withdrawn_photo_is_not_rendered(self):
        photo = PhotoFactory(contribution=ContributionFactory(withdrawn=True))

        render_photo_task(photo.pk)

        assert files(photo) == []

    @pytest.mark.parametrize("extension", EXTENSIONS)
    def test_nothing_but_pixels_of_the_file_is_left(self, extension):
        exif = Image.Exif()
        exif[0x0112] = 6
        exif[0x010F] = "Kamera"
        icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        content = picture_bytes(
            size=(120, 80), exif=exif, icc_profile=icc, comment=b"rahasia"
        )
        photo = PhotoFactory(content=content)

        render_photo(photo=photo)

        path = folder(photo) / f"{photo.sha256}-480.{extension}"
        with Image.open(path) as image:
            assert image.size == (80, 120)
            assert not image.getexif()
            assert not {"icc_profile", "exif", "xmp", "comment"} & set(image.info)
        assert b"rahasia" not in path.read_bytes()

    def test_colours_of_another_space_become_those_of_srgb(self):
        lab = ImageCms.createProfile("sRGB")
        icc = bytearray(ImageCms.ImageCmsProfile(lab).tobytes())
        # The red and the blue primary change places: red pixels are shown blue.
        red, blue = icc.index(b"rXYZ"), icc.index(b"bXYZ")
        icc[red : red + 4], icc[blue : blue + 4] = b"bXYZ", b"rXYZ"
        content = picture_bytes(colour=(250, 0, 0), icc_profile=bytes(icc))

        picture = pictures.drawn(content, 480)

        pixel = picture.getpixel((5, 5))
        assert pixel[2] > 200 > 60 > pixel[0]

    def test_a_profile_that_cannot_be_read_costs_nothing(self):
        content = picture_bytes(colour=(250, 0, 0), icc_profile=b"no profile at all")

        picture = pictures.drawn(content, 480)

        assert picture.getpixel((5, 5))[0] > 240
        assert not picture.info


class TestWhole:
    def test_a_file_appears_whole_or_not_at_all(self, monkeypatch):
        photo = PhotoFactory()

        def break_off(self, target):
            raise OSError("disk full")

        monkeypatch.setattr(Path, "replace", break_off)
        with pytest.raises(OSError, match="disk full"):
            render_photo(photo=photo)

        assert files(photo) == []
        photo.refresh_from_db()
        assert photo.rendered_at is None

    def test_what_a_killed_worker_left_is_deleted(self):
        photo = PhotoFactory()
        folder(photo).mkdir(parents=True)
        left = folder(photo) / f".{photo.sha256}-480.webp.0123"
        fresh = folder(photo) / f".{photo.sha256}-480.webp.4567"
        for path in (left, fresh):
            path.write_bytes(b"half")
        old = time.time() - renditions.PART_AGE_S - 1
        os.utime(left, (old, old))

        render_photo(photo=photo)

        assert not left.exists()
        assert fresh.exists()

    @pytest.mark.django_db(transaction=True)
    def test_eight_at_once_leave_each_file_once(self):
        photo = PhotoFactory(content=picture_bytes(size=(600, 400)))
        failed = []

        def work():
            try:
                render_photo_task(photo.pk)
            except Exception as error:
                failed.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failed == []
        assert files(photo) == WHOLE

    @pytest.mark.django_db(transaction=True)
    def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(self, settings):
        photo = PhotoFactory(content=picture_bytes(size=(600, 400)))
        age(photo)

        child = start_and_kill_after_first_write(photo.pk, settings.MEDIA_ROOT)

        assert child.returncode == -signal.SIGKILL
        # One is there, one is half: what else was to be made is not lost.
        assert "480.avif" in files(photo)
        assert len([name for name in files(photo) if name in WHOLE]) == 1
        assert unrendered(10) == [photo.pk]

        for part in folder(photo).glob(".*"):
            old = time.time() - renditions.PART_AGE_S - 1
            os.utime(part, (old, old))
        render_photo_task(photo.pk)

        assert files(photo) == WHOLE
        assert unrendered(10) == []


CHILD = """
import sys, time
from pathlib import Path
import django
django.setup()
from django.conf import settings
settings.MEDIA_ROOT = sys.argv[2]
from motifs import pictures
from motifs.tasks import render_photo_task
replace, done = Path.replace, []
def slowly(self, target):
    if done:
        print("half", flush=True)
        time.sleep(60)
    done.append(1)
    return replace(self, target)
Path.replace = slowly
render_photo_task(int(sys.argv[1]))
"""


def start_and_kill_after_first_write(
    photo_id: int, media: Path
) -> subprocess.Popen[str]:
    """A process that renders, killed when its second file is written but not there."""
    name = connection.settings_dict["NAME"]
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}")
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(photo_id), str(media)],
        cwd=settings.BASE_DIR,
        env=os.environ
        | {
            "DATABASE_URL": address.geturl(),
            "DJANGO_SETTINGS_MODULE": "heritage.settings",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "half\n"
        child.kill()
    return child


class TestServing:
    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            ("image/avif,image/webp,image/*,*/*;q=0.8", "avif"),
            ("image/webp,image/png,*/*;q=0.5", "webp"),
            ("image/avif;q=0,image/webp", "webp"),
            ("image/*,*/*;q=0.8", "jpeg"),
            ("*/*", "jpeg"),
            ("image/jpeg", "jpeg"),
            ("", "jpeg"),
        ],
    )
    def test_each_browser_gets_the_best_that_it_names(self, client, accept, kind):
        photo = PhotoFactory()
        render_photo(photo=photo)

        response = served(client, photo, accept)

        with Image.open(BytesIO(b"".join(response.streaming_content))) as image:
            assert image.format == kind.upper()
        assert response["Content-Type"] == f"image/{kind}"
        assert "Accept" in response["Vary"]
        assert response["X-Content-Type-Options"] == "nosniff"

    def test_before_the_task_has_run_there_is_a_jpeg(self, client):
        response = served(client, PhotoFactory(), "image/avif,image/webp")

        assert response["Content-Type"] == "image/jpeg"
        assert b"".join(response.streaming_content)

    @pytest.mark.parametrize("accept", ["image/avif", "image/webp", "*/*"])
    def test_withdrawn_the_address_is_gone_at_once(self, client, accept):
        photo = PhotoFactory()
        render_photo(photo=photo)
        b"".join(served(client, photo, accept).streaming_content)

        contribution = photo.contribution
        contribution.state = "withdrawn"
        contribution.withdrawn_at = timezone.now()
        contribution.withdrawn_by = contribution.given_by
        contribution.save()

        assert served(client, photo, accept).status_code == 404

    def test_the_file_as_given_is_saved_and_not_shown_as_a_page(self, client):
        photo = PhotoFactory(content=picture_bytes(format="PNG"))
        client.force_login(photo.contribution.given_by)

        response = client.get(photo.url("original"))

        named = f'attachment; filename="photo-{photo.pk}.png"'
        assert response["Content-Disposition"] == named
        assert response["X-Content-Type-Options"] == "nosniff"
        b"".join(response.streaming_content)


class TestSweep:
    def test_only_what_has_waited_is_found(self):
        fresh, waited, done = PhotoFactory(), PhotoFactory(), PhotoFactory()
        for photo in (waited, done):
            age(photo)
        render_photo(photo=done)

        assert unrendered(10) == [waited.pk]
        assert fresh.pk not in unrendered(10)

    def test_withdrawn_photos_are_left_alone(self):
        age(PhotoFactory(contribution=ContributionFactory(withdrawn=True)))

        assert unrendered(10) == []

    def test_a_batch_is_small(self):
        for _ in range(3):
            age(PhotoFactory())

        assert len(unrendered(2)) == 2

    def test_with_the_queue_down_the_photo_is_not_lost(self, monkeypatch, caplog):
        photo = PhotoFactory()
        age(photo)

        def down(*args):
            raise OSError("no broker")

        monkeypatch.setattr(render_photo_task, "delay", down)

        assert renditions.queue_renditions(photo.pk) is False
        assert "the queue is down" in caplog.text
        assert unrendered(10) == [photo.pk]
