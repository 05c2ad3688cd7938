"""What experts confirmed becomes the model that answers, and is taken back again."""

from __future__ import annotations

import json
import re
import time
from io import BytesIO
from random import Random
from threading import Thread

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from PIL import Image
from playwright.sync_api import expect

from classifier import tasks, training
from classifier.groups import MODEL_KEEPER_GROUP
from classifier.models import DatasetVersion, ModelVersion, PhotoCheck, Promotion
from motifs.actions import identify_photo
from tests.browser.conftest import session_of
from tests.factories import (
    LONG_AGO,
    ContributionFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
)
from tests.ml.conftest import write_photos
from tests.motifs.judging import expert

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CLOTHS, PHOTOS_OF_A_CLOTH = 17, 4
EVERYDAY = 16
PATTERNS = {"gigi-haruan": "stripes", "hiris-pudak": "dots", "kain-baru": "grain"}
"""Two motifs that the starter has seen other pictures of, and one that it has not."""
QUICK = {"size": 64}
WORK_MS = 600_000
"""How long training or comparing may take; only a test that fails waits so long."""


@pytest.fixture
def site(own_site):
    """The server of ``open_page``: one whose rows the test makes itself."""
    return own_site


def enlarged(file):
    """The same picture with pixels enough to be judged by."""
    content = BytesIO()
    picture = Image.open(file)
    picture.resize((288, 288), Image.Resampling.NEAREST).save(content, "JPEG")
    return content.getvalue()


@pytest.fixture
def confirmed(transactional_db, tmp_path):
    """Two hundred photos that two experts have just agreed on, each of them blind.

    And some that they call no cloth.
    """
    experts = [expert(), expert()]
    for seed, (slug, pattern) in enumerate(PATTERNS.items()):
        motif = MotifFactory(slug=slug)
        write_photos(tmp_path / slug, pattern, CLOTHS * PHOTOS_OF_A_CLOTH, seed)
        files = sorted((tmp_path / slug).glob("*.jpg"))
        for at, file in enumerate(files):
            if at % PHOTOS_OF_A_CLOTH == 0:
                cloth = ContributionFactory(accepted=True, consent_to_train=True)
            photo = PhotoFactory(contribution=cloth, content=enlarged(file))
            PhotoCheck.objects.create(photo=photo, checked_at=LONG_AGO)
            for person in experts:
                identify_photo(
                    photo=photo, outcome="motif", motif=motif, by=person, is_blind=True
                )
    write_photos(tmp_path / "everyday", "checks", EVERYDAY, 50)
    for file in sorted((tmp_path / "everyday").glob("*.jpg")):
        given = ContributionFactory(accepted=True, consent_to_train=True)
        photo = PhotoFactory(contribution=given, content=enlarged(file))
        PhotoCheck.objects.create(photo=photo, checked_at=LONG_AGO)
        for person in experts:
            identify_photo(photo=photo, outcome="not_cloth", by=person, is_blind=True)


@pytest.fixture
def workers(monkeypatch, settings, tmp_path):
    """Stand-ins for the queue: a run goes on in a thread, a comparison at once."""
    settings.MODELS_FOLDER, settings.RUNS_FOLDER = tmp_path / "m", tmp_path / "r"
    settings.TRAINING_RENDERED = 0
    monkeypatch.setattr(training, "BEAT_S", 0.3)
    ask = training._ask
    monkeypatch.setattr(
        training, "_ask", lambda **facts: ask(**facts | {"settings": QUICK})
    )
    threads = []

    def send(run_id):
        def work():
            training.run(run_id)
            connection.close()

        threads.append(Thread(target=work))
        threads[-1].start()
        return True

    monkeypatch.setattr(training, "send", send)
    monkeypatch.setattr(
        tasks.compare_models_task, "delay", tasks.compare_models_task.run
    )
    yield
    for thread in threads:
        thread.join()


def with_labels_shuffled(dataset):
    """A dataset of the same photos, on the same sides, that teaches nonsense.

    Only motifs change places, on either side by itself: none is left without a photo
    to learn from or to check with, which no run would take.
    """
    bad = DatasetVersion.objects.create(number=2, digest="f" * 64)
    rows = list(dataset.photos.order_by("pk"))
    for side in ("train", "val"):
        mixed = [one for one in rows if one.split == side and one.label in PATTERNS]
        labels = [one.label for one in mixed]
        Random(1).shuffle(labels)
        for row, label in zip(mixed, labels, strict=True):
            row.label = label
    for row in rows:
        row.pk, row.dataset = None, bad
        row.save()
    return bad


