"""How long identify takes, beside the paper's way of asking a network.

    make bench ARGS="--requests 200"

In one run and on the same photo, a 1-megapixel JPEG: the API inside this process, the
API through gunicorn, and ``model.predict`` of the same network in Keras, from the
bytes of the photo to the scores. Ends with 1 if the claims in the README do not hold.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
RENDERING = PROJECT / "motifs" / "data" / "renderings" / "gigi-haruan.webp"
SIZE = (1160, 864)
MOST_P50_MS = 40.0
LEAST_RATIO = 5.0
ADDRESS = "/api/v1/identify"
BOUNDARY = "langgundi-benchmark"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identify")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--predicts", type=int, default=40)
    parser.add_argument("--keras", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.keras:
        times = time_keras(options.keras, sys.stdin.buffer.read(), options.predicts)
        print(json.dumps(times))
        return 0
    prepare()
    photo = photo_of_a_megapixel()
    print(
        f"One JPEG of {SIZE[0]} x {SIZE[1]} pixels, {len(photo) // 1024} kB; times in"
    )
    print("milliseconds from the bytes of the request to those of the answer.\n")
    inside = show("API, in this process", time_inside(photo, options.requests))
    outside = show("API, through gunicorn", time_gunicorn(photo, options.requests))
    paper = show("Keras model.predict", time_paper(photo, options.predicts))
    ratio = paper / outside
    print(f"\nThe whole request through gunicorn is {ratio:.1f} times faster than")
    print(f"model.predict alone (claimed: at least {LEAST_RATIO:.0f} times; p50 under")
    print(f"{MOST_P50_MS:.0f} ms in the process that answers: {inside:.1f} ms).")
    return 0 if ratio >= LEAST_RATIO and inside < MOST_P50_MS else 1


def prepare() -> None:
    """Set Django up on a database that has the catalogue."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "heritage.settings",
        "STATICFILES_BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
        ),
        "THROTTLE_IDENTIFY": "1000000/min",
        "ALLOWED_HOSTS": "127.0.0.1,testserver",
        "LOG_LEVEL": "WARNING",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    call_command("import_catalogue", stdout=Silence())


class Silence:
    """Takes what a command says and keeps none of it."""

    def write(self, text: str) -> None:
        return


def photo_of_a_megapixel() -> bytes:
    from PIL import Image

    out = BytesIO()
    with Image.open(RENDERING) as rendering:
        larger = rendering.convert("RGB").resize(SIZE, Image.Resampling.BICUBIC)
    larger.save(out, "JPEG", quality=90)
    return out.getvalue()


def form_with(photo: bytes) -> bytes:
    head = (
        f"--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="image"; filename="photo.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()


def timed(work: Callable[[], None], times: int, warm_up: int) -> list[float]:
    """Return how long each call took, in milliseconds."""
    for _ in range(warm_up):
        work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def show(what: str, taken: list[float]) -> float:
    """Print one line of the table and return the median."""
    p50, p95 = np.percentile(taken, [50, 95])
    print(f"{what:<24} p50 {p50:7.1f}   p95 {p95:7.1f}   n {len(taken)}", flush=True)
    return float(p50)


def time_inside(photo: bytes, requests: int) -> list[float]:
    from django.test import Client

    client, body = Client(), form_with(photo)

    def ask() -> None:
        response = client.generic("POST", ADDRESS, body, FORM)
        if response.status_code != 200:
            raise SystemExit(f"identify answered {response.content!r}")

    return timed(ask, requests, warm_up=20)


def time_gunicorn(photo: bytes, requests: int) -> list[float]:
    body = form_with(photo)
    with gunicorn() as port:

        def ask() -> None:
            # A connection for each request, as curl makes it.
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("POST", ADDRESS, body, {"Content-Type": FORM})
            response = connection.getresponse()
            content = response.read()
            connection.close()
            if response.status != 200:
                raise SystemExit(f"identify answered {content!r}")

        return timed(ask, requests, warm_up=20)


@contextmanager
def gunicorn() -> Iterator[int]:
    """Run the site with one worker and yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "heritage.wsgi"),
            *("--bind", f"127.0.0.1:{port}", "--log-level", "warning"),
            *("--worker-class", "gthread", "--workers", "1", "--threads", "4"),
        ],
        cwd=PROJECT,
    )
    try:
        wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("gunicorn does not answer")


def time_paper(photo: bytes, predicts: int) -> list[float]:
    """Time Keras in a process of its own, as TensorFlow wants it."""
    from django.conf import settings

    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.identify"),
            *("--keras", str(settings.MODEL_FOLDER), "--predicts", str(predicts)),
        ],
        cwd=PROJECT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        input=photo,
        stdout=subprocess.PIPE,
        check=True,
    )
    times: list[float] = json.loads(done.stdout.splitlines()[-1])
    return times


def time_keras(folder: Path, photo: bytes, predicts: int) -> list[float]:
    """Time the paper's way: decode, resize, scale to 0..1, ``model.predict``."""
    from PIL import Image

    from ml import artifact, network

    found = artifact.read(folder)
    model = network.build(**found.manifest.network)
    network.load_network(model, folder / artifact.WEIGHTS)
    scores = network.trained_part(model)

    def ask() -> None:
        with Image.open(BytesIO(photo)) as picture:
            small = picture.convert("RGB").resize((224, 224))
        pixels = np.asarray(small, np.float32)[None] / 255
        scores.predict(pixels, verbose=0)

    return timed(ask, predicts, warm_up=5)


if __name__ == "__main__":
    sys.exit(main())
