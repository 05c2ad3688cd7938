"""What a fake camera looks at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

FRAMES = 8


def write_video(image: Image.Image, file: Path) -> None:
    """Write a still as a y4m video, the kind that keeps its colours."""
    full = image.convert("RGB").resize((640, 480)).convert("YCbCr")
    luma, blue, red = (np.asarray(plane) for plane in full.split())
    with file.open("wb") as video:
        video.write(b"YUV4MPEG2 W640 H480 F15:1 Ip A1:1 C420jpeg\n")
        for _ in range(FRAMES):
            video.write(b"FRAME\n")
            video.write(luma.tobytes())
            video.write(blue[::2, ::2].tobytes() + red[::2, ::2].tobytes())
