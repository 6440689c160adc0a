"""One column of tables at work: from a value, or from many, to vectors."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.scoring.tables import Cell, Number, Text

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
# The values of a row, and what they and whole columns are turned into: scores by output.
Values = Sequence[Any]
Vector = tuple[float, ...]
OfOne = Callable[[Values], list[float]]
OfMany = Callable[[Sequence[Floats | Places]], Floats]


def vector_of(column: Number | Text, value: Any) -> Sequence[Cell]:
    """Return the vector of one value; None is NULL."""
    if value is None:
        return column.null
    if isinstance(column, Text):
        return column.known.get(value, column.unseen)
    piece = bisect_right(column.edges, value)
    pairs = zip(column.slopes[piece], column.offsets[piece], strict=True)
    return [slope * value + offset for slope, offset in pairs]


def many_of(
    column: Number | Text, made: Callable[[Sequence[Cell]], Sequence[float]]
) -> Callable[[Any], Floats]:
    """Return what turns a whole column into vectors, each as `made` makes it of the table's."""
    null = np.array(made(column.null))
    if isinstance(column, Text):
        rows = [*map(made, column.known.values()), null, made(column.unseen)]
        table = np.array(rows, dtype=np.float64)
        return lambda places: table[places]
    slopes = np.array([made(line) for line in column.slopes])
    offsets = np.array([made(line) for line in column.offsets])
    edges = np.array(column.edges)

    def vectors(values: Floats) -> Floats:
        pieces = np.searchsorted(edges, values, side="right")  # NaN comes after all
        found: Floats = slopes[pieces] * values[:, np.newaxis] + offsets[pieces]
        found[np.isnan(values)] = null
        return found

    return vectors
