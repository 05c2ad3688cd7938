"""Each rule of a change to the catalogue, and each refusal."""

import threading
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from PIL import Image

from motifs import actions, pictures, refusals
from motifs.models import Contribution, Motif, Photo
from motifs.pictures import MAX_BYTES
from motifs.signals import photo_added
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
    picture_bytes,
)

pytestmark = pytest.mark.django_db


def upload(content=None, **options):
    return BytesIO(picture_bytes(**options) if content is None else content)


def draft_of(person, **fields):
    return actions.start_contribution(
        by=person, licence="CC-BY-4.0", consent_to_show=True, **fields
    )


@pytest.fixture
def announced():
    """Ids of the photos that were announced."""
    heard = []

    def listen(sender, photo_id, **kwargs):
        heard.append(photo_id)

    photo_added.connect(listen)
    yield heard
    photo_added.disconnect(listen)


class TestStart:
    def test_a_contribution_begins_as_a_draft_of_its_giver(self):
        person, motif = UserFactory(), MotifFactory()

        draft = actions.start_contribution(by=person, motif=motif, place="Martapura")

        assert (draft.state, draft.given_by, draft.motif) == ("draft", person, motif)
        assert not draft.consent_to_show
        assert not draft.consent_to_train


class TestAddPhoto:
    def test_the_file_is_kept_byte_for_byte_with_its_facts(self):
        person = UserFactory()
        content = picture_bytes(size=(120, 80), format="PNG")

        photo = actions.add_photo(
            contribution=draft_of(person), image=upload(content), by=person
        )

        with photo.image.open() as file:
            assert file.read() == content
        assert (photo.width, photo.height, photo.media_type) == (120, 80, "image/png")
        assert photo.position == 1

    def test_width_and_height_are_as_seen(self):
        person = UserFactory()
        exif = Image.Exif()
        exif[0x0112] = 6

        photo = actions.add_photo(
            contribution=draft_of(person),
            image=upload(size=(120, 80), exif=exif),
            by=person,
        )

        assert (photo.width, photo.height) == (80, 120)

    def test_photos_keep_the_order_they_came_in(self):
        person = UserFactory()
        draft = draft_of(person)

        for colour in ("red", "green", "blue"):
            actions.add_photo(
                contribution=draft, image=upload(colour=colour), by=person
            )

        assert [photo.position for photo in draft.photos.all()] == [1, 2, 3]

    def test_a_photo_is_announced_once_it_is_really_there(
        self, announced, django_capture_on_commit_callbacks
    ):
        person = UserFactory()
        with django_capture_on_commit_callbacks() as callbacks:
            photo = actions.add_photo(
                contribution=draft_of(person), image=upload(), by=person
            )
        assert announced == []

        for callback in callbacks:
            callback()

        assert announced == [photo.pk]

    def test_a_listener_that_fails_cannot_refuse_a_photo(
        self, django_capture_on_commit_callbacks
    ):
        def fail(**kwargs):
            raise ConnectionError("the queue is dead")

        photo_added.connect(fail)
        person = UserFactory()

        with django_capture_on_commit_callbacks(execute=True):
            actions.add_photo(contribution=draft_of(person), image=upload(), by=person)
        photo_added.disconnect(fail)

        assert Photo.objects.count() == 1

    def test_only_to_ones_own(self):
        draft = draft_of(UserFactory())

        with pytest.raises(refusals.NotYours):
            actions.add_photo(contribution=draft, image=upload(), by=CuratorFactory())

    def test_only_while_nobody_has_decided(self):
        accepted = ContributionFactory(accepted=True)

        with pytest.raises(refusals.AlreadyDecided):
            actions.add_photo(
                contribution=accepted, image=upload(), by=accepted.given_by
            )

    def test_to_what_is_submitted_and_that_is_on_record(self):
        submitted = ContributionFactory()

        photo = actions.add_photo(
            contribution=submitted, image=upload(), by=submitted.given_by
        )

        entry = submitted.history.get()
        assert entry.verb == "edited"
        assert entry.data["added_photo"]["sha256"] == photo.sha256

    def test_not_the_same_photo_twice(self):
        person = UserFactory()
        draft = draft_of(person)
        actions.add_photo(contribution=draft, image=upload(), by=person)

        with pytest.raises(refusals.PhotoGivenAlready):
            actions.add_photo(contribution=draft, image=upload(), by=person)

    def test_not_more_than_fit_a_contribution(self, monkeypatch):
        monkeypatch.setattr(actions.contributions, "MAX_PHOTOS", 1)
        person = UserFactory()
        draft = draft_of(person)
        actions.add_photo(contribution=draft, image=upload(), by=person)

        with pytest.raises(refusals.TooManyPhotos):
            actions.add_photo(contribution=draft, image=upload(colour="red"), by=person)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"not a picture",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            picture_bytes()[:200],
            picture_bytes(size=(400, 400), format="PNG")[:-60],
            picture_bytes(format="GIF"),
            picture_bytes(format="BMP"),
            picture_bytes(format="TIFF"),
            b"\xff\xd8\xff\xe0" + b"\0" * 50,
            b"%PDF-1.7 %%EOF",
        ],
        ids=range(10),
    )
    def test_only_a_picture_that_can_be_read(self, content):
        person = UserFactory()
        draft = draft_of(person)

        with pytest.raises(refusals.NotAPhoto):
            actions.add_photo(contribution=draft, image=upload(content), by=person)

        assert not draft.photos.exists()

    def test_not_a_giant_file(self):
        person = UserFactory()
        giant = picture_bytes() + b"\0" * MAX_BYTES

        with pytest.raises(refusals.PhotoTooLarge):
            actions.add_photo(
                contribution=draft_of(person), image=upload(giant), by=person
            )

    @pytest.mark.parametrize("size", [(8160, 6144), (9248, 6936)])
    def test_what_phones_of_50_and_64_megapixels_take_is_a_photo(self, size):
        person = UserFactory()
        taken = upload(picture_bytes(size, quality=50))

        photo = actions.add_photo(contribution=draft_of(person), image=taken, by=person)

        assert (photo.width, photo.height) == size
        assert pictures.rendition(photo, "1600")

    def test_not_a_jpeg_of_more(self):
        person = UserFactory()
        giant = upload(picture_bytes((9600, 6900), quality=50))

        with pytest.raises(refusals.PhotoTooLarge):
            actions.add_photo(contribution=draft_of(person), image=giant, by=person)

    @pytest.mark.parametrize("side", [7_100, 9_600, 14_000])
    def test_not_a_small_file_of_giant_pixels(self, side):
        bomb = BytesIO()
        Image.new("1", (side, side)).save(bomb, "PNG")
        person = UserFactory()

        with pytest.raises(refusals.PhotoTooLarge):
            actions.add_photo(
                contribution=draft_of(person), image=upload(bomb.getvalue()), by=person
            )

    def test_a_refused_photo_leaves_no_file(self, settings):
        person = UserFactory()
        draft = draft_of(person)
        photo = actions.add_photo(contribution=draft, image=upload(), by=person)

        with pytest.raises(refusals.PhotoGivenAlready):
            actions.add_photo(contribution=draft, image=upload(), by=person)

        folder = photo.image.name.rpartition("/")[0]
        assert len(default_storage.listdir(folder)[1]) == 1


