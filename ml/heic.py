"""Decode one HEIC picture: from standard input to standard output.

Run as a script, by file name, in a process of its own. What a HEIC file costs cannot be
told from its header: tiles may be larger than the picture, repeat, or contain others.
So the kernel holds the limits, and a decoder that crashes takes nothing with it.

The answer is a line of JSON, ``{"width", "height"}`` or ``{"code", "text"}``, and then
the pixels, three bytes each. It imports nothing of this project.
"""

from __future__ import annotations

import io
import json
import resource
import sys

CPU_SECONDS = 2
MEMORY = 420 * 2**20
"""Bytes of data the process may hold, its interpreter's 60 MB included."""


def main(kept_side: int, least: int, most: int) -> None:
    """Decode, reduced to no less than ``kept_side`` pixels on the shortest side.

    Args:
        kept_side: the shortest side is not reduced below this, in pixels.
        least: the shortest side that is accepted, in pixels.
        most: the most pixels that are decoded.
    """
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from PIL import Image
    from pillow_heif import HeifImageFile, options

    options.DECODE_THREADS = 1
    image = HeifImageFile(io.BytesIO(sys.stdin.buffer.read()))
    width, height = image.size
    text = f"The picture is {width} x {height} pixels"
    if min(width, height) < least:
        _say({"code": "too_small", "text": f"{text}; a side needs {least}."})
        return
    if width * height > most:
        _say({"code": "too_large", "text": f"{text}, more than is decoded of a HEIC."})
        return
    scale = max(1.0, min(width, height) / kept_side)
    # Phones store a smaller copy beside the picture; it is taken when it is enough.
    image.draft("RGB", (int(width / scale), int(height / scale)))
    image.load()
    whole: Image.Image = image
    factor = min(whole.size) // kept_side
    small = whole.reduce(factor) if factor > 1 else whole
    if small.mode in ("RGBA", "LA"):
        small = small.convert("RGBA")
        white = Image.new("RGB", small.size, "white")
        white.paste(small, mask=small.getchannel("A"))
        small = white
    small = small.convert("RGB")
    _say({"width": small.width, "height": small.height})
    sys.stdout.buffer.write(small.tobytes())


def _say(answer: dict[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