def is_over(page):
    """Wait until the run of the page ended, and see that it did as it should."""
    words = page.locator("#run-words")
    expect(words).to_have_text(re.compile("done|failed"), timeout=WORK_MS)
    assert words.inner_text() == "done", page.inner_text("main")


def held_back(tmp_path):
    """Photos of the new motif that nobody ever gave."""
    write_photos(tmp_path / "held-back", "grain", 9, 82)
    return [enlarged(file) for file in (tmp_path / "held-back").glob("*.jpg")]


def said_of(content) -> bytes:
    """What the public API says of a photo, but for how long it took."""
    photo = BytesIO(content)
    photo.name = "cloth.jpg"
    answer = Client().post("/api/v1/identify", {"image": photo}).json()
    del answer["elapsed_ms"]
    return json.dumps(answer, sort_keys=True).encode()


def said_by(version, content, seconds=120) -> bytes:
    """Wait until a version answers; what it says."""
    deadline = time.monotonic() + seconds
    while json.loads(said := said_of(content))["model"]["version"] != version:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return said


def test_from_confirmed_photos_to_the_answer_and_back(
    open_page, own_site, confirmed, workers, ledger_is_read, tmp_path
):
    keeper = UserFactory(is_staff=True)
    keeper.groups.add(Group.objects.get(name=MODEL_KEEPER_GROUP))
    photos = held_back(tmp_path)
    content = photos[0]
    before = said_of(content)
    page = open_page(
        "/en/admin/classifier/datasetversion/next/", storage_state=session_of(keeper)
    )

    page.get_by_role("button", name="Build this version").click()
    page.get_by_text("is built and will not change").wait_for()
    dataset = DatasetVersion.objects.get()
    assert dataset.photos.count() == 3 * CLOTHS * PHOTOS_OF_A_CLOTH + EVERYDAY
    assert {one.split for one in dataset.photos.all()} == {"train", "val", "test"}

    page.goto(f"{own_site.url}/en/admin/classifier/trainingrun/start/")
    page.locator("#content form [type=submit]").last.click()
    is_over(page)
    made = ModelVersion.objects.get(run__isnull=False)
    assert made.labels == [*sorted(PATTERNS), "not-cloth"]

    address = f"{own_site.url}/en/admin/classifier/modelversion/{made.pk}/change/"
    page.goto(address)
    page.get_by_role("button", name="Evaluate").click(timeout=WORK_MS)
    page.get_by_text("The gate lets it pass.").wait_for(timeout=WORK_MS)
    assert re.search(r"AUROC\): [\d.]+ before, [\d.]+ now", page.inner_text("main"))
    expect(page.locator("iframe[title=Report]")).to_have_count(1)
    page.get_by_role("button", name="Promote", exact=True).click()
    page.get_by_text("answers from now on").wait_for()

    said_by(made.version, content)
    after = [json.loads(said_of(photo)) for photo in photos]
    firsts = [one["suggestions"][0]["slug"] for one in after]
    assert firsts.count("kain-baru") > len(photos) / 2
    # Not each is named: with so few photos the limits are rough and turn some away.
    assert any("kain-baru" in one["answer"]["motifs"] for one in after)

    shuffled = with_labels_shuffled(dataset)
    page.goto(f"{own_site.url}/en/admin/classifier/trainingrun/start/")
    page.get_by_label("Dataset version").select_option(str(shuffled.pk))
    page.locator("#content form [type=submit]").last.click()
    is_over(page)
    bad = ModelVersion.objects.get(run__dataset=shuffled)
    page.goto(f"{own_site.url}/en/admin/classifier/modelversion/{bad.pk}/change/")
    page.get_by_label("Compare on the test photos of").select_option(str(dataset.pk))
    page.get_by_role("button", name="Evaluate").click(timeout=WORK_MS)
    page.get_by_text("The gate does not let it pass.").wait_for(timeout=WORK_MS)
    expect(page.get_by_role("button", name="Promote", exact=True)).to_have_count(0)
    assert said_by(made.version, content)

    page.goto(f"{own_site.url}/en/admin/classifier/modelversion/rollback/")
    page.get_by_role("button", name="Go back").click()
    page.get_by_text("answers again").wait_for()

    starter = json.loads(before)["model"]["version"]
    assert said_by(starter, content) == before
    assert [one.is_rollback for one in Promotion.objects.order_by("pk")] == [
        False,
        True,
    ]
    assert page.troubles == []
