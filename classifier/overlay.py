"""Where the recogniser looked, as shade over the rest of the photo."""

from __future__ import annotations

from typing import Any

# Shade reaches this far past the edge, so that the blur that softens it has no seam.
PAST = 2


def shades(heat: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the answer's ``heat`` as rectangles to draw, darkest where it saw least.

    Rectangles are in places, of which the square has ``columns`` by ``rows``.
    """
    if heat is None:
        return None
    values = heat["values"]
    rows, columns = len(values), len(values[0])
    rectangles = []
    for y, row in enumerate(values):
        for x, value in enumerate(row):
            left, top = (PAST if x == 0 else 0), (PAST if y == 0 else 0)
            right = PAST if x == columns - 1 else 0
            bottom = PAST if y == rows - 1 else 0
            rectangles.append(
                {
                    "x": x - left,
                    "y": y - top,
                    "width": 1 + left + right,
                    "height": 1 + top + bottom,
                    "opacity": round(1 - value, 2),
                }
            )
    return {**heat, "rows": rows, "columns": columns, "shades": rectangles}
