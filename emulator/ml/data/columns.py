"""Collects the columns of a streamed query in compact form.

Numbers become float64 with NaN for NULL, categories small integer codes with 0 for NULL:
a million rows of nine columns are some 50 MB, whatever DuckDB's batches weigh. Arrays are in
`arrays`.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from emulator.ml.errors import ModelError, TrainingDataError

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[Any]


def as_floats(array: pa.Array, name: str, refuse: type[ModelError] = TrainingDataError) -> Floats:
    """Return numbers as a float64 copy with NaN for NULL.

    Raises
    ------
    ModelError
        Of the class `refuse`, if a value is NaN or infinite: only NULL means missing.
    """
    values = np.array(pc.cast(array, pa.float64(), safe=False), dtype=np.float64)
    missing = np.count_nonzero(~np.isfinite(values))
    if missing != array.null_count:
        raise refuse(f'Column "{name}" holds NaN or infinite values; a model needs real numbers.')
    return values


def dictionary_of(array: pa.Array) -> tuple[list[Any], Codes]:
    """Return distinct values and, per row, the position in them (their number for NULL)."""
    if pa.types.is_boolean(array.type):
        array = pc.cast(array, pa.string())
    if pa.types.is_dictionary(array.type):
        array = pc.cast(array, array.type.value_type)
    encoded = array.dictionary_encode()
    values = encoded.dictionary.to_pylist()
    indices = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    return values, indices


class NumberColumn:
    """Numbers of one column, as they come."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._parts: list[Floats] = []

    def append(self, array: pa.Array) -> None:
        """Take the next batch's values."""
        self._parts.append(as_floats(array, self.name))

    def finish(self) -> Floats:
        """Return all values in one array and forget the parts."""
        values = np.concatenate(self._parts) if self._parts else np.empty(0)
        self._parts = []
        return values


class CategoryColumn:
    """Categories of one column, as they come; values are strings or any hashable."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._codes: dict[Hashable, int] = {}
        self._parts: list[Codes] = []

    def append(self, array: pa.Array) -> None:
        """Take the next batch's values."""
        values, indices = dictionary_of(array)
        codes = self._codes
        known = [codes.setdefault(value, len(codes) + 1) for value in values]
        lookup = np.array([*known, 0], dtype=np.min_scalar_type(len(codes)))
        self._parts.append(lookup[indices])

    def finish(self) -> tuple[list[Any], Codes]:
        """Return sorted values and each row's code: 0 for NULL, else 1 + rank of its value."""
        values = sorted(self._codes)  # type: ignore[type-var]
        rank = np.zeros(len(values) + 1, dtype=np.min_scalar_type(len(values)))
        for position, value in enumerate(values, start=1):
            rank[self._codes[value]] = position
        parts, self._parts = self._parts, []
        codes = np.concatenate([rank[part] for part in parts]) if parts else rank[:0]
        return values, codes
