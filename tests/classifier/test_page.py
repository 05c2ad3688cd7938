"""The identify page: works without JavaScript, says what the API says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from classifier import photos, predictor
from classifier.views import EXAMPLE_PHOTOS
from motifs import drawings
from motifs.models import LookAlike, Motif
from tests.classifier.fakes import FakePredictor
from tests.classifier.pictures import cloth, encoded, photo
from tests.classifier.rows import catalogue, published
from tests.factories import ContributionFactory, PhotoFactory

pytestmark = pytest.mark.django_db

URL = "/en/identify/"
API = "/api/v1/identify"
AS_HTML = {"accept": "text/html", "accept-language": "en"}


def post(client, *files, **options):
    return client.post(URL, {"image": list(files)}, **options)


def test_the_page_has_an_address_in_each_language(client, fake):
    for language in ("id", "en"):
        with translation.override(language):
            address = reverse("classifier:identify")

        assert address == f"/{language}/identify/"
        assert client.get(address).status_code == 200


def test_the_page_shows_a_form_and_no_answer(client, fake):
    response = client.get(URL)

    content = response.content.decode()
    assert response.context["answer"] is None
    assert response.context["error"] is None
    assert 'enctype="multipart/form-data"' in content
    assert 'name="csrfmiddlewaretoken"' in content
    assert response.context["max_photos"] == 5
    assert response.context["max_bytes"] == 20 * 1024 * 1024


def test_a_photo_is_answered_without_javascript(client, fake):
    catalogue()

    response = post(client, photo())

    content = response.content.decode()
    answer = response.context["answer"]
    assert response.status_code == 200
    assert answer["answer"]["kind"] == "either"
    assert [m.slug for m in answer["motifs"]] == ["gigi-haruan", "hiris-pudak"]
    assert [row["percent"] for row in answer["suggestions"]] == [50, 40, 6]
    assert answer["unknown_percent"] == 4
    assert "<html" in content
    assert "Gigi Haruan" in content
    assert str(answer["message"]) in content


def test_a_script_gets_only_the_answer_from_the_api(client, fake):
    catalogue()

    response = client.post(API, {"image": photo()}, headers=AS_HTML)

    content = response.content.decode()
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "<html" not in content
    assert "Gigi Haruan" in content
    assert 'href="/en/motifs/gigi-haruan/"' in content
    assert "Accept" in response["Vary"]


def test_a_script_gets_a_refusal_from_the_api_in_the_same_place(client, fake):
    response = client.post(API, {}, headers=AS_HTML)

    content = response.content.decode()
    assert response.status_code == 400
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert 'data-kind="error"' in content
    assert "No photo was given." in content


def test_whoever_names_no_form_gets_json(client, fake):
    catalogue()

    for headers in ({}, {"accept": "*/*"}, {"accept": "application/json"}):
        response = client.post(API, {"image": photo()}, headers=headers)

        assert response["Content-Type"] == "application/json"


def test_the_page_says_what_the_api_says(client, fake):
    catalogue()
    said = client.post(
        "/api/v1/identify", {"image": photo()}, headers={"accept-language": "en"}
    ).json()

    shown = post(client, photo()).context["answer"]

    for key in ("answer", "message", "unknown_score", "region", "model"):
        assert shown[key] == said[key]
    assert [row["score"] for row in shown["suggestions"]] == [
        row["score"] for row in said["suggestions"]
    ]


def test_what_tells_two_motifs_apart_is_shown_with_them(client, fake):
    rows = catalogue()
    LookAlike.objects.create(
        first=rows["gigi-haruan"],
        second=rows["hiris-pudak"],
        tell_id="Lebih rapat.",
        tell_en="Closer together.",
    )

    response = post(client, photo())

    assert [tell["text"] for tell in response.context["answer"]["tells"]] == [
        "Closer together."
    ]
    assert "Closer together." in response.content.decode()


def test_the_page_says_that_a_model_has_learned_from_real_cloth(client, fake):
    page = client.get("/en/identify/").content.decode()

    assert "learned from photos of real cloth" in page
    assert "starter model" not in page


def test_the_page_says_that_the_starter_has_not(client):
    predictor.forget()

    page = client.get("/en/identify/").content.decode()

    assert "starter model" in page
    assert "learned from photos of real cloth" not in page


def test_reasons_of_poor_quality_are_sentences(client, fake):
    dark = cloth().point(lambda value: value // 20)

    response = post(client, photo(encoded(dark)))

    quality = response.context["answer"]["quality"]
    assert "dark" in quality["reasons"]
    assert any("daylight" in str(sentence) for sentence in quality["sentences"])


def test_what_would_make_a_better_photo_is_said(client, fake, monkeypatch):
    said = fake.predict

    def hinted(images):
        return replace(said(images), hints=("far", "several"))

    monkeypatch.setattr(fake, "predict", hinted)

    response = post(client, photo())

    assert "Move closer: fill the picture" in response.content.decode()
    assert "more than one motif" in response.content.decode()


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ([], 400, "no_image"),
        ([b"x"] * 6, 400, "too_many_images"),
        ([b"GIF89a"], 415, "not_an_image"),
        ([encoded()[:300]], 422, "unreadable"),
        ([encoded(cloth(40, 40))], 422, "too_small"),
        ([bytes(settings.IDENTIFY_MAX_BYTES + 1)], 413, "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_refusal_has_the_same_status_and_words_as_the_api(
    client, fake, files, status, code
):
    english = {"accept-language": "en"}
    said = client.post(
        "/api/v1/identify", {"image": [photo(f) for f in files]}, headers=english
    )

    shown = post(client, *(photo(f) for f in files))

    assert said.status_code == shown.status_code == status
    assert shown.context["error"] == said.json()
    assert shown.context["error"]["code"] == code
    assert shown.context["answer"] is None
    assert said.json()["title"] in shown.content.decode()


def test_a_request_that_says_it_is_too_long_is_not_read(client, fake):
    class Body:
        def read(self, size=-1):
            raise AssertionError("the body was read")

        readline = read

    length = settings.IDENTIFY_MAX_BYTES + photos.FORM_BYTES + 1
    response = client.generic(
        "POST",
        URL,
        content_type="multipart/form-data; boundary=x",
        **{"wsgi.input": Body(), "CONTENT_LENGTH": str(length)},
    )

    assert response.status_code == 413


def test_without_a_model_the_page_still_opens_and_says_so(client, no_model):
    assert client.get(URL).status_code == 200

    response = post(client, photo())

    assert response.status_code == 503
    assert response.context["model"] is None
    assert response.context["error"]["code"] == "no_model"


def test_the_page_is_throttled_with_the_api(client, fake):
    settings_rate = settings.REST_FRAMEWORK | {
        "DEFAULT_THROTTLE_RATES": {"identify": "1/min"}
    }
    from django.test import override_settings

    with override_settings(REST_FRAMEWORK=settings_rate):
        client.post("/api/v1/identify", {"image": photo()})
        response = post(client, photo())

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_a_form_of_another_site_is_refused(fake):
    client = Client(enforce_csrf_checks=True)

    assert post(client, photo()).status_code == 403


def test_the_form_of_the_page_is_accepted(fake):
    client = Client(enforce_csrf_checks=True)
    client.get(URL)
    token = client.cookies["csrftoken"].value

    response = client.post(URL, {"image": photo(), "csrfmiddlewaretoken": token})

    assert response.status_code == 200


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_only_get_and_post_are_understood(client, fake, method):
    assert getattr(client, method)(URL).status_code == 405


def test_an_answer_is_never_stored_by_a_cache(client, fake):
    assert "no-store" in post(client, photo())["Cache-Control"]


@pytest.fixture
def example() -> Motif:
    """A published motif that has a rendering."""
    return published(sorted(drawings.slugs(drawings.RENDERINGS, ".webp"))[0])


def test_a_rendering_can_be_tried_without_a_photo(client, fake, example):
    response = client.get(URL, {"example": example.slug})

    assert response.status_code == 200
    assert response.context["answer"] is not None
    assert response.context["example"] == example
    assert fake.photos_seen == 1


@pytest.mark.parametrize("slug", ["no-such-motif", "../secrets", "x\x00y"])
def test_an_example_that_does_not_exist_is_not_found(client, fake, slug):
    assert client.get(URL, {"example": slug}).status_code == 404


def test_a_draft_is_no_example(client, fake, example):
    Motif.objects.update(state="draft", published_at=None)

    assert client.get(URL, {"example": example.slug}).status_code == 404
    assert client.get(URL).context["examples"] == []


def test_six_renderings_are_offered_at_most(client, fake):
    for slug in drawings.slugs(drawings.RENDERINGS, ".webp"):
        published(slug)

    examples = client.get(URL).context["examples"]

    assert 0 < len(examples) <= 6
    assert all(motif.rendering_url for motif in examples)


def test_the_query_count_does_not_grow_with_motifs(
    client, fake, django_assert_max_num_queries
):
    catalogue()
    post(client, photo())  # counts the track record
    with django_assert_max_num_queries(10):
        post(client, photo())
    for number in range(20):
        published(f"motif-{number}")

    with django_assert_max_num_queries(10):
        post(client, photo())


def test_a_motif_stated_alone_is_shown_as_one(client, use_predictor):
    catalogue()
    use_predictor(FakePredictor({"naga-balimbur": 0.98}, single=["naga-balimbur"]))

    response = post(client, photo())

    assert response.context["answer"]["answer"]["kind"] == "motif"
    assert "Naga Balimbur" in response.content.decode()


def test_accepted_photos_of_a_motif_are_shown_beside_it(
    client, fake, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    motif = catalogue()["hiris-pudak"]
    given = [
        PhotoFactory(contribution=ContributionFactory(accepted=True, motif=motif))
        for _ in range(EXAMPLE_PHOTOS + 1)
    ]
    hidden = PhotoFactory(contribution=ContributionFactory(motif=motif))
    rendered = PhotoFactory(
        contribution=ContributionFactory(
            accepted=True, motif=motif, is_demonstration=True
        )
    )

    content = post(client, photo()).content.decode()

    shown = [one for one in given if one.thumbnail_url in content]
    assert len(shown) == EXAMPLE_PHOTOS
    assert hidden.thumbnail_url not in content
    assert rendered.thumbnail_url not in content
