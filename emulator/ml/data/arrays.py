"""Collects ARRAY columns: runs of categories, vectors of numbers, sparse vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array

from emulator.ml.data import types
from emulator.ml.data.columns import CategoryColumn, Codes, Floats, as_floats
from emulator.ml.errors import ModelError, TrainingDataError

Sparse: TypeAlias = csr_array
Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ragged:
    """Runs of categories: row i has the codes from `offsets[i]` to `offsets[i + 1]`.

    A code is 0 for NULL, else 1 + the position in `values`, which ascend.
    """

    values: list[Any]
    offsets: Offsets
    codes: Codes


def runs(array: pa.Array) -> tuple[Offsets, pa.Array]:
    """Return offsets and elements of an array column; a NULL array has no element."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return offsets, pc.list_flatten(array)


def category_runs(array: pa.Array) -> tuple[Offsets, pa.Array]:
    """Return offsets and elements as text; a NULL or empty array holds one NULL."""
    offsets, elements = runs(array)
    lengths = np.diff(offsets)
    elements = types.as_text(elements)
    if lengths.all():
        return offsets, elements
    counts = np.maximum(lengths, 1)
    filled = np.concatenate([[0], np.cumsum(counts)])
    source = np.full(filled[-1], -1, dtype=np.int64)
    source[~np.isin(np.arange(len(source)), filled[:-1][lengths == 0])] = np.arange(len(elements))
    return filled, elements.take(pa.array(source, mask=source < 0))


def as_matrix(
    array: pa.Array, name: str, dimension: int | None, refuse: type[ModelError] = TrainingDataError
) -> Floats:
    """Return vectors of numbers as a matrix with NaN for a NULL element.

    Raises
    ------
    ModelError
        Of the class `refuse`, if vectors have not all `dimension` (the first's) elements.
    """
    offsets, elements = runs(array)
    lengths = np.diff(offsets)
    if dimension is None:
        dimension = int(lengths[0]) if len(lengths) else 0
    wrong = np.flatnonzero(lengths != dimension)
    if len(wrong) or dimension == 0 < len(lengths):
        found = int(lengths[wrong[0]]) if len(wrong) else 0
        raise refuse(
            f'The ARRAY column "{name}" has {found} elements in one row and {dimension} in '
            "another; a vector of numbers needs the same number, above 0, in every row."
        )
    return as_floats(elements, name, refuse).reshape(len(lengths), dimension)


def as_sparse(
    array: pa.Array, name: str, dimension: int, refuse: type[ModelError] = TrainingDataError
) -> Sparse:
    """Return sparse vectors of STRUCT(index, value); an index of `dimension` or above is left out.

    Raises
    ------
    ModelError
        Of the class `refuse`, if an index is NULL or negative, or a value not finite.
    """
    offsets, elements = runs(array)
    index = pc.fill_null(pc.struct_field(elements, [0]), -1).to_numpy(zero_copy_only=False)
    if (index < 0).any():
        raise refuse(f'The ARRAY column "{name}" has an index that is NULL or negative.')
    values = as_floats(pc.fill_null(pc.struct_field(elements, [1]), 0), name, refuse)
    rows = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    known = index < dimension
    cells = (values[known], (rows[known], index[known].astype(np.int64)))
    return csr_array(cells, shape=(len(offsets) - 1, dimension))


class RunsColumn:
    """Runs of categories of one column, as they come."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._elements = CategoryColumn(name)
        self._lengths: list[Offsets] = []

    def append(self, array: pa.Array) -> None:
        """Take the next batch's values."""
        offsets, elements = category_runs(array)
        self._lengths.append(np.diff(offsets))
        self._elements.append(elements)

    def finish(self) -> Ragged:
        """Return all runs."""
        lengths = np.concatenate([np.zeros(1, np.int64), *self._lengths])
        values, codes = self._elements.finish()
        return Ragged(values, np.cumsum(lengths), codes)


class VectorColumn:
    """Vectors of one column, as they come."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._parts: list[Floats] = []

    def append(self, array: pa.Array) -> None:
        """Take the next batch's values."""
        if len(array):
            dimension = self._parts[0].shape[1] if self._parts else None
            self._parts.append(as_matrix(array, self.name, dimension))

    def finish(self) -> Floats:
        """Return all vectors as one matrix and forget the parts."""
        parts, self._parts = self._parts, []
        return np.concatenate(parts) if parts else np.empty((0, 0))


MOST_DIMENSIONS = 1_000_000


class SparseColumn:
    """Sparse vectors of one column, as they come."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._parts: list[Sparse] = []

    def append(self, array: pa.Array) -> None:
        """Take the next batch's values."""
        highest = pc.max(pc.struct_field(runs(array)[1], [0])).as_py()
        if highest is not None and highest >= MOST_DIMENSIONS:
            raise TrainingDataError(
                f'The ARRAY column "{self.name}" has the index {highest}; '
                f"at most {MOST_DIMENSIONS - 1} is supported."
            )
        self._parts.append(as_sparse(array, self.name, 1 + (-1 if highest is None else highest)))

    def finish(self) -> Sparse:
        """Return all vectors, as wide as the highest index."""
        width = max((part.shape[1] for part in self._parts), default=0)
        for part in self._parts:
            part.resize((part.shape[0], width))
        rows = [part.shape[0] for part in self._parts]
        pointers = np.cumsum([0, *(len(part.data) for part in self._parts)])
        cells = np.concatenate([np.empty(0), *(part.data for part in self._parts)])
        indices = np.concatenate([np.empty(0, np.int64), *(p.indices for p in self._parts)])
        starts = [part.indptr[:-1] + at for part, at in zip(self._parts, pointers, strict=False)]
        offsets = np.concatenate([*starts, pointers[-1:]])
        return csr_array((cells, indices, offsets), shape=(sum(rows), width))
