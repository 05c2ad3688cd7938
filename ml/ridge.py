"""Ridge regression of belonging to each label, solved in one step.

What it says of a row is how much each label claims it: near 1 for rows like the
label's own, near 0 for others, and nothing keeps the claims' sum at 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Rows = NDArray[Any]


@dataclass(frozen=True)
class Ridge:
    """Lines through rows of features, one for each label."""

    slopes: Array
    """(features, labels)."""
    offsets: Array
    """(labels,): a label claims a row's product with its slopes, and this."""
    middle: Array
    """(features,), the weighted mean of the rows that were learned from."""
    square: Array
    """(features, features): their scatter about it, with what slopes cost."""

    def __call__(self, rows: Rows) -> Array:
        """Return the claims, (…, labels), of rows (…, features)."""
        return np.asarray(rows @ self.slopes + self.offsets)

    def left_out(self, rows: Rows, targets: Rows, weights: Rows) -> Array:
        """Return what each row would be claimed had it not been learned from.

        In closed form (Allen 1974), so that limits fit rows that are new.

        Args:
            rows: (rows, features), those that were learned from.
            targets: (rows, labels), as then.
            weights: (rows,), as then.
        """
        centred = rows - self.middle
        solved = np.linalg.solve(self.square, centred.T)
        own = np.einsum("ij,ji->i", centred, solved) * weights + weights / weights.sum()
        kept = np.maximum(1 - own, 1e-3)[:, None]
        return np.asarray(targets - (targets - self(rows)) / kept)


def learn(
    rows: Rows,
    targets: Rows,
    weights: Rows,
    decay: float,
    changes: Rows | None = None,
) -> Ridge:
    """Return the lines with the least squared error and short slopes.

    Claims can be kept from following what says nothing of the label, like the
    directions in tangent propagation (Simard et al. 1992).

    Args:
        rows: (rows, features).
        targets: (rows, labels), 1 for the label of a row and 0 for all others.
        weights: (rows,), how much each counts; above 0.
        decay: what a slope of 1 costs, in errors of 1 a row, whatever the weights.
        changes: (changes, features), by which rows may change and claims should not;
            a claim that one of them changes by 1 costs as an error of 1 does.

    >>> rows = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> targets = np.eye(2)[[0, 0, 1, 1]]
    >>> found = learn(rows, targets, np.ones(4), decay=0.0)
    >>> found(np.array([[-0.25], [1.5]])).round(3).tolist()
    [[1.2, -0.2], [0.5, 0.5]]
    """
    total = float(weights.sum())
    middle, usual = weights @ rows / total, weights @ targets / total
    # One copy of the rows is enough: what the middle takes away is known.
    weighed = rows * weights[:, None]
    square = (weighed.T @ rows).astype(np.float64) - total * np.outer(middle, middle)
    square[np.diag_indices_from(square)] += decay * len(rows)
    if changes is not None:
        square += changes.T @ changes
    crossed = weighed.T @ (targets - usual)
    slopes = np.asarray(np.linalg.solve(square, crossed), np.float64)
    offsets = np.asarray(usual - middle @ slopes, np.float64)
    return Ridge(slopes, offsets, np.asarray(middle, np.float64), square)