class TestSubmit:
    def test_a_draft_becomes_submitted(self):
        photo = PhotoFactory(contribution=ContributionFactory(draft=True))
        draft = photo.contribution

        actions.submit_contribution(contribution=draft, by=draft.given_by)

        assert draft.state == "submitted"
        assert draft.submitted_at is not None

    def test_only_ones_own(self):
        draft = PhotoFactory(contribution=ContributionFactory(draft=True)).contribution

        with pytest.raises(refusals.NotYours):
            actions.submit_contribution(contribution=draft, by=CuratorFactory())

    def test_only_once(self):
        submitted = PhotoFactory(contribution=ContributionFactory()).contribution

        with pytest.raises(refusals.NotADraft):
            actions.submit_contribution(contribution=submitted, by=submitted.given_by)

    def test_not_without_photos(self):
        draft = ContributionFactory(draft=True)

        with pytest.raises(refusals.NoPhotos):
            actions.submit_contribution(contribution=draft, by=draft.given_by)

    def test_not_without_a_licence(self):
        draft = PhotoFactory(
            contribution=ContributionFactory(draft=True, licence="")
        ).contribution

        with pytest.raises(refusals.NoLicence):
            actions.submit_contribution(contribution=draft, by=draft.given_by)

    def test_not_before_it_is_said_whether_people_are_in_the_photos(self):
        draft = PhotoFactory(
            contribution=ContributionFactory(draft=True, people="")
        ).contribution

        with pytest.raises(refusals.PeopleNotSaid):
            actions.submit_contribution(contribution=draft, by=draft.given_by)


