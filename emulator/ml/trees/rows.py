"""Rows to train on, checked before a C library sees them: it would answer with nonsense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from emulator.ml.trees.errors import LibraryError

Floats = npt.NDArray[np.float32]
T = TypeVar("T", bound=np.generic)

BATCH_ROWS = 1 << 16


@dataclass(frozen=True)
class Rows:
    """Encoded rows.

    Parameters
    ----------
    matrix : float32 array of shape (rows, columns)
        NaN is missing.
    label : float32 array of shape (rows,)
        The number to predict, or the class's position.
    weights : float32 array of shape (rows,), optional
        How much each row counts.
    """

    matrix: Floats
    label: Floats
    weights: Floats | None = None

    def check(self, classes: int) -> None:
        """Refuse what XGBoost would take without a word, or die of.

        Raises
        ------
        LibraryError
            Naming the first bad column or value.
        """
        count, columns = self.matrix.shape
        if not count or not columns:
            raise LibraryError(f"Trees need rows and columns; the matrix has {self.matrix.shape}.")
        for name, values in (("label", self.label), ("weights", self.weights)):
            if values is None:
                continue
            if values.shape != (count,):
                raise LibraryError(f"The {name} has {values.shape} values for {count} rows.")
            if not np.isfinite(values).all():
                raise LibraryError(f"The {name} holds NaN or infinity; expected finite numbers.")
        if self.weights is not None and (self.weights.min() < 0 or not self.weights.any()):
            raise LibraryError("Row weights must not be negative, nor all of them 0.")
        if classes and not (0 <= self.label.min() and self.label.max() < classes):
            raise LibraryError(f"A label is not a class position of 0 to {classes - 1}.")
        for block in batches(self.matrix):
            infinite = np.isinf(block)
            if infinite.any():
                column = int(infinite.any(axis=0).argmax())
                raise LibraryError(
                    f"Column {column} holds infinity, or a number too large for float32, which "
                    "trees compute in; scale it or make it NULL."
                )


def batches(matrix: npt.NDArray[T]) -> Iterator[npt.NDArray[T]]:
    """Yield the rows in slices, so that what is made of them stays small."""
    for start in range(0, len(matrix), BATCH_ROWS):
        yield matrix[start : start + BATCH_ROWS]


def as_floats(values: npt.NDArray[np.generic]) -> Floats:
    """Return the values as contiguous float32, copied only if they are not."""
    return np.ascontiguousarray(values, dtype=np.float32)
