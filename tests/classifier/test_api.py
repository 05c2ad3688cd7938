"""POST /api/v1/identify: an answer, or a problem with a stable code."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from classifier import photos, predictor
from tests.classifier.fakes import FakePredictor
from tests.classifier.pictures import cloth, encoded, photo
from tests.classifier.rows import catalogue

pytestmark = pytest.mark.django_db

URL = "/api/v1/identify"
ENGLISH = {"accept-language": "en"}


def post(client: Client, *files, url: str = URL, **options):
    options.setdefault("headers", ENGLISH)
    return client.post(url, {"image": list(files)}, **options)


def assert_problem(response, status: int, code: str) -> dict:
    assert response.status_code == status, response.content
    assert response["Content-Type"].startswith("application/problem+json")
    document = response.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["title"]
    return document


@pytest.mark.parametrize("url", [URL, f"{URL}/"])
def test_a_photo_is_answered(client, fake, url):
    catalogue()

    response = post(client, photo(), url=url)

    body = response.json()
    assert response.status_code == 200
    assert body["answer"] == {
        "kind": "either",
        "motifs": ["gigi-haruan", "hiris-pudak"],
        "reason": "close_scores",
    }
    assert [s["slug"] for s in body["suggestions"]] == [
        "gigi-haruan",
        "hiris-pudak",
        "kulat-karikit",
    ]
    assert body["unknown_score"] == pytest.approx(0.04)
    assert body["quality"] == {"usable": True, "reasons": []}
    assert body["model"] == {"version": "fake", "sha256": fake.artifact.sha256}
    assert body["colours"][0]["hex"].startswith("#")
    assert body["elapsed_ms"] > 0


def test_an_answer_is_never_stored_by_a_cache(client, fake):
    assert post(client, photo())["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("TIFF", "image/tiff"),
        # What a file is follows from its content, whatever it calls itself.
        ("PNG", "image/jpeg"),
        ("JPEG", "text/plain"),
    ],
)
def test_every_format_is_answered_whatever_its_name(client, fake, form, kind):
    response = post(client, photo(encoded(form=form), "photo.txt", kind))

    assert response.status_code == 200


def test_five_photos_of_one_cloth_have_one_answer(client, fake):
    response = post(client, *(photo(encoded(cloth(seed=n))) for n in range(5)))

    assert response.status_code == 200
    assert fake.photos_seen == 5


def test_six_photos_are_too_many(client, fake):
    assert_problem(post(client, *[photo()] * 6), 400, "too_many_images")


def test_more_files_than_django_reads_are_too_many(client, fake):
    many = [photo() for _ in range(settings.DATA_UPLOAD_MAX_NUMBER_FILES + 1)]

    assert_problem(post(client, *many), 400, "too_many_images")


@pytest.mark.parametrize(
    "data", [{}, {"image": ""}, {"image": "text"}, {"photo": "x"}], ids=str
)
def test_a_form_without_a_photo_has_no_image(client, fake, data):
    assert_problem(client.post(URL, data), 400, "no_image")


def test_a_request_without_a_body_has_no_image(client, fake):
    assert_problem(client.generic("POST", URL), 400, "no_image")


def test_an_urlencoded_form_has_no_image(client, fake):
    response = client.post(
        URL, "image=x", content_type="application/x-www-form-urlencoded"
    )

    assert_problem(response, 400, "no_image")


def test_a_bare_photo_is_told_to_come_in_a_form(client, fake):
    response = client.post(URL, encoded(), content_type="image/jpeg")

    assert_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data;="],
)
def test_a_broken_form_is_malformed(client, fake, content_type):
    response = client.post(URL, b"\xff\x00 not a form", content_type=content_type)

    assert response.status_code == 400
    assert response.json()["code"] in ("malformed", "no_image")


def test_a_form_that_ends_early_is_malformed_or_its_photo_unreadable(client, fake):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"'
        b"\r\n\r\n" + encoded()[:500]
    )
    response = client.post(URL, body, content_type="multipart/form-data; boundary=x")

    assert response.status_code in (400, 422)


def test_what_is_no_image_is_unsupported_whatever_its_name(client, fake):
    response = post(client, photo(), photo(b"<html>", "photo.jpg", "image/jpeg"))

    problem = assert_problem(response, 415, "not_an_image")
    assert problem["photo"] == 2


def test_a_damaged_photo_is_unreadable(client, fake):
    assert_problem(post(client, photo(encoded()[:300])), 422, "unreadable")


def test_a_photo_under_64_pixels_is_too_small(client, fake):
    response = post(client, photo(encoded(cloth(300, 63))))

    assert_problem(response, 422, "too_small")


def test_a_photo_with_too_many_pixels_is_refused_by_its_header(client, fake):
    from tests.classifier.hostile.png import header_only

    response = post(client, photo(header_only(60_000, 60_000)))

    assert_problem(response, 422, "too_many_pixels")


def test_photos_over_20_mb_together_are_too_large(client, fake):
    most = settings.IDENTIFY_MAX_BYTES
    half = encoded() + bytes(most // 2)

    assert_problem(post(client, photo(half), photo(half)), 413, "too_large")


def test_a_photo_of_just_under_20_mb_is_answered(client, fake):
    filled = encoded()
    filled += bytes(settings.IDENTIFY_MAX_BYTES - len(filled))

    assert post(client, photo(filled)).status_code == 200


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

    assert_problem(response, 413, "too_large")


def test_a_long_text_field_is_too_large_and_no_error(client, fake):
    text = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)

    response = client.post(URL, {"image": photo(), "text": text})

    assert_problem(response, 413, "too_large")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_only_post_identifies(client, fake, method):
    response = getattr(client, method)(URL)

    assert_problem(response, 405, "method_not_allowed")
    assert "POST" in response["Allow"]


def test_without_a_model_it_says_so(client, no_model):
    assert_problem(post(client, photo()), 503, "no_model")


def test_a_busy_process_asks_to_come_back(client, fake, monkeypatch):
    monkeypatch.setattr(predictor, "WAIT_S", 0)
    for _ in range(predictor.AT_ONCE):
        predictor._turns.acquire()
    try:
        response = post(client, photo())
    finally:
        for _ in range(predictor.AT_ONCE):
            predictor._turns.release()

    assert_problem(response, 503, "busy")
    assert int(response["Retry-After"]) > 0


@pytest.fixture
def rate(settings):
    def set_rate(rate: str) -> None:
        settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {
            "DEFAULT_THROTTLE_RATES": {"identify": rate}
        }

    return set_rate


def test_an_address_that_asks_too_often_is_told_when_to_return(client, fake, rate):
    rate("2/min")
    assert [post(client, photo()).status_code for _ in range(2)] == [200, 200]

    response = post(client, photo())

    assert_problem(response, 429, "throttled")
    assert 0 < int(response["Retry-After"]) <= 60


def test_another_address_is_not_held_up(client, fake, rate):
    rate("1/min")
    post(client, photo())

    response = post(client, photo(), REMOTE_ADDR="192.0.2.7")

    assert response.status_code == 200


def test_an_invented_proxy_header_does_not_evade_the_limit(client, fake, rate):
    rate("1/min")
    post(client, photo())

    response = post(client, photo(), headers=ENGLISH | {"x-forwarded-for": "192.0.2.9"})

    assert_problem(response, 429, "throttled")


def test_a_dead_cache_lets_everyone_pass(client, fake, rate, settings, caplog):
    rate("1/min")
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    cache.close()

    statuses = [post(client, photo()).status_code for _ in range(2)]

    assert statuses == [200, 200]
    assert "not throttled" in caplog.text


@pytest.mark.parametrize(
    ("language", "word"), [("en", "photo"), ("id", "foto"), ("fr", "foto")]
)
def test_problems_are_in_the_asked_language(client, fake, language, word):
    response = client.post(URL, {}, headers={"accept-language": language})

    assert word in response.json()["title"].lower()
    assert response["Content-Language"] == ("en" if language == "en" else "id")


def test_the_code_of_a_problem_is_the_same_in_every_language(client, fake):
    codes = {
        client.post(URL, {}, headers={"accept-language": code}).json()["code"]
        for code in ("id", "en")
    }

    assert codes == {"no_image"}


def test_a_name_nobody_can_write_is_no_matter(client, fake):
    names = ["../../etc/passwd", "a" * 5000 + ".jpg", "\u202egpj.exe", "a\x00b.jpg"]

    assert [post(client, photo(name=name)).status_code for name in names] == [200] * 4


def test_the_query_count_does_not_grow_with_photos(
    client, fake, django_assert_num_queries
):
    catalogue()
    post(client, photo())  # counts the track record
    for count in (1, 5):
        with django_assert_num_queries(1):
            post(client, *[photo() for _ in range(count)])


def test_a_motif_stated_alone_is_answered_as_one(client, use_predictor):
    catalogue()
    use_predictor(FakePredictor({"naga-balimbur": 0.98}, single=["naga-balimbur"]))

    body = post(client, photo()).json()

    assert body["answer"]["kind"] == "motif"
    assert body["answer"]["motifs"] == ["naga-balimbur"]
