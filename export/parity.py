"""How near two sets of answers are, and how near they must be.

A certificate covers every row and every output. `TOLERANCE` is relative for values above 1
and absolute below, hence absolute for probabilities. Labels must agree unless the two best
classes tie within the tolerance; such rows are listed, not counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from export.errors import DatasetError

TOLERANCE = 1e-6
FLOAT32_ROUNDING = 2.0**-24
Label = str | int | bool | None
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Answers:
    """One side's answers.

    Parameters
    ----------
    keys : tuple of str
        Names of the rows.
    outputs : tuple of str
        Names of the columns of `values`: the label, the classes, clusters or components.
    values : ndarray of shape (n_rows, n_outputs)
        Predicted value, probabilities, distances or coordinates; NaN is NULL.
    labels : tuple or None
        Predicted classes or clusters; None for numbers alone.
    classes : tuple or None
        The classes or clusters themselves, in the order of `outputs`.
    nearest : bool
        Whether the least value is the best, as with distances. BigQuery ML then tells only
        the five nearest: NaN is what it does not tell.
    """

    keys: tuple[str, ...]
    outputs: tuple[str, ...]
    values: Floats
    labels: tuple[Label, ...] | None
    classes: tuple[str | int | bool, ...] | None = None
    nearest: bool = False

    def at(self, keys: tuple[str, ...]) -> Answers:
        """Return these rows, in this order.

        Raises
        ------
        DatasetError
            If a row is missing or named twice.
        """
        position = {key: index for index, key in enumerate(self.keys)}
        missing = [key for key in keys if key not in position]
        if missing or len(position) != len(self.keys):
            raise DatasetError(
                f"BigQuery ML answered {len(self.keys)} rows under {len(position)} keys; "
                f"{len(missing)} of {len(keys)} expected keys are missing, first {missing[:1]}."
            )
        order = [position[key] for key in keys]
        labels = None if self.labels is None else tuple(self.labels[i] for i in order)
        values = self.values[order]
        return Answers(keys, self.outputs, values, labels, self.classes, self.nearest)


def joined(parts: Sequence[Answers]) -> Answers:
    """Return the answers of all parts, with the first one's outputs."""
    first = parts[0]
    values = np.concatenate([aligned(part, first.outputs) for part in parts])
    labels = None if first.labels is None else tuple(chain(*(part.labels or () for part in parts)))
    return replace(first, keys=tuple(chain(*(p.keys for p in parts))), values=values, labels=labels)


def shapley_tolerance(leaves: int) -> float:
    """Return how near Shapley values of so many leaves must be, of the greatest of their row.

    XGBoost 0.90, BigQuery ML's default, adds them up leaf by leaf in float32, one sum through all
    trees. The rounding errors of n additions go as their square root: one rounding times sqrt(n)
    was measured from 700 to 124,000 leaves, and its own parts miss its own margin by as much. Four
    times that leaves room for more rows than were measured (tests/emulator/ml/trees/test_models.py
    repeats its additions, bit for bit).
    """
    return max(TOLERANCE, 4 * FLOAT32_ROUNDING * math.sqrt(leaves))


def close(expected: float, actual: float) -> bool:
    """Tell whether one value is within the tolerance."""
    return abs(expected - actual) <= TOLERANCE * max(1.0, abs(expected))


def is_tie(values: Floats, *, nearest: bool = False) -> Flags:
    """Tell for each row whether its two best outputs are within the tolerance of each other.

    Each may move by the tolerance, so their distance by twice of it.
    """
    if values.shape[1] < 2:
        return np.zeros(len(values), dtype=np.bool_)
    if nearest:
        best = np.sort(values, axis=1)[:, :2]  # NaN comes last
        tied: Flags = best[:, 1] - best[:, 0] <= 2 * TOLERANCE * np.maximum(1.0, best[:, 0])
        return tied
    best = np.sort(values, axis=1)[:, -2:]
    tied = best[:, 1] - best[:, 0] <= 2 * TOLERANCE
    return tied


def finite(value: float) -> float | None:
    """Return a number that JSON can hold; None for an infinite one."""
    return float(value) if np.isfinite(value) else None


def aligned(actual: Answers, outputs: tuple[str, ...]) -> Floats:
    """Return values in the order of these outputs; NaN for one that is not there."""
    values = np.full((len(actual.keys), len(outputs)), np.nan)
    for index, name in enumerate(outputs):
        if name in actual.outputs:
            values[:, index] = actual.values[:, actual.outputs.index(name)]
    return values


def distances(expected: Answers, given: Floats) -> Floats:
    """Return absolute differences; infinite where one side has no number."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(expected.values - given)
    apart = np.where(np.isfinite(apart), apart, np.inf)
    if expected.nearest:
        untold = np.isnan(expected.values) & ~np.isnan(expected.values).all(axis=1, keepdims=True)
        apart = np.where(untold, 0.0, apart)
    return apart
