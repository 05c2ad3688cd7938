"""What is no longer to be seen is gone from everywhere, at once.

Each surface first shows the photo, so that a case cannot pass because it never did.
"""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from classifier import datasets, predictor
from classifier.models import PhotoCheck, SharedAnswer
from motifs import contributors
from motifs.actions import (
    change_consent,
    take_down_contribution,
    withdraw_contribution,
    withdraw_photo,
)
from motifs.models import Access, Photo
from tests.classifier.fakes import FakePredictor
from tests.classifier.pictures import photo as visitors_photo
from tests.classifier.test_datasets import cloths
from tests.factories import (
    LONG_AGO,
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    PhotoFactory,
)
from tests.motifs.judging import determine

pytestmark = pytest.mark.django_db

CREDIT = "Sumbangan Rusmini"


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    """A recogniser that names the motif, so that an answer shows its examples."""
    monkeypatch.setattr(
        predictor,
        "load",
        lambda folder: FakePredictor({"gigi-haruan": 0.99}, single=("gigi-haruan",)),
    )
    predictor.forget()
    yield
    predictor.forget()


@pytest.fixture
def given(monkeypatch):
    """A determined photo on every surface: its motif has no drawing of its own."""
    motif = MotifFactory(slug="gigi-haruan", name="Gigi Haruan")
    contribution = ContributionFactory(
        accepted=True,
        motif=motif,
        consent_to_train=True,
        credit_line=CREDIT,
        place="Martapura",
    )
    giver = contribution.given_by
    monkeypatch.setattr(
        contributors,
        "public_name",
        lambda user: "Rusmini" if user and user.pk == giver.pk else "",
    )
    # Lists show photos of motifs that nobody has drawn.
    monkeypatch.setattr("motifs.drawings.drawing_url", lambda slug: "")
    return determine(PhotoFactory(contribution=contribution), motif)


def said(response) -> str:
    """What an answer says; nothing where there is no such page."""
    if response.status_code == 404:
        return ""
    assert response.status_code == 200
    if response.streaming:
        return "a file" if b"".join(response.streaming_content) else ""
    return response.content.decode()


def names(photo, text: str) -> bool:
    """Whether a page or an answer leads to the photo, or to its files."""
    return (
        photo.thumbnail_url.rpartition("/")[0] in text or f"/photos/{photo.pk}/" in text
    )


def linked_data(page: str) -> list:
    """What the page says to programs, each element that holds it."""
    parts = page.split('<script type="application/ld+json">')[1:]
    return [json.loads(part.partition("</script>")[0]) for part in parts]


def of_page(address):
    def is_there(client, photo) -> bool:
        return names(photo, said(client.get(address(photo))))

    return is_there


def of_file(size):
    def is_there(client, photo) -> bool:
        return said(client.get(photo.url(size))) == "a file"

    return is_there


def file_with_key(client, photo) -> bool:
    address = f"{photo.thumbnail_url}?key={photo.contribution.key}"
    return said(client.get(address)) == "a file"


def in_linked_data(client, photo) -> bool:
    found = linked_data(said(client.get("/id/motifs/gigi-haruan/")))
    return names(photo, json.dumps(found))


def own_linked_data(client, photo) -> bool:
    found = linked_data(said(client.get(photo.get_absolute_url())))
    return CREDIT in json.dumps(found)


def in_answers(client, photo) -> bool:
    response = client.post("/id/identify/", {"image": visitors_photo()})
    return names(photo, said(response))


def on_shared_page(client, photo) -> bool:
    shared = SharedAnswer.objects.first()
    if shared is None:
        client.post("/id/identify/share/", {"image": visitors_photo()})
        shared = SharedAnswer.objects.get()
    return names(photo, said(client.get(shared.get_absolute_url())))


def beside_another(client, photo) -> bool:
    """Among the other photos of its cloth, as long as that one has a page."""
    other = photo.contribution.photos.given().exclude(pk=photo.pk).first()
    if other is None:
        other = PhotoFactory(contribution=photo.contribution)
    return names(photo, said(client.get(other.get_absolute_url())))


def in_next_dataset(client, photo) -> bool:
    return photo.pk in {row.photo for row in datasets.plan().rows}


SURFACES = {
    "its page": of_page(lambda photo: photo.get_absolute_url()),
    "the page to report it": of_page(lambda photo: f"/id/photos/{photo.pk}/report/"),
    "the motif's page": of_page(lambda photo: "/id/motifs/gigi-haruan/"),
    "the motif's photos": of_page(lambda photo: "/id/motifs/gigi-haruan/photos/"),
    "the contributor's page": of_page(
        lambda photo: f"/id/contributors/{photo.contribution.given_by_id}/"
    ),
    "the list of all photos": of_page(lambda photo: "/id/photos/"),
    "all photos that were determined": of_page(
        lambda photo: "/id/photos/?state=determined&motif=gigi-haruan"
    ),
    "all photos from its place": of_page(
        lambda photo: f"/id/photos/?place={photo.contribution.place}"
    ),
    "the list of motifs": of_page(lambda photo: "/id/motifs/"),
    "the search": of_page(lambda photo: "/id/motifs/?q=gigi+haruan"),
    "the API's list": of_page(lambda photo: "/api/v1/photos/"),
    "the API's list of the motif": of_page(
        lambda photo: "/api/v1/photos/?motif=gigi-haruan"
    ),
    "the API's record": of_page(lambda photo: f"/api/v1/photos/{photo.pk}/"),
    "the feed": of_page(lambda photo: "/id/feed/"),
    "the motif's feed": of_page(lambda photo: "/en/motifs/gigi-haruan/feed/"),
    "the sitemap": of_page(lambda photo: "/sitemap-photos.xml"),
    "the file of 480 pixels": of_file("480"),
    "the file of 1600 pixels": of_file("1600"),
    "the motif's metadata": in_linked_data,
    "its own metadata": own_linked_data,
    "answers": in_answers,
    "shared answers": on_shared_page,
    "the cloth's other photos": beside_another,
}


