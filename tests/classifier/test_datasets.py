"""What enters a dataset, on which side it is, and that nothing leaks or is lost."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError
from django.db.transaction import atomic
from django.utils.translation import override

from classifier import dataset_files, datasets
from classifier.labels import UNKNOWN_LABELS
from classifier.models import DatasetPhoto, DatasetVersion, PhotoCheck
from ml import dataset as ml_dataset
from motifs.actions import (
    clean_photo,
    flag_photo,
    identify_photo,
    withdraw_contribution,
)
from motifs.models import Access, Flag, Photo
from tests.at_once import at_once
from tests.factories import (
    LONG_AGO,
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    PhotoFactory,
    picture_bytes,
)
from tests.motifs.judging import determine, expert

pytestmark = pytest.mark.django_db


def cloth(motif, photos=2, *, blind=True, checked=True, outcome="motif"):
    """An accepted contribution of one cloth whose photos are determined."""
    contribution = ContributionFactory(accepted=True, consent_to_train=True)
    made = [PhotoFactory(contribution=contribution) for _ in range(photos)]
    for photo in made:
        if checked:
            PhotoCheck.objects.create(photo=photo, checked_at=LONG_AGO)
        if blind:
            determine(photo, motif, outcome=outcome, is_blind=True)
        else:
            for person in (expert(), CuratorFactory()):
                identify_photo(
                    photo=photo,
                    outcome=outcome,
                    motif=motif,
                    by=person,
                    is_blind=False,
                )
            photo.refresh_from_db()
    return made


def cloths(motif, count=4, **how):
    return [cloth(motif, **how) for _ in range(count)]


def sides(plan_or_version):
    rows = getattr(plan_or_version, "rows", None) or plan_or_version.photos.all()
    return {getattr(row, "photo_id", None) or row.photo: row.split for row in rows}


def before_in_group(before, tested):
    """How many photos of a cloth tested."""
    photos = tested.contribution.photos.values_list("pk", flat=True)
    return sum(before[pk] == "test" for pk in photos)


@pytest.fixture
def motif():
    return MotifFactory()


class TestWhatEnters:
    def test_determined_photos_with_consent(self, motif):
        given = cloths(motif)
        without = cloth(motif)
        without[0].contribution.consent_to_train = False
        without[0].contribution.save()
        undetermined = PhotoFactory(contribution__consent_to_train=True)

        found = datasets.plan()

        entering = {row.photo for row in found.rows}
        assert entering == {photo.pk for photos in given for photo in photos}
        assert undetermined.pk not in entering
        assert found.new_count == len(entering)
        assert {row.label for row in found.rows} == {motif.slug}

    def test_not_before_the_checks_looked_for_copies(self, motif):
        cloths(motif)
        late = cloth(motif, checked=False)

        found = datasets.plan()

        assert found.waiting == len(late)
        assert not {row.photo for row in found.rows} & {photo.pk for photo in late}

    def test_a_motif_with_too_few_is_told_and_waits(self, motif):
        cloths(motif)
        rare = MotifFactory()
        cloth(rare, photos=2)

        found = datasets.plan()

        assert {row.label for row in found.rows} == {motif.slug}
        (short,) = found.short
        assert (short.label, short.photos, short.groups) == (rare.slug, 2, 1)
        assert (short.missing_photos, short.missing_groups) == (3, 1)

    def test_a_file_that_is_two_motifs_is_neither(self, motif):
        cloths(motif)
        other = MotifFactory()
        cloths(other)
        same = picture_bytes(colour="teal")
        pair = []
        for one in (motif, other):
            contribution = ContributionFactory(accepted=True, consent_to_train=True)
            photo = PhotoFactory(contribution=contribution, content=same)
            PhotoCheck.objects.create(photo=photo, checked_at=LONG_AGO)
            pair.append(determine(photo, one).pk)

        found = datasets.plan()

        assert found.conflicts == tuple(sorted(pair))
        assert not {row.photo for row in found.rows} & set(pair)

    @pytest.mark.parametrize(
        ("outcome", "label"),
        [("not_cloth", "not-cloth"), ("other_motif", "other-cloth")],
    )
    def test_what_is_no_motif_is_a_label_of_its_own(self, motif, outcome, label):
        cloths(motif)
        given = cloths(None, outcome=outcome)
        seen_before = cloth(None, outcome=outcome, blind=False)

        found = datasets.plan()

        rows = {row.photo: row for row in found.rows if row.label == label}
        assert set(rows) == {p.pk for photos in [*given, seen_before] for p in photos}
        assert {row.split for row in rows.values()} == {"train", "val", "test"}
        assert "test" not in {rows[photo.pk].split for photo in seen_before}
        # Whatever else asks what may train takes them for photos of a motif.
        assert not Photo.objects.trainable().filter(pk__in=rows).exists()

    @pytest.mark.parametrize("outcome", ["printed", "cannot_tell"])
    def test_other_verdicts_teach_nothing(self, motif, outcome):
        cloths(motif)
        cloths(None, outcome=outcome)

        assert {row.label for row in datasets.plan().rows} == {motif.slug}

    def test_too_few_without_a_motif_wait_as_those_of_a_motif_do(self, motif):
        cloths(motif)
        cloth(None, outcome="not_cloth")

        found = datasets.plan()

        (short,) = found.short
        assert (short.label, short.photos, short.groups) == ("not-cloth", 2, 1)
        assert {row.label for row in found.rows} == {motif.slug}

    def test_a_file_of_a_motif_and_of_none_is_neither(self, motif):
        cloths(motif)
        same, pair = picture_bytes(colour="teal"), []
        for one, outcome in ((motif, "motif"), (None, "not_cloth")):
            contribution = ContributionFactory(accepted=True, consent_to_train=True)
            photo = PhotoFactory(contribution=contribution, content=same)
            PhotoCheck.objects.create(photo=photo, checked_at=LONG_AGO)
            pair.append(determine(photo, one, outcome=outcome).pk)

        assert datasets.plan().conflicts == tuple(sorted(pair))

    def test_without_a_motif_nothing_is_built(self):
        cloths(None, outcome="not_cloth")

        assert datasets.plan().rows
        with pytest.raises(datasets.NothingToBuild):
            datasets.build(None)

    def test_nothing_to_build_is_said(self, motif):
        cloth(motif, photos=1)

        with pytest.raises(datasets.NothingToBuild):
            datasets.build(None)


class TestSides:
    def test_every_motif_learns_checks_and_tests(self, motif):
        cloths(motif, 5)

        assert set(sides(datasets.plan()).values()) == {"train", "val", "test"}

    def test_only_blind_labels_test(self, motif):
        cloths(motif, 6, blind=False)

        assert set(sides(datasets.plan()).values()) == {"train", "val"}

    def test_a_disputed_label_does_not_test(self, motif):
        given = cloths(motif, 5)
        for photos in given:
            for photo in photos:
                identify_photo(photo=photo, outcome="printed", motif=None, by=expert())

        assert "test" not in sides(datasets.plan()).values()

    def test_of_two_cloths_neither_tests(self, motif):
        cloths(motif, 2, photos=3)

        assert set(sides(datasets.plan()).values()) == {"train", "val"}

    def test_no_cloth_and_no_copy_is_on_two_sides(self):
        """Many contributions, some of them copies of each other, at random."""
        chance = random.Random(7)
        motifs = [MotifFactory() for _ in range(3)]
        given = [cloth(chance.choice(motifs), chance.randint(1, 3)) for _ in range(18)]
        for _ in range(6):
            one, other = chance.sample(given, 2)
            flag_photo(photo=other[0], kind=Flag.Kind.NEAR_COPY, other=one[0])

        found = datasets.plan()

        of_group, of_contribution = defaultdict(set), defaultdict(set)
        row_of = {row.photo: row for row in found.rows}
        for photos in given:
            for photo in photos:
                if row := row_of.get(photo.pk):
                    of_group[row.group].add(row.split)
                    of_contribution[photo.contribution_id].add(row.split)
        assert len(row_of) > 20
        assert all(len(found) == 1 for found in of_group.values())
        assert all(len(found) == 1 for found in of_contribution.values())
        for flag in Flag.objects.all():
            pair = [row_of.get(flag.photo_id), row_of.get(flag.other_id)]
            if all(pair):
                assert pair[0].group == pair[1].group

    def test_a_group_stays_where_it_was(self, motif):
        cloths(motif, 5)
        before = sides(datasets.build(None))

        cloths(motif, 9)
        after = sides(datasets.build(None))

        assert {pk: after[pk] for pk in before} == before

    def test_what_was_learned_from_never_tests(self, motif):
        first = cloths(motif, 5)
        before = sides(datasets.build(None))
        flat = [photo for photos in first for photo in photos]
        tested = next(photo for photo in flat if before[photo.pk] == "test")
        learned = next(photo for photo in flat if before[photo.pk] == "train")

        flag_photo(photo=tested, kind=Flag.Kind.NEAR_COPY, other=learned)
        after = sides(datasets.plan())

        assert after[tested.pk] == after[learned.pk] == "train"
        found = datasets.plan()
        assert tested.pk in {one.photo for one in found.moved}
        assert found.left_test == before_in_group(before, tested)

    def test_cloths_that_share_a_file_are_one_though_it_enters_once(self, motif):
        cloths(motif, 4)
        one, other = cloth(motif, blind=False), cloth(motif, blind=False)
        same = picture_bytes(colour="teal")
        for photos in (one, other):
            contribution = photos[0].contribution
            photo = PhotoFactory(contribution=contribution, content=same)
            PhotoCheck.objects.create(photo=photo, checked_at=LONG_AGO)
            photos.append(determine(photo, motif))
        flag_photo(photo=other[2], kind=Flag.Kind.EXACT_COPY, other=one[2])

        group = {row.photo: row.group for row in datasets.plan().rows}

        assert other[2].pk not in group
        assert group[one[0].pk] == group[other[0].pk]

    def test_a_cloth_is_known_though_what_taught_it_left(self, motif):
        given = cloths(motif, 5)
        version = datasets.build(None)
        learned = {
            photo.contribution_id
            for photos in given
            for photo in photos
            if version.photos.filter(photo=photo, split="train").exists()
        }
        for photo in (photo for photos in given for photo in photos):
            photo.access = Access.RESTRICTED
            photo.save()
        late = [PhotoFactory(contribution_id=pk) for pk in sorted(learned)]
        for photo in late:
            PhotoCheck.objects.create(photo=photo, checked_at=LONG_AGO)
            determine(photo, motif, is_blind=True)
        cloths(motif, 3, blind=False)

        after = sides(datasets.plan())

        assert {after[photo.pk] for photo in late} == {"train"}

    @pytest.mark.parametrize("seed", range(3))
    def test_over_many_versions_nothing_that_was_learned_from_tests(self, seed):
        """Photos come, go and turn out to be copies, at random."""
        chance = random.Random(seed)
        motif = MotifFactory()
        given: list = cloths(motif, 4)
        learned: set[int] = set()
        for _ in range(4):
            given += [
                cloth(motif, chance.randint(1, 3), blind=chance.random() < 0.8)
                for _ in range(3)
            ]
            one, other = chance.sample(given, 2)
            flag_photo(photo=other[0], kind=Flag.Kind.NEAR_COPY, other=one[0])
            gone = chance.choice(chance.choice(given))
            gone.access = Access.RESTRICTED
            gone.save()

            version = datasets.build(None)

            rows = list(version.photos.select_related("photo"))
            of_group = defaultdict(set)
            for row in rows:
                of_group[row.group].add(row.split)
            assert all(len(found) == 1 for found in of_group.values())
            tests = {r.photo.contribution_id for r in rows if r.split == "test"}
            trains = {r.photo.contribution_id for r in rows if r.split == "train"}
            learned |= trains
            assert tests
            assert not tests & learned


class TestVersions:
    def test_the_same_photos_are_the_same_version(self, motif):
        cloths(motif)

        first, again = datasets.build(None, "first"), datasets.build(None, "again")

        assert first == again
        assert first.number == 1
        assert first.digest == datasets.plan().digest

    def test_what_left_the_test_photos_is_told_with_the_reason(self, motif):
        given = cloths(motif, 6)
        version = datasets.build(None)
        tested = version.photos.filter(split="test").first()
        contribution = tested.photo.contribution

        withdraw_contribution(contribution=contribution, by=contribution.given_by)
        found = datasets.plan()

        left = {one.photo: one for one in found.left}
        assert left.keys() == {photo.pk for photo in contribution.photos.all()}
        assert left[tested.photo_id].split == "test"
        assert str(left[tested.photo_id].why) == "Diambil kembali oleh pemberinya"
        assert len(given) == 6

    def test_a_file_that_became_two_motifs_is_told_as_that(self, motif):
        given = cloths(motif, 5)
        datasets.build(None)
        with given[0][0].image.open("rb") as file:
            content = file.read()
        contribution = ContributionFactory(accepted=True, consent_to_train=True)
        other = PhotoFactory(contribution=contribution, content=content)
        PhotoCheck.objects.create(photo=other, checked_at=LONG_AGO)
        determine(other, MotifFactory())

        with override("en"):
            (left,) = datasets.plan().left
            why = str(left.why)

        assert left.photo == given[0][0].pk
        assert why == "The same file is determined otherwise elsewhere"

    def test_why_what_is_no_motif_left(self, motif):
        cloths(motif)
        many = cloths(None, 3, outcome="not_cloth")
        datasets.build(None)
        withdrawn, restricted = many[0][0].contribution, many[1][0]
        withdraw_contribution(contribution=withdrawn, by=withdrawn.given_by)
        restricted.access = Access.RESTRICTED
        restricted.save()

        with override("en"):
            left = datasets.plan().left
            why = {one.photo: str(one.why) for one in left if one.label == "not-cloth"}

        assert why == {
            many[0][0].pk: "Taken back by its giver",
            many[0][1].pk: "Taken back by its giver",
            restricted.pk: "Restricted, or no longer of one published motif or of none",
            many[1][1].pk: "There are too few photos of its kind now",
            many[2][0].pk: "There are too few photos of its kind now",
            many[2][1].pk: "There are too few photos of its kind now",
        }

    def test_the_difference_of_two(self, motif):
        cloths(motif, 5)
        old = datasets.build(None)
        new_cloth = cloth(motif)
        gone = old.photos.filter(split="train").first().photo.contribution
        withdraw_contribution(contribution=gone, by=gone.given_by)
        new = datasets.build(None)

        found = datasets.difference(old, new)

        assert {one.photo_id for one in found.entered} == {p.pk for p in new_cloth}
        assert {one.photo for one in found.left} == {p.pk for p in gone.photos.all()}
        assert found.relabelled == ()

    def test_a_version_never_changes(self, motif):
        cloths(motif)
        version = datasets.build(None)

        for change in (
            lambda: version.photos.update(label="other"),
            lambda: version.photos.all().delete(),
            lambda: DatasetVersion.objects.filter(pk=version.pk).update(number=9),
        ):
            with pytest.raises(IntegrityError, match="only ever added"), atomic():
                change()
        version.note = "a note may"
        version.save(update_fields=["note"])


@pytest.mark.django_db(transaction=True)
def test_of_two_builders_at_once_one_builds(motif):
    cloths(motif)

    raised = at_once(lambda: datasets.build(None), lambda: datasets.build(None))

    assert raised == [None, None]
    assert DatasetVersion.objects.count() == 1


class TestFolder:
    def test_is_read_by_ml_as_it_was_frozen(self, motif, tmp_path):
        cloths(motif, 5)
        other = MotifFactory()
        cloths(other, 4, blind=False)
        cloths(None, 4, outcome="not_cloth")
        cloths(None, 4, outcome="other_motif")
        version = datasets.build(None)

        report = dataset_files.export(version, tmp_path / "d1")
        read = ml_dataset.split(ml_dataset.load(tmp_path / "d1"), seed=3)

        frozen = {(one.label, one.split, one.group) for one in version.photos.all()}
        assert report.written == version.photos.count() == len(read.samples)
        assert {(s.label, s.split, s.group) for s in read.samples} == frozen
        # No blind label of the second motif: ml deals it none of its own.
        assert ("test" in read.counts()[other.slug]) is False
        assert read.motifs == tuple(sorted((motif.slug, other.slug)))
        assert set(read.unknown) == set(ml_dataset.UNKNOWN_LABELS)
        assert set(UNKNOWN_LABELS) == set(ml_dataset.UNKNOWN_LABELS)
        assert dataset_files.GROUPS_FILE == ml_dataset.GROUPS_FILE
        assert dataset_files.SIDES_FILE == ml_dataset.SIDES_FILE

    def test_holds_nothing_that_was_taken_back_since(self, motif, tmp_path):
        given = cloths(motif, 5)
        version = datasets.build(None)
        contribution = given[0][0].contribution
        withdraw_contribution(contribution=contribution, by=contribution.given_by)

        report = dataset_files.export(version, tmp_path / "d1")

        names = {path.stem for path in (tmp_path / "d1").rglob("*.jpg")}
        assert report.withheld == 2
        assert report.reasons == {"Diambil kembali oleh pemberinya": 2}
        assert not names & {str(photo.pk) for photo in given[0]}
        assert len(names) == report.written

    def test_a_photo_whose_file_was_cleaned_since_is_the_one_that_was_frozen(
        self, motif, tmp_path
    ):
        photo = cloths(motif, 5)[0][0]
        with photo.image.open("rb") as file:
            clean = file.read()
        note = b"\xff\xfe" + (6).to_bytes(2, "big") + b"Siti"
        said = clean[:2] + note + clean[2:]
        photo.image.save("photo", ContentFile(said), save=False)
        photo.sha256 = hashlib.sha256(said).hexdigest()
        photo.save()
        version = datasets.build(None)

        assert clean_photo(photo=photo)
        dataset_files.export(version, tmp_path / "d1")

        (written,) = (tmp_path / "d1").rglob(f"{photo.pk}.jpg")
        assert written.read_bytes() == clean

    @pytest.mark.parametrize("harm", ["altered", "missing"])
    def test_a_file_that_is_not_what_was_frozen_stops_it(
        self, motif, tmp_path, harm, settings
    ):
        settings.MEDIA_ROOT = tmp_path / "media"
        given = cloths(motif, 5)
        version = datasets.build(None)
        photo = given[0][0]
        with photo.image.open("rb") as file:
            name = photo.image.storage.path(file.name)
        from pathlib import Path

        if harm == "altered":
            Path(name).write_bytes(b"another picture")
        else:
            Path(name).unlink()

        with pytest.raises(dataset_files.ExportError, match=str(photo.pk)):
            dataset_files.export(version, tmp_path / "out" / "d1")

        assert list((tmp_path / "out").iterdir()) == []


def test_a_dataset_photo_has_one_of_three_sides(motif):
    photo = cloth(motif)[0]
    version = DatasetVersion.objects.create(number=1, digest="0" * 64)

    with pytest.raises(IntegrityError, match="dataset_photo_has_a_side"):
        DatasetPhoto.objects.create(
            dataset=version,
            photo=photo,
            sha256="0" * 64,
            label="x",
            split="none",
            group="g",
            reason="determined",
        )