class TestDecide:
    def test_accepting_records_who_and_when(self):
        contribution, curator = ContributionFactory(), CuratorFactory()

        actions.accept_contribution(contribution=contribution, by=curator)

        assert contribution.state == "accepted"
        assert contribution.accepted_by == curator
        assert contribution.accepted_at is not None

    def test_declining_records_who_when_and_why(self):
        contribution, curator = ContributionFactory(), CuratorFactory()

        actions.decline_contribution(
            contribution=contribution, by=curator, reason=" Terlalu kabur. "
        )

        assert contribution.state == "declined"
        assert contribution.declined_by == curator
        assert contribution.declined_at is not None
        assert contribution.decline_reason == "Terlalu kabur."

    def test_declining_needs_a_reason(self):
        contribution = ContributionFactory()

        with pytest.raises(refusals.NoReason):
            actions.decline_contribution(
                contribution=contribution, by=CuratorFactory(), reason=" \n"
            )

    @pytest.mark.parametrize(
        "act",
        [
            actions.accept_contribution,
            lambda **who: actions.decline_contribution(reason="Kabur.", **who),
        ],
        ids=["accept", "decline"],
    )
    class TestEither:
        def test_only_by_a_curator(self, act):
            contribution = ContributionFactory()

            for person in (contribution.given_by, UserFactory(is_staff=True)):
                with pytest.raises(refusals.NotACurator):
                    act(contribution=contribution, by=person)

            contribution.refresh_from_db()
            assert contribution.state == "submitted"

        @pytest.mark.parametrize(
            "state", ["draft", "accepted", "declined", "withdrawn"]
        )
        def test_only_what_is_waiting(self, act, state):
            contribution = ContributionFactory(**{state: True})

            with pytest.raises(refusals.NotWaiting):
                act(contribution=contribution, by=CuratorFactory())

        def test_a_stale_object_decides_nothing(self, act):
            stale = ContributionFactory()
            fresh = Contribution.objects.get(pk=stale.pk)
            actions.withdraw_contribution(contribution=fresh, by=fresh.given_by)

            with pytest.raises(refusals.NotWaiting):
                act(contribution=stale, by=CuratorFactory())

    def test_an_administrator_is_a_curator(self):
        contribution = ContributionFactory()

        actions.accept_contribution(
            contribution=contribution, by=UserFactory(is_superuser=True)
        )

        assert contribution.state == "accepted"


class TestWithdraw:
    @pytest.mark.parametrize("state", ["draft", "accepted", "declined"])
    def test_its_giver_may_at_any_time(self, state):
        contribution = ContributionFactory(**{state: True})

        actions.withdraw_contribution(
            contribution=contribution, by=contribution.given_by
        )

        assert contribution.state == "withdrawn"
        assert contribution.withdrawn_by == contribution.given_by
        assert contribution.withdrawn_at is not None

    def test_what_was_decided_before_stays_on_record(self):
        contribution = ContributionFactory(accepted=True)
        accepted_by = contribution.accepted_by

        actions.withdraw_contribution(
            contribution=contribution, by=contribution.given_by
        )

        assert contribution.accepted_by == accepted_by

    def test_a_curator_may_on_their_behalf(self):
        contribution, curator = ContributionFactory(), CuratorFactory()

        actions.withdraw_contribution(contribution=contribution, by=curator)

        assert contribution.withdrawn_by == curator

    def test_a_stranger_may_not(self):
        contribution = ContributionFactory()

        with pytest.raises(refusals.NotYours):
            actions.withdraw_contribution(contribution=contribution, by=UserFactory())

    def test_only_once(self):
        contribution = ContributionFactory(withdrawn=True)

        with pytest.raises(refusals.AlreadyWithdrawn):
            actions.withdraw_contribution(
                contribution=contribution, by=contribution.given_by
            )

    def test_its_photos_are_shown_no_more(self):
        photo = PhotoFactory()

        actions.withdraw_contribution(
            contribution=photo.contribution, by=photo.contribution.given_by
        )

        assert not Photo.objects.shown().exists()


class TestPublish:
    def test_a_draft_becomes_public_and_says_who_and_when(self):
        motif, curator = MotifFactory(draft=True), CuratorFactory()

        actions.publish_motif(motif=motif, by=curator)

        assert motif.state == "published"
        assert motif.published_by == curator
        assert motif.published_at is not None

    def test_only_by_a_curator(self):
        with pytest.raises(refusals.NotACurator):
            actions.publish_motif(motif=MotifFactory(draft=True), by=UserFactory())

    def test_only_a_draft(self):
        with pytest.raises(refusals.NotADraftMotif):
            actions.publish_motif(motif=MotifFactory(), by=CuratorFactory())

    def test_not_without_a_preferred_banjar_name(self):
        nameless = MotifFactory(draft=True, name=False)

        with pytest.raises(refusals.NoPreferredName):
            actions.publish_motif(motif=nameless, by=CuratorFactory())

        assert not Motif.objects.published().exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_at_once_one_stands():
    contribution, curator = ContributionFactory(), CuratorFactory()
    outcomes = []
    start = threading.Barrier(4)

    def decide(act, **more):
        try:
            start.wait()
            act(contribution=contribution, by=curator, **more)
            outcomes.append("done")
        except refusals.NotWaiting:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [
        threading.Thread(target=decide, args=(act,), kwargs=more)
        for act, more in [
            (actions.accept_contribution, {}),
            (actions.decline_contribution, {"reason": "Kabur."}),
        ]
        * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["done", "refused", "refused", "refused"]


@pytest.mark.parametrize(
    "refusal",
    [
        one
        for one in refusals.Refusal.__subclasses__()
        if one.__module__ == refusals.__name__
    ],
)
def test_every_refusal_says_why_in_a_sentence(refusal):
    assert str(refusal()).endswith(".")