def withdraw(photo):
    giver = photo.contribution.given_by
    withdraw_contribution(contribution=photo.contribution, by=giver)


def withdraw_it_alone(photo):
    PhotoFactory(contribution=photo.contribution)
    withdraw_photo(photo=photo, by=photo.contribution.given_by)


def consent(photo, purpose, is_given):
    given = photo.contribution
    change_consent(
        contribution=given, by=given.given_by, purpose=purpose, is_given=is_given
    )


def take_down(photo):
    take_down_contribution(
        contribution=photo.contribution, by=CuratorFactory(), code="claimed"
    )


def take_back_consent_to_show(photo):
    consent(photo, "show", is_given=False)


def take_back_consent_to_train(photo):
    consent(photo, "train", is_given=False)


def find_no_cloth(photo):
    photo.identifications.update(withdrawn_at=timezone.now())
    determine(photo, outcome="not_cloth")
    assert photo.determined_outcome == "not_cloth"


def restrict(photo):
    photo.access = Access.RESTRICTED
    photo.save()


def restrict_its_motif(photo):
    photo.determined_motif.access = Access.RESTRICTED
    photo.determined_motif.save()


ENDINGS = {
    "withdrawn": withdraw,
    "withdrawn alone": withdraw_it_alone,
    "taken down": take_down,
    "consent to show taken back": take_back_consent_to_show,
    "no cloth": find_no_cloth,
    "restricted": restrict,
    "its motif restricted": restrict_its_motif,
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("is_there", SURFACES.values(), ids=SURFACES)
def test_a_photo_that_may_no_longer_be_shown_is_gone_from(
    client, given, is_there, ending
):
    assert is_there(client, given)

    ending(given)

    assert not is_there(client, given)


@pytest.mark.parametrize(
    "ending",
    [
        withdraw,
        withdraw_it_alone,
        take_down,
        take_back_consent_to_train,
        find_no_cloth,
        restrict,
        restrict_its_motif,
    ],
)
def test_it_is_gone_from_the_next_dataset(client, given, ending):
    # One motif alone needs others beside the photo, that it still be learned.
    cloths(given.determined_motif, 5)
    PhotoCheck.objects.create(photo=given, checked_at=LONG_AGO)
    assert in_next_dataset(client, given)

    ending(given)

    assert not in_next_dataset(client, given)


def test_what_its_giver_called_by_a_restricted_motifs_name_trains_nothing(given):
    suggested = MotifFactory(access=Access.RESTRICTED)
    given.contribution.motif = suggested
    given.contribution.save()

    assert not Photo.objects.learnable().exists()
    assert not Photo.objects.shown().exists()


@pytest.mark.parametrize("ending", [withdraw, withdraw_it_alone, take_down])
def test_its_key_opens_no_file_that_is_withdrawn(client, given, ending):
    assert file_with_key(client, given)

    ending(given)

    assert not file_with_key(client, given)


def test_the_rest_of_its_cloth_stays(client, given):
    other = determine(
        PhotoFactory(contribution=given.contribution), given.determined_motif
    )

    withdraw_photo(photo=given, by=given.contribution.given_by)

    gone = [name for name, is_there in SURFACES.items() if not is_there(client, other)]
    assert gone == []


def test_what_is_shown_to_nobody_may_still_train_if_its_giver_says_so(given):
    cloths(given.determined_motif, 5)
    PhotoCheck.objects.create(photo=given, checked_at=LONG_AGO)

    take_back_consent_to_show(given)

    assert in_next_dataset(None, given)


def test_what_trains_no_longer_is_still_shown(client, given):
    take_back_consent_to_train(given)

    gone = [name for name, is_there in SURFACES.items() if not is_there(client, given)]
    assert gone == []


def test_with_consent_given_again_it_is_back_everywhere(client, given):
    take_back_consent_to_show(given)
    consent(given, "show", is_given=True)

    gone = [name for name, is_there in SURFACES.items() if not is_there(client, given)]
    assert gone == []


def test_and_in_the_next_dataset(client, given):
    cloths(given.determined_motif, 5)
    PhotoCheck.objects.create(photo=given, checked_at=LONG_AGO)
    take_back_consent_to_train(given)

    consent(given, "train", is_given=True)

    assert in_next_dataset(client, given)


def test_what_only_was_restricted_is_back_when_it_is_public_again(client, given):
    restrict(given)
    given.access = Access.PUBLIC
    given.save()

    gone = [name for name, is_there in SURFACES.items() if not is_there(client, given)]

    assert gone == []


@pytest.mark.parametrize("ending", [withdraw, withdraw_it_alone])
def test_its_giver_still_has_it(client, given, ending):
    client.force_login(given.contribution.given_by)

    ending(given)

    page = client.get(given.get_absolute_url())
    assert page.status_code == 200
    assert page["X-Robots-Tag"] == "noindex"
    assert linked_data(page.content.decode()) == []
    assert said(client.get(given.url("original"))) == "a file"
