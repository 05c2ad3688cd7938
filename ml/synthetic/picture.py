"""One calm picture of cloth per motif, for people and not for training."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.synthetic.drawing import Drawing
from ml.synthetic.dye import Colour, Dyebath, dye
from ml.synthetic.layout import Layout, lay_composition
from ml.synthetic.resist import Stitching, noise, sew

_FINE = 2  # cloth pixels per picture pixel


@dataclass(frozen=True)
class Scheme:
    """The dyes of one picture: what the thread kept, ground, about it, in shapes."""

    kept: Colour
    ground: Colour
    about: Colour
    shapes: Colour


_WHITE, _STRAW, _CREAM = (250, 247, 238), (248, 222, 130), (247, 236, 208)

# Named for the traditional dye that leads; indigo is the newcomer.
SCHEMES: dict[str, Scheme] = {
    "yellow": Scheme(_WHITE, (226, 168, 38), (150, 74, 24), (64, 112, 52)),
    "gold": Scheme(_CREAM, (196, 134, 40), (88, 50, 30), (226, 178, 62)),
    "red": Scheme(_CREAM, (168, 32, 40), (84, 20, 36), (222, 120, 44)),
    "crimson": Scheme(_STRAW, (140, 22, 52), (58, 16, 40), (206, 62, 66)),
    "rust": Scheme(_WHITE, (166, 84, 48), (84, 36, 28), (218, 150, 84)),
    "green": Scheme(_WHITE, (36, 108, 70), (18, 56, 52), (204, 164, 52)),
    "leaf": Scheme(_STRAW, (74, 112, 44), (30, 62, 40), (150, 160, 60)),
    "teal": Scheme(_WHITE, (28, 104, 112), (16, 52, 70), (196, 92, 56)),
    "black": Scheme(_WHITE, (42, 38, 44), (22, 20, 26), (150, 44, 44)),
    "soot": Scheme(_STRAW, (52, 44, 46), (26, 22, 26), (190, 130, 50)),
    "purple": Scheme(_WHITE, (96, 44, 110), (48, 26, 72), (178, 74, 128)),
    "plum": Scheme(_CREAM, (110, 44, 78), (58, 24, 52), (206, 132, 96)),
    "brown": Scheme(_CREAM, (120, 74, 46), (62, 38, 30), (190, 134, 74)),
    "earth": Scheme(_WHITE, (142, 98, 70), (78, 50, 42), (176, 66, 44)),
    "indigo": Scheme(_WHITE, (38, 62, 124), (20, 30, 74), (108, 148, 190)),
}


def picture(
    drawing: Drawing, seed: int = 0, size: tuple[int, int] = (960, 720)
) -> NDArray[np.uint8]:
    """Return the drawing's composition as cloth, lit evenly and seen straight on.

    The drawing's ``data-dye`` names the scheme; without it the seed chooses.

    Args:
        drawing: the motif.
        seed: the same seed gives the same pixels.
        size: width and height in pixels.

    Returns:
        Array of shape (height, width, 3), R G B in 0..255.
    """
    rng = np.random.default_rng(seed)
    names = list(SCHEMES)
    name = drawing.attributes.get("data-dye", names[seed % len(names)])
    scheme = SCHEMES.get(name, SCHEMES["indigo"])
    fine = (size[0] * _FINE, size[1] * _FINE)
    layout = lay_composition(drawing, rng, fine)
    finest = float(np.sqrt(drawing.width * drawing.height))
    hand = Stitching(
        spacing=1.6,
        length=0.7,
        reach=min(1.7, max(0.5, 0.05 * finest)),
        thickness=1.15,
        raggedness=0.6,
        strength=0.97,
    )
    kept = sew(layout, rng, hand)
    bath = Dyebath(
        base=scheme.kept,
        dyes=(scheme.ground, _between(scheme.ground, scheme.about), scheme.shapes),
        grounds=2,
        # Where stitches are many the streaks would drown the drawing.
        streaks=0.48 * min(1.0, 0.05 / (float(kept.mean()) + 1e-6)),
        clouds=0.12,
        pooling=0.25,
        bleed=1.6,
        feather=7.0,
        mottle=0.0,
        fill=0.8 if layout.shapes else 0.0,
        halo=9.0,
    )
    cloth = dye(layout, kept, rng, bath)
    _hang(cloth, rng, layout)
    shown = cv2.resize(cloth, size, interpolation=cv2.INTER_AREA)
    shown = np.asarray(shown) * 255 + 0.5
    return np.asarray(np.clip(shown, 0, 255).astype(np.uint8))


def _between(first: Colour, second: Colour) -> Colour:
    red, green, blue = (0.4 * a + 0.6 * b for a, b in zip(first, second, strict=True))
    return red, green, blue


def _hang(cloth: NDArray[np.float32], rng: np.random.Generator, layout: Layout) -> None:
    """Give the cloth soft hanging folds and its weave, in place."""
    k = layout.scale
    across = np.arange(layout.size[0], dtype=np.float32)[None]
    fold = np.zeros_like(across)
    for length, depth in ((90, 0.035), (47, 0.02)):
        phase = rng.uniform(0, 2 * np.pi)
        fold += depth * np.sin(across / (length * k) * 2 * np.pi + phase)
    light = 1.02 + fold + 0.02 * noise(rng, layout.size, (60 * k, 120 * k))
    light += 0.011 * noise(rng, layout.size, (1.6, 5)) + 0.011 * noise(
        rng, layout.size, (5, 1.6)
    )
    cloth *= light[..., None]
