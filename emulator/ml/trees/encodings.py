"""How columns become the numbers that trees split on.

A category is its position in the ascending list of the training categories; a value that is
not in it has the position `count`. By the boosters that BigQuery ML exports, a one-hot cell is
1 or missing, never 0, and its list starts with `_null_filler` (put it in, and NULL has a column
of its own); a target of several classes has one cell a class, in which 0 is missing too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


def label_encoded(positions: Positions, count: int) -> Floats:
    """Return 1 to n in the list's order, 0 for what is not in it (LABEL_ENCODING)."""
    return np.where(positions < count, positions + 1, 0).astype(np.float32)


def one_hot_encoded(positions: Positions, count: int) -> Floats:
    """Return (rows, count) cells, 1 at the row's category, else missing (ONE_HOT_ENCODING)."""
    cells = np.full((len(positions), count), np.nan, dtype=np.float32)
    (known,) = np.nonzero(positions < count)
    cells[known, positions[known]] = 1
    return cells


def target_means(positions: Positions, count: int, label: Floats, classes: int) -> Doubles:
    """Return what TARGET_ENCODING learns, as (count, cells).

    Parameters
    ----------
    positions : int array of shape (rows,)
        Categories of the training rows; each occurs.
    count : int
        How many categories there are.
    label : float32 array of shape (rows,)
        Numbers, or positions of classes.
    classes : int
        0 for regression: the one cell is the mean label. 2: the share of the higher class.
        More: the share of every class.
    """
    known = positions < count
    at, value = positions[known], label[known].astype(np.float64)
    rows = np.maximum(np.bincount(at, minlength=count), 1)
    if classes <= 2:
        targets = [value]
    else:
        targets = [(value == one).astype(np.float64) for one in range(classes)]
    return np.stack([np.bincount(at, one, count) / rows for one in targets], axis=1)


def target_encoded(positions: Positions, means: Doubles) -> Floats:
    """Return (rows, cells) of what `target_means` learned, missing for an unknown category."""
    cells = means if means.shape[1] == 1 else np.where(means == 0, np.nan, means)
    missing = np.full((1, cells.shape[1]), np.nan)
    return np.concatenate([cells, missing]).astype(np.float32)[positions]


def numeric_means(values: Doubles) -> Doubles:
    """Return the mean of each column of (rows, columns) over what is not NaN; NaN if all is."""
    there = ~np.isnan(values)
    counts = there.sum(axis=0)
    totals = np.where(there, values, 0).sum(axis=0)
    means = np.full(len(counts), np.nan)
    np.divide(totals, counts, out=means, where=counts > 0)
    return means


def numeric_filled(values: Doubles, means: Doubles) -> Floats:
    """Return the numbers with the training mean for NULL, which the manual asks of trees too."""
    return np.where(np.isnan(values), means, values).astype(np.float32)
