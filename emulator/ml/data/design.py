"""The design matrix of a training set, never built: numbers in a matrix, categories as cells.

Categorical columns are packed into blocks: a row's cell in a block says its category in
each of the block's columns. One lookup then adds the weights of a whole block, and one
histogram sums over it. Sums run over fixed chunks of rows, so they do not depend on threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emulator.ml.data.columns import Codes, Floats

CHUNK = 1 << 16
MOST_CELLS = 1 << 16


@dataclass(frozen=True)
class Block:
    """Some categorical columns; `shape` is one more than each column's categories.

    The last position of a column is "no category": its weight is always 0.
    """

    columns: tuple[int, ...]
    shape: tuple[int, ...]
    cells: Codes


@dataclass(frozen=True)
class Design:
    """Rows times coordinates: [intercept], numbers, then the categories of each column.

    Parameters
    ----------
    numbers : array of shape (rows, n_numbers)
    blocks : sequence of Block
        Categorical columns, packed.
    sizes : tuple of int
        Categories of each categorical column.
    shift : array of shape (size,)
        Subtracted from every row; all zero for the plain design.
    """

    numbers: Floats
    blocks: tuple[Block, ...]
    sizes: tuple[int, ...]
    shift: Floats

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.numbers)

    @property
    def size(self) -> int:
        """Number of coordinates, the intercept not counted."""
        return int(self.numbers.shape[1] + sum(self.sizes))

    def span(self, column: int) -> slice:
        """Return the coordinates of a categorical column."""
        start = self.numbers.shape[1] + sum(self.sizes[:column])
        return slice(start, start + self.sizes[column])

    def forward(self, weights: Floats, intercept: float = 0.0) -> Floats:
        """Return `intercept + (X - shift) @ weights`, of shape (rows,)."""
        out = np.empty(self.rows)
        tables = [self.table(block, weights) for block in self.blocks]
        slopes = weights[: self.numbers.shape[1]]
        base = intercept - float(self.shift @ weights)
        for chunk in self.chunks():
            part = self.numbers[chunk] @ slopes + base
            for block, table in zip(self.blocks, tables, strict=True):
                part += table[block.cells[chunk]]
            out[chunk] = part
        return out

    def adjoint(self, residual: Floats) -> tuple[Floats, float]:
        """Return `(X - shift).T @ residual` and the residual's sum."""
        sums = np.zeros(self.numbers.shape[1])
        cells = [np.zeros(_cells(block)) for block in self.blocks]
        total = 0.0
        for chunk in self.chunks():
            part = residual[chunk]
            sums += part @ self.numbers[chunk]
            total += float(part.sum())
            for block, sum_ in zip(self.blocks, cells, strict=True):
                sum_ += np.bincount(block.cells[chunk], part, len(sum_))
        out = np.concatenate([sums, *self._marginals(cells)])
        return out - self.shift * total, total

    def dense(self, rows: Codes) -> Floats:
        """Return the coordinates of some rows, not shifted, of shape (len(rows), size)."""
        out = np.zeros((len(rows), self.size))
        out[:, : self.numbers.shape[1]] = self.numbers[rows]
        for block in self.blocks:
            places = np.unravel_index(block.cells[rows].astype(np.intp), block.shape)
            for column, place in zip(block.columns, places, strict=True):
                span = self.span(column)
                known = np.flatnonzero(place < span.stop - span.start)
                out[known, span.start + place[known]] = 1.0
        return out

    def chunks(self) -> Iterator[slice]:
        """Yield slices of at most CHUNK rows."""
        for start in range(0, self.rows, CHUNK):
            yield slice(start, min(start + CHUNK, self.rows))

    def counts(self) -> Floats:
        """Return how many rows have each category, for the categorical coordinates."""
        cells = [np.bincount(b.cells, minlength=_cells(b)).astype(float) for b in self.blocks]
        return np.concatenate([np.empty(0), *self._marginals(cells)])

    def table(self, block: Block, weights: Floats) -> Floats:
        """Return the sum of weights of the categories that a cell stands for, by cell."""
        grid = np.zeros(block.shape)
        for axis, column in enumerate(block.columns):
            shape = [1] * grid.ndim
            shape[axis] = -1
            grid += np.append(weights[self.span(column)], 0.0).reshape(shape)
        return grid.ravel()

    def _marginals(self, cells: Sequence[Floats]) -> list[Floats]:
        found: dict[int, Floats] = {}
        for block, sums in zip(self.blocks, cells, strict=True):
            grid = sums.reshape(block.shape)
            for axis, column in enumerate(block.columns):
                others = tuple(at for at in range(grid.ndim) if at != axis)
                found[column] = grid.sum(axis=others)[:-1]
        return [found[column] for column in sorted(found)]


def _cells(block: Block) -> int:
    return int(np.prod(block.shape))


def make_design(numbers: Floats, codes: Sequence[Codes], sizes: Sequence[int]) -> Design:
    """Pack encoded columns into a design without shift.

    Parameters
    ----------
    numbers : array of shape (rows, n_numbers)
    codes : sequence of int arrays of shape (rows,)
        One per categorical column; the value `sizes[column]` means no category.
    sizes : sequence of int
        Categories of each column.
    """
    blocks = [_pack(group, codes, sizes) for group in _groups(sizes)]
    width = numbers.shape[1] + sum(sizes)
    return Design(numbers, tuple(blocks), tuple(sizes), np.zeros(width))


def _groups(sizes: Sequence[int]) -> list[list[int]]:
    groups: list[list[int]] = []
    cells = 0
    for column in sorted(range(len(sizes)), key=lambda at: sizes[at]):
        width = sizes[column] + 1
        if groups and cells * width <= MOST_CELLS:
            groups[-1].append(column)
            cells *= width
        else:
            groups.append([column])
            cells = width
    return groups


def _pack(group: list[int], codes: Sequence[Codes], sizes: Sequence[int]) -> Block:
    shape = tuple(sizes[column] + 1 for column in group)
    kind: Any = np.min_scalar_type(int(np.prod(shape)) - 1)
    cells = np.zeros(len(codes[group[0]]), dtype=kind)
    for column, width in zip(group, shape, strict=True):
        cells *= kind.type(width) if width <= np.iinfo(kind).max else kind.type(0)
        cells += codes[column].astype(kind, copy=False)
    return Block(tuple(group), shape, cells)
