"""The model and its runtime as files that browsers run by themselves."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import brotli
import pytest

from classifier import files, network, predictor
from heritage.static_headers import add_headers

pytestmark = pytest.mark.django_db

OLD = "0" * 64


@pytest.fixture
def runtime(settings, tmp_path: Path) -> Path:
    settings.RUNTIME_FOLDER = tmp_path
    folder = tmp_path / "2.5.3"
    folder.mkdir()
    (folder / "index.js").write_text("whole")
    (folder / "index.js.br").write_bytes(b"packed")
    (folder / "litert_wasm_internal.wasm").write_bytes(b"\0asm")
    (tmp_path / "9.9.9.partial").mkdir()
    return folder


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def test_the_model_says_where_its_file_is_and_the_file_is_what_it_says(client):
    predictor.forget()
    said = client.get("/api/v1/model").json()

    response = client.get(said["url"])
    content = body(response)

    assert hashlib.sha256(content).hexdigest() == said["sha256"]
    assert len(content) == said["bytes"]
    assert said["local"] is True
    assert "immutable" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert set(said["unknown_labels"]) < set(said["labels"])
    assert said["input"]["size"] == 224
    assert "thresholds" in said["answer"]


def test_another_models_file_is_not_there(client):
    assert client.get(f"/files/models/{OLD}.tflite").status_code == 404


@pytest.fixture
def comparing(settings, tmp_path) -> Path:
    """A model that rejects by the distance from its motifs."""
    folder = tmp_path / "comparing"
    shutil.copytree(settings.MODEL_FOLDER, folder)
    manifest = folder / "manifest.json"
    said = json.loads(manifest.read_text())
    said["answer"]["rejection"] = {
        "parts": {"distance_to_motifs": [0.3, 0.1]},
        "threshold": 1.0,
    }
    manifest.write_text(json.dumps(said))
    settings.MODEL_FOLDER = folder
    predictor.forget()
    yield folder
    predictor.forget()


def test_a_model_names_what_it_compares_photos_with(client, comparing):
    said = client.get("/api/v1/model").json()

    response = client.get(said["memory"]["url"])
    content = body(response)

    assert said["local"] is True
    assert said["answer"]["rejection"]["threshold"] == 1.0
    assert hashlib.sha256(content).hexdigest() == said["memory"]["sha256"]
    assert len(content) == said["memory"]["bytes"]
    assert said["memory"]["rows"] == len(predictor.champion().manifest.motifs)
    assert said["memory"]["layers"] == [[1280, said["memory"]["axes"]]]
    assert "immutable" in response["Cache-Control"]
    packed = client.get(said["memory"]["url"], headers={"accept-encoding": "br"})
    assert packed["Content-Encoding"] == "br"
    assert brotli.decompress(body(packed)) == content
    assert "Accept-Encoding" in response["Vary"]
    for digest in (said["memory"]["sha256"], said["sha256"]):
        other = said["memory"]["url"].replace(digest, OLD)
        assert client.get(other).status_code == 404


def test_altered_memories_are_not_given_and_no_program_answers(client, comparing):
    sha256 = predictor.champion().artifact.sha256
    (comparing / "embeddings.npz").write_bytes(b"altered")

    later = client.get("/api/v1/model").json()

    assert later["local"] is False
    assert later["memory"] is None
    address = f"/files/models/{sha256}/memory/{OLD}.bin"
    assert client.get(address).status_code == 404


def test_a_model_whose_file_is_gone_is_asked_on_the_server():
    model = network.current()
    assert model is not None
    assert files.describe(model)["local"]
    assert files.describe(model)["memory"] is None

    gone = replace(model, file=Path("gone.tflite"))

    assert not files.describe(gone)["local"]


def test_without_a_model_the_api_says_so(client, settings, tmp_path):
    settings.MODEL_FOLDER = tmp_path / "none"
    predictor.forget()

    response = client.get("/api/v1/model")

    assert response.status_code == 503
    assert response.json()["code"] == "no_model"
    assert client.get(f"/files/models/{OLD}.tflite").status_code == 404
    predictor.forget()


def test_the_runtime_is_given_compressed_to_those_who_can_read_it(client, runtime):
    address = f"{files.runtime_url()}index.js"

    plain = client.get(address)
    packed = client.get(address, headers={"accept-encoding": "gzip, br"})

    assert body(plain) == b"whole"
    assert body(packed) == b"packed"
    assert packed["Content-Encoding"] == "br"
    assert "Content-Encoding" not in plain
    assert "Accept-Encoding" in plain["Vary"]
    assert plain["Vary"] == packed["Vary"]
    assert plain["Content-Type"].startswith("text/javascript")


def test_webassembly_has_its_type(client, runtime):
    response = client.get(f"{files.runtime_url()}litert_wasm_internal.wasm")

    assert body(response) == b"\0asm"
    assert response["Content-Type"] == "application/wasm"


@pytest.mark.parametrize(
    "address",
    [
        "/files/runtime/2.5.3/",
        "/files/runtime/2.5.3/other.js",
        "/files/runtime/2.5.4/index.js",
        "/files/runtime/9.9.9.partial/index.js",
        "/files/runtime/2.5.3/index.js.br",
        "/files/runtime/../2.5.3/index.js",
        "/files/runtime/2.5.3/..%2findex.js",
    ],
)
def test_nothing_else_is_given(address: str, client, runtime):
    assert client.get(address).status_code == 404


def test_without_a_runtime_the_page_works_by_the_server(client, settings, tmp_path):
    settings.RUNTIME_FOLDER = tmp_path / "none"

    assert files.runtime_url() == ""
    assert b'id="local"' not in client.get("/en/identify/").content


def test_only_the_worker_may_compile_webassembly():
    worker: dict[str, str] = {}
    other: dict[str, str] = {}

    add_headers(worker, "", "/static/js/recogniser.worker.0a1b.js")
    add_headers(other, "", "/static/js/identify.0a1b.js")

    # The runtime fetches its WebAssembly from the worker.
    assert "connect-src 'self'" in worker["Content-Security-Policy"]
    assert "'wasm-unsafe-eval'" in worker["Content-Security-Policy"]
    assert other == {}
