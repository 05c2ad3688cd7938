"""A model that measures how far photos are from motifs answers on the device."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from classifier import predictor, prototypes
from ml import images, rejection
from ml.artifact import MODEL
from ml.predict import Predictor
from motifs.models import Motif
from tests.browser.test_after import asked
from tests.browser.test_identify_page import ADDRESS, ANSWER, give
from tests.browser.test_live_camera import (
    RENDERINGS,
    camera,
    kept,
    open_camera,
    settle,
)
from tests.browser.test_offline import controlled, paths_kept
from tests.browser.test_parity import ASK, encoded, given, golden
from tests.browser.test_this_device import choose_this_device, rendering

__all__ = ["camera", "open_camera"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

ANSWERS_FROM_NOW_ON = """() => {
  const answer = document.querySelector("[data-live=answer]");
  window.answers = [];
  new MutationObserver(() => window.answers.push(answer.innerText))
    .observe(answer, { childList: true, characterData: true, subtree: true });
}"""
RULE = {
    "parts": {"distance_to_motifs": [0.2, 0.05], "doubt": [-4.0, 2.0]},
    "threshold": 2.0,
    "layers": [500, 780],
}
"""The starter has one layer; two are weighed against each other alike."""


@pytest.fixture
def careful(settings, tmp_path) -> Predictor:
    """The starter with a rule that rejects what is far from every motif."""
    yield from answering(settings, tmp_path / "careful", RULE)


@pytest.fixture
def twofold(settings, tmp_path) -> Predictor:
    """The same, looking at a photo twice as a model of the default recipe does."""
    looks = [{"fraction": side, "x": 0.5, "y": 0.5} for side in (1.0, 0.5)]
    yield from answering(settings, tmp_path / "twofold", RULE, looks)


@pytest.fixture
def refusing(settings, tmp_path) -> Predictor:
    """The same, so strict that nothing is near enough."""
    yield from answering(settings, tmp_path / "refusing", RULE | {"threshold": -9.0})


@pytest.fixture
def former(settings, tmp_path) -> Predictor:
    """One of the time when single photos were compared: its rule rejects nothing."""
    parts = {"distance": [0.2, 0.05], "doubt": [-4.0, 2.0]}
    rule = {"parts": parts, "threshold": -9.0}
    yield from answering(settings, tmp_path / "former", rule)


def answering(
    settings, folder: Path, rule: dict, views: list[dict] | None = None
) -> Iterator[Predictor]:
    shutil.copytree(settings.MODEL_FOLDER, folder)
    manifest = folder / "manifest.json"
    said = json.loads(manifest.read_text())
    said["answer"]["rejection"] = rule
    said["input"]["views"] = views or said["input"]["views"]
    manifest.write_text(json.dumps(said))
    settings.MODEL_FOLDER = folder
    predictor.forget()
    yield Predictor(folder)
    predictor.forget()


def test_both_look_twice_measure_the_same_distance_and_say_the_same(open_page, twofold):
    photos = {name: (encoded(*one), one[1]) for name, one in golden().items()}
    own = rejection.rejector_of(twofold.artifact)
    page = open_page(ADDRESS)
    places = page.evaluate("({ ...document.getElementById('local').dataset })")

    found = page.evaluate(
        ASK,
        {
            "photos": [given(one) for one in photos.values()],
            "modules": places,
            "runtime": places["runtime"],
        },
    )

    said = {}
    for (name, (content, _)), theirs in zip(
        photos.items(), found["answers"], strict=True
    ):
        ours = twofold.predict([images.open_image(io.BytesIO(content))])
        far = float(own.distance(ours.embedding[None])[0])
        assert theirs["distance"] == pytest.approx(far, abs=0.02), name
        for label, score in ours.scores.items():
            assert theirs["scores"][label] == pytest.approx(score, abs=0.01), name
        assert theirs["answer"]["kind"] == ours.answer.kind, name
        assert theirs["answer"]["reason"] == ours.answer.reason, name
        said[name] = ours.rejection >= RULE["threshold"]
    assert set(said.values()) == {True, False}
    assert page.troubles == []


def test_a_photo_is_answered_and_another_rejected_without_the_server(
    open_page, careful
):
    strange = golden()["upright"]
    page = open_page(ADDRESS)
    choose_this_device(page)
    sent = asked(page)

    give(page, rendering("hiris-pudak"))
    answer = page.locator(f"{ANSWER}[data-kind=either]", has_text="Hiris Pudak")
    answer.wait_for()
    give(page, {"name": "x.png", "mimeType": "image/png", "buffer": encoded(*strange)})
    page.locator(f"{ANSWER}[data-kind=unknown]").wait_for()

    assert sent == []
    assert page.troubles == []


def test_a_former_model_answers_here_too_until_it_is_trained_again(open_page, former):
    page = open_page(ADDRESS)
    choose_this_device(page)

    give(page, rendering("hiris-pudak"))

    page.locator(f"{ANSWER}[data-kind=either]", has_text="Hiris Pudak").wait_for()
    assert page.troubles == []


def test_several_photos_are_judged_by_what_they_show_together(open_page, careful):
    """One of two photos would be rejected alone; server and device agree on both."""
    near, strange = golden()["gigi-haruan"], golden()["upright"]
    contents = [encoded(*near), encoded(*strange)]
    files = [
        {"name": f"{at}.png", "mimeType": "image/png", "buffer": content}
        for at, content in enumerate(contents)
    ]
    ours = careful.predict([images.open_image(io.BytesIO(x)) for x in contents])
    page = open_page(ADDRESS)
    choose_this_device(page)

    page.locator("#photos").set_input_files(files)

    page.locator(f"{ANSWER}[data-kind={ours.answer.kind}]").wait_for()


def test_the_live_camera_rejects_what_the_model_rejects(open_camera, refusing):
    page = open_camera()
    page.locator("[data-live=open]").click()

    expect(page.locator("[data-live=answer]")).to_contain_text("No motif")

    expect(page.locator("[data-live=answer] a")).to_have_count(0)
    assert page.troubles == []


@pytest.fixture
def renamed(monkeypatch, site, django_db_blocker) -> str:
    """What the camera sees, known by three photos as a motif that is no label."""
    champion = predictor.champion()
    with django_db_blocker.unblock():
        motif = Motif.objects.published().exclude(slug__in=champion.manifest.labels)[0]
        slug, name = motif.slug, motif.preferred_name
    cloth = Image.open(RENDERINGS / "hiris-pudak.webp").convert("RGB")
    vectors = [champion.embed(cloth.rotate(x), closely=True) for x in (0, 1, -1)]
    members = tuple((slug, pk) for pk in range(3))
    monkeypatch.setattr(prototypes, "_members", lambda model: members)
    monkeypatch.setattr(prototypes, "_vectors", lambda *_: {slug: np.stack(vectors)})
    prototypes.forget()
    yield name
    prototypes.forget()


def test_the_live_camera_knows_a_motif_of_three_photos(open_camera, renamed):
    page = open_camera()
    page.locator("[data-live=open]").click()

    scores = page.locator("[data-live=scores]")
    expect(scores).to_contain_text(renamed)
    expect(page.locator("[data-live=answer]")).to_contain_text(renamed)
    # Whoever resumes is never told of a motif that only the network sees.
    page.locator("[data-live=freeze]").click()
    page.evaluate(ANSWERS_FROM_NOW_ON)
    page.locator("[data-live=resume]").click()
    page.wait_for_function("() => window.answers.length > 1")
    assert all(renamed in said for said in page.evaluate("window.answers")[1:])
    kept(page)
    controlled(page)
    page.context.set_offline(True)
    page.reload()
    page.locator("[data-live=open]").click()

    expect(page.locator("[data-live=answer]")).to_contain_text(renamed)
    assert page.troubles == []


def test_new_motifs_are_known_where_nothing_more_can_be_kept(open_camera, renamed):
    page = open_camera()
    page.add_init_script(
        """const put = Cache.prototype.put;
        Cache.prototype.put = function (request, ...rest) {
          const isFull = String(request.url ?? request).includes("/files/prototypes/");
          return isFull
            ? Promise.reject(new DOMException("full", "QuotaExceededError"))
            : put.call(this, request, ...rest);
        };"""
    )
    page.reload()
    page.locator("[data-live=open]").click()

    expect(page.locator("[data-live=answer]")).to_contain_text(renamed)
    assert page.troubles == []


def test_prototypes_that_the_page_does_not_name_leave_the_device(open_page):
    page = open_page(ADDRESS)
    page.evaluate(
        """async () => {
          const cache = await caches.open("langgundi-recogniser");
          await cache.put("/files/prototypes/old.bin", new Response("numbers"));
        }"""
    )

    page.reload()

    is_gone = page.evaluate(
        """async () => {
          for (let n = 0; n < 400; n++) {
            if (!(await caches.match("/files/prototypes/old.bin"))) return true;
            await new Promise((wake) => setTimeout(wake, 50));
          }
          return false;
        }"""
    )
    assert is_gone


def test_it_is_kept_with_what_it_compares_with(open_camera, careful):
    compared = careful.portable_memory()
    page = open_camera()
    size = page.locator("[data-live=size]", has_text="MB")
    size.wait_for()
    shown = float(size.inner_text().split(" MB")[0].split()[-1])
    page.locator("[data-live=open]").click()
    assert "Hiris Pudak" in settle(page)
    kept(page)
    controlled(page)
    paths = [path for path in paths_kept(page) if path.startswith("/files/models/")]

    page.context.set_offline(True)
    page.reload()
    page.locator("[data-live=open]").click()

    assert "Hiris Pudak" in settle(page)
    sizes = (careful.artifact.folder / MODEL).stat().st_size, len(compared.content)
    assert shown > sum(sizes) / 2**20
    assert sorted(path.rpartition("/")[2] for path in paths) == sorted(
        [f"{careful.artifact.sha256}.tflite", f"{compared.sha256}.bin"]
    )
