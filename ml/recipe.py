"""Training recipes: how a network is trained, as data that its manifest records."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ml import augment
from ml.augment import Augmentation
from ml.images import INPUT_SIZE, View


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how training goes, besides photos, weights and seed."""

    name: str
    epochs: int
    """Epochs of fine-tuning or, without it, of the paper's head; a linear head alone
    is solved and takes none."""
    size: int = INPUT_SIZE
    alpha: float = 1.0
    scaling: Literal["signed", "unit"] = "signed"
    head: Literal["paper", "linear"] = "linear"
    augmentation: Augmentation = field(default_factory=Augmentation)
    is_augmented_once: bool = False
    head_epochs: int = 40
    head_rate: float = 1e-3
    fine_tune_blocks: int = 0
    """Bottleneck blocks of the backbone that learn, from the last; 0 for none."""
    learning_rate: float = 1e-4
    batch: int = 16
    patience: int = 5
    """Epochs without a better validation loss before training stops."""
    label_smoothing: float = 0.05
    class_weight_power: float = 0.5
    group_cap: int | None = 5
    """Photos of one group count together as so many at most; None for no limit."""
    photos_per_epoch: int | None = None
    """How many photos an epoch shows; None for all, once each."""
    uses_region: bool = True
    """Whether serving first looks for the cloth in the photo."""
    views: tuple[View, ...] = (View(),)
    """The squares that serving looks at; ``ml.calibrate.pool`` pools their scores."""
    learns_views: bool = False
    """Whether a head on frozen features also learns from these squares unvaried."""
    worn_copies: int = 0
    """How often it learns the squares of a photo that is badly compressed or, every
    third time, out of focus."""
    decay: float = 0.06
    """Decay of the linear head's regression, on standardised features."""
    steadiness: float = 1.5
    """What a claim that changes by 1 with a photo's bad compression costs the
    regression, in errors of 1 on that photo; takes ``worn_copies``."""

    @property
    def is_fine_tuned(self) -> bool:
        """Whether the backbone learns, or only the head."""
        return self.fine_tune_blocks > 0

    @property
    def has_epochs(self) -> bool:
        """Whether anything learns in epochs; a linear head alone is solved at once."""
        return self.is_fine_tuned or self.head != "linear"

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        return asdict(self) | {"views": [view._asdict() for view in self.views]}


DEFAULT = Recipe(
    name="default",
    epochs=40,
    # The whole cloth, and a closer look at its middle.
    views=(View(), View(0.5)),
    learns_views=True,
    # Variations of a cut-out alone left a whole photo out of focus poorly known.
    worn_copies=3,
)

# What the starter is trained with: rendered cloth is plentiful and unlike the photos
# that the backbone knows, so all of it learns. Such a network is more often right with
# two looks than with one, though it learns neither (docs/recogniser.md).
FULL = Recipe(
    name="full", epochs=12, head="paper", fine_tune_blocks=17, views=DEFAULT.views
)

PAPER = Recipe(
    name="paper",
    epochs=20,
    # The paper's two slips, kept so that its figures can be compared with ours:
    # pixels in 0..1 although the weights expect -1..1, and augmentation before
    # cache(), which freezes one augmented copy of every photo for all epochs.
    scaling="unit",
    head="paper",
    is_augmented_once=True,
    augmentation=augment.PAPER,
    fine_tune_blocks=0,
    label_smoothing=0.0,
    class_weight_power=0.0,
    group_cap=None,
    batch=32,
    head_epochs=0,
    uses_region=False,
)

RECIPES = {recipe.name: recipe for recipe in (DEFAULT, FULL, PAPER)}
