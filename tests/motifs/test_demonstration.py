"""Demonstration people and contributions: labelled, harmless, and made only once."""

import stat
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from PIL import Image

from motifs import demonstration
from motifs.models import Contribution, Photo
from motifs.permissions import is_curator
from tests.factories import MotifFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def renderings(tmp_path, monkeypatch):
    """A folder with two rendered cloths, in place of the project's own."""
    for slug, colour in [("gigi-haruan", "indigo"), ("ular-lidi", "maroon")]:
        MotifFactory(slug=slug)
        Image.new("RGB", (240, 180), colour).save(tmp_path / f"{slug}.webp")
    monkeypatch.setattr(demonstration.seed, "__defaults__", (tmp_path,))
    return tmp_path


def seed(**options):
    out = StringIO()
    call_command("seed_demo", stdout=out, **options)
    return out.getvalue().strip()


class TestSeedDemo:
    def test_there_is_something_to_moderate_and_something_decided(self, renderings):
        line = seed(count=8)

        states = Contribution.objects.values_list("state", flat=True)
        assert sorted(states) == ["accepted"] * 2 + ["declined"] * 2 + ["submitted"] * 4
        assert line == "8 demonstration contributions, 8 of them new"

    def test_each_says_that_it_is_a_demonstration_and_never_trains(self, renderings):
        seed(count=8)

        for contribution in Contribution.objects.all():
            assert contribution.is_demonstration
            assert not contribution.consent_to_train
            assert "Demonstration" in contribution.story
            assert contribution.given_by.username == "penyumbang-contoh"

    def test_each_has_a_photo_of_its_motifs_rendering(self, renderings):
        seed(count=8)

        for contribution in Contribution.objects.all():
            photo = contribution.photos.get()
            assert photo.media_type == "image/jpeg"
            assert photo.width <= 240

    def test_further_contributions_of_a_motif_are_other_photos(self, renderings):
        seed(count=8)

        assert Photo.objects.values("sha256").distinct().count() == 8

    def test_a_second_run_adds_nothing(self, renderings):
        seed(count=4)

        assert seed(count=4) == "4 demonstration contributions, 0 of them new"
        assert Contribution.objects.count() == 4

    def test_a_larger_number_adds_what_is_missing(self, renderings):
        seed(count=2)

        assert seed(count=3) == "3 demonstration contributions, 1 of them new"

    def test_what_was_withdrawn_is_not_made_again(self, renderings):
        seed(count=2)
        given = Contribution.objects.first()
        given.state, given.withdrawn_by = "withdrawn", given.given_by
        given.withdrawn_at = given.given_at
        given.save()

        seed(count=2)

        assert Contribution.objects.count() == 2

    def test_accepted_ones_are_shown_to_everybody(self, renderings):
        seed(count=2)

        assert Photo.objects.visible_to(AnonymousUser()).count() == 1

    def test_without_renderings_it_says_what_to_do(self, tmp_path, monkeypatch):
        monkeypatch.setattr(demonstration.seed, "__defaults__", (tmp_path,))

        with pytest.raises(CommandError, match="python -m ml synthesize"):
            seed()

    def test_a_negative_number_is_refused(self):
        with pytest.raises(CommandError, match="negative"):
            seed(count=-1)

    def test_nobody_can_sign_in_as_the_contributor(self, renderings):
        seed(count=1)

        assert not demonstration.demo_contributor().has_usable_password()


class TestCreateDemoCurator:
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "a folder" / "password"

    def create(self, path):
        out = StringIO()
        call_command("create_demo_curator", password_file=path, stdout=out)
        return out.getvalue().strip()

    def test_a_staff_curator_who_can_sign_in_with_what_was_printed(self, path):
        line = self.create(path)

        user = get_user_model().objects.get(username="kurator")
        password = path.read_text().strip()
        assert user.check_password(password)
        assert user.is_staff
        assert not user.is_superuser
        assert is_curator(user)
        assert password in line

    def test_the_file_is_for_its_owner_only(self, path):
        self.create(path)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_file_that_others_could_read_is_replaced(self, path):
        path.parent.mkdir()
        path.write_text("old")
        path.chmod(0o644)

        self.create(path)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_second_run_keeps_the_curator_and_prints_no_password(self, path):
        self.create(path)
        password = path.read_text().strip()

        line = self.create(path)

        assert password not in line
        assert str(path) in line
        assert get_user_model().objects.get(username="kurator").check_password(password)

    def test_a_lost_file_is_answered_with_what_to_do(self, path):
        self.create(path)
        path.unlink()

        line = self.create(path)

        assert "changepassword kurator" in line
        assert not path.exists()

    def test_a_curator_made_by_seed_demo_gets_a_password(self, path):
        demonstration.demo_curator()

        assert "password" in self.create(path)

    def test_passwords_differ_from_site_to_site(self, path):
        self.create(path)
        first = path.read_text()
        get_user_model().objects.all().delete()

        self.create(path)

        assert path.read_text() != first
