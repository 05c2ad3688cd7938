"""The dearest files that are still decoded stay within 2 s and 300 MB."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

# A fresh process, so that its peak is that of one picture. The limit on time is
# processor time: a busy machine makes the test slower and not less right.
MEASURE = """
import io, json, resource, sys
from pathlib import Path
from ml import images

data = Path(sys.argv[1]).read_bytes()
warm = Path(sys.argv[2]).read_bytes()
images.open_image(io.BytesIO(warm))
own, child = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
before = resource.getrusage(own)
try:
    said = str(images.open_image(io.BytesIO(data)).size)
except images.ImageError as error:
    said = error.code
after, spawned = resource.getrusage(own), resource.getrusage(child)
spent = lambda one: one.ru_utime + one.ru_stime
print(json.dumps({
    "said": said,
    "seconds": spent(after) - spent(before) + spent(spawned),
    "megabytes": (after.ru_maxrss - before.ru_maxrss + spawned.ru_maxrss) / 1024,
}))
"""


def grain(width: int, height: int, channels: int) -> np.ndarray:
    """Return a picture with as much detail as a file of a few megabytes holds."""
    rng = np.random.default_rng(0)
    few = rng.integers(110, 140, (height // 8 + 1, width // 8 + 1, channels), np.uint8)
    return few.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]


def jpeg(width: int, height: int, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grain(width, height, 3)).save(file, "JPEG", quality=80, **options)
    return file.getvalue()


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


CASES = {
    "progressive JPEG of 33 megapixels, 4:4:4": lambda: jpeg(
        6656, 4992, subsampling=0, progressive=True
    ),
    "baseline JPEG of 64 megapixels": lambda: jpeg(9248, 6936, subsampling=0),
    "progressive JPEG of 64 megapixels": lambda: jpeg(
        9248, 6936, subsampling=2, progressive=True
    ),
    "RGBA PNG of 25 megapixels": lambda: encoded(
        Image.fromarray(grain(5760, 4320, 4)), "PNG", compress_level=1
    ),
    "palette PNG of 25 megapixels": lambda: encoded(
        Image.new("P", (5760, 4320), 3), "PNG", transparency=3, compress_level=1
    ),
    "16-bit TIFF of 25 megapixels": lambda: encoded(
        Image.fromarray(grain(5760, 4320, 1)[..., 0].astype(np.uint16) * 257),
        "TIFF",
        compression="tiff_lzw",
    ),
    "float TIFF of 25 megapixels": lambda: encoded(
        Image.fromarray(grain(5760, 4320, 1)[..., 0] / np.float32(255)),
        "TIFF",
        compression="tiff_adobe_deflate",
    ),
    "WebP of 16 megapixels": lambda: encoded(
        Image.fromarray(grain(4608, 3456, 4)), "WEBP", quality=60, method=0
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_dearest_files_stay_within_their_means(name: str, tmp_path: Path):
    file, warm = tmp_path / "dear", tmp_path / "cheap"
    file.write_bytes(CASES[name]())
    warm.write_bytes(jpeg(96, 96))

    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file), str(warm)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )

    found = json.loads(run.stdout)
    assert found["said"].startswith("("), found
    assert found["seconds"] < 2
    assert found["megabytes"] < 300
    assert run.stderr == ""


def test_a_heic_that_would_cost_too_much_is_stopped_by_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from ml import images

    script = Path(images.__file__).with_name("heic.py").read_text()
    endless = script.replace(
        "    image.draft(", "    while True: pass\n    image.draft("
    )
    (tmp_path / "heic.py").write_text(endless)
    monkeypatch.setattr(images, "__file__", str(tmp_path / "images.py"))
    import pillow_heif

    pillow_heif.register_heif_opener()
    data = encoded(Image.new("RGB", (128, 128)), "HEIF")

    with pytest.raises(images.TooLarge):
        images.open_image(io.BytesIO(data))
