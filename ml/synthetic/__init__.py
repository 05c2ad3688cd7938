"""Drawings of motifs rendered as stitched and dyed cloth."""

from ml.synthetic.dataset import write_dataset
from ml.synthetic.drawing import Drawing, DrawingError, Stroke, read_all
from ml.synthetic.picture import picture
from ml.synthetic.rendering import OTHER_CLOTH, Region, Rendering, render

__all__ = [
    "OTHER_CLOTH",
    "Drawing",
    "DrawingError",
    "Region",
    "Rendering",
    "Stroke",
    "picture",
    "read_all",
    "render",
    "write_dataset",
]
