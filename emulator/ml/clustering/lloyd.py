"""Distances and means of all rows, chunk by chunk over the packed design.

The product of a row and a centroid is one of its numbers and one table lookup for each block of
categories; points themselves are never built. Chunks are shared out among threads, and what
they find is put together in their order: the result does not depend on threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from emulator.ml.data.columns import Codes, Floats
from emulator.ml.data.design import CHUNK, Block, Design

T = TypeVar("T")


@dataclass(frozen=True)
class Assignment:
    """The nearest centroid of each row, and what the next centroids are made of.

    Parameters
    ----------
    clusters, squares : arrays of shape (rows,)
        Position of the centroid, and squared distance.
    sizes, totals : arrays of shape (clusters,)
        Rows of each cluster, and the sum of their squared distances.
    sums : array of shape (clusters, size)
        Sum of their points.
    """

    clusters: Codes
    squares: Floats
    sizes: Floats
    totals: Floats
    sums: Floats

    @property
    def loss(self) -> float:
        """Mean squared distance."""
        return float(self.totals.sum() / len(self.squares))

    @property
    def radii(self) -> Floats:
        """Root mean square distance of each cluster's rows; 0 without rows."""
        return np.asarray(np.sqrt(self.totals / np.maximum(self.sizes, 1.0)))


@dataclass(frozen=True)
class Centre:
    """A centroid as slopes of the numbers and a table for each block of categories.

    Their sum over a row is the squared distance less the row's own squared length, or for
    angles the negative cosine times the row's length.
    """

    slopes: Floats
    tables: tuple[Floats, ...]
    constant: float

    def values(self, design: Design, chunk: slice) -> Floats:
        """Return that sum for some rows."""
        out = design.numbers[chunk] @ self.slopes
        out += self.constant
        for block, table in zip(design.blocks, self.tables, strict=True):
            out += table.take(block.cells[chunk])
        return out


@dataclass(frozen=True)
class Space:
    """Rows as points: coordinates of a design over `spread`.

    Parameters
    ----------
    design : Design
    spread : array of shape (size,)
        Divisor of each coordinate.
    cosine : bool
        Whether distances are by angle.
    """

    design: Design
    spread: Floats
    cosine: bool

    @property
    def rows(self) -> int:
        """Number of points."""
        return self.design.rows

    @cached_property
    def lengths(self) -> Floats:
        """Squared length of each point, of shape (rows,)."""
        width = self.design.numbers.shape[1]
        tables = [self.design.table(block, np.ones(self.design.size)) for block in self._blocks]

        def part(chunk: slice) -> Floats:
            out = np.square(self.design.numbers[chunk] / self.spread[:width]).sum(axis=1)
            for block, table in zip(self._blocks, tables, strict=True):
                out += table.take(block.cells[chunk])
            return np.asarray(out)

        return np.concatenate([np.empty(0), *self._shared(part)])

    @property
    def _blocks(self) -> tuple[Block, ...]:
        return self.design.blocks

    def points(self, rows: Codes) -> Floats:
        """Return some points, of shape (len(rows), size)."""
        return self.design.dense(rows) / self.spread

    def distances(self, centres: Floats) -> Floats:
        """Return the distance of each point from each centre, of shape (rows, centres)."""
        lengths, made = self.lengths, [self._centre(one) for one in centres]

        def part(chunk: slice) -> Floats:
            values = [one.values(self.design, chunk) for one in made]
            squares = [self._squares(one, lengths[chunk]) for one in values]
            return np.asarray(np.sqrt(np.stack(squares, axis=1)))

        return np.concatenate([np.empty((0, len(centres))), *self._shared(part)])

    def least_ratios(self, centres: Floats, radii: Floats) -> Floats:
        """Return the least distance of each point in radii of the centre, of shape (rows,)."""
        lengths, made = self.lengths, [self._centre(one) for one in centres]

        def part(chunk: slice) -> Floats:
            best = np.full(chunk.stop - chunk.start, np.inf)
            for one, radius in zip(made, radii, strict=True):
                squares = self._squares(one.values(self.design, chunk), lengths[chunk])
                squares /= radius**2 if radius > 0 else 1.0
                np.minimum(best, squares, out=best)
            return np.asarray(np.sqrt(best))

        return np.concatenate([np.empty(0), *self._shared(part)])

    def assign(self, centres: Floats) -> Assignment:
        """Return the nearest centre of each point, the first of several."""
        lengths, made = self.lengths, [self._centre(one) for one in centres]
        clusters, squares = np.empty(self.rows, dtype=np.intp), np.empty(self.rows)

        def part(chunk: slice) -> tuple[Floats, Floats, Floats]:
            best = made[0].values(self.design, chunk)
            nearest = np.zeros(len(best), dtype=np.uint8)
            for at, one in enumerate(made[1:], start=1):
                values = one.values(self.design, chunk)
                # Positions grow, so the greatest of the nearer ones so far is the nearest; a
                # masked assignment takes ten times as long.
                np.maximum(nearest, (values < best).view(np.uint8) * np.uint8(at), out=nearest)
                np.minimum(best, values, out=best)
            clusters[chunk] = nearest
            squares[chunk] = self._squares(best, lengths[chunk])
            return self._summed(chunk, clusters[chunk], squares[chunk], len(centres))

        sizes, totals = np.zeros(len(centres)), np.zeros(len(centres))
        sums = np.zeros((len(centres), self.design.size))
        for partial in self._shared(part):
            for whole, one in zip((sizes, totals, sums), partial, strict=True):
                whole += one
        for block in self._large_blocks(len(centres)):
            self._add_categories(block, clusters, block.cells, sums)
        sums[:, : self._width] /= self.spread[: self._width]
        return Assignment(clusters, squares, sizes, totals, sums)

    def centres(self, found: Assignment, before: Floats) -> Floats:
        """Return the mean of each cluster's points; of a cluster without points, what it was."""
        sizes = found.sizes[:, None]
        return np.where(sizes > 0, found.sums / np.maximum(sizes, 1.0), before)

    @property
    def _width(self) -> int:
        return int(self.design.numbers.shape[1])

    def _summed(
        self, chunk: slice, clusters: Codes, squares: Floats, count: int
    ) -> tuple[Floats, Floats, Floats]:
        """Return sizes, sums of squares and of points by cluster, large blocks left out."""
        sums = np.zeros((count, self.design.size))
        for at, column in enumerate(self.design.numbers[chunk].T):
            sums[:, at] = np.bincount(clusters, column, count)
        large = self._large_blocks(count)
        for block in self._blocks:
            if all(block is not one for one in large):
                self._add_categories(block, clusters, block.cells[chunk], sums)
        sizes = np.bincount(clusters, minlength=count).astype(float)
        return sizes, np.bincount(clusters, squares, count).astype(float), sums

    def _large_blocks(self, count: int) -> list[Block]:
        """Return the blocks whose histogram is longer than a chunk: one pass does for all rows."""
        return [one for one in self._blocks if count * int(np.prod(one.shape)) > CHUNK]

    def _add_categories(self, block: Block, clusters: Codes, cells: Codes, sums: Floats) -> None:
        size = int(np.prod(block.shape))
        flat = clusters * size + cells
        grid = np.bincount(flat, minlength=len(sums) * size).reshape(len(sums), *block.shape)
        for axis, column in enumerate(block.columns, start=1):
            others = tuple(at for at in range(1, grid.ndim) if at != axis)
            sums[:, self.design.span(column)] = grid.sum(axis=others)[:, :-1]

    def _centre(self, centre: Floats) -> Centre:
        width = self.design.numbers.shape[1]
        square = float(np.square(centre).sum())
        length = np.sqrt(square)
        factor = (-1.0 / length if length > 0 else 0.0) if self.cosine else -2.0
        tables = tuple(self.design.table(block, centre * factor) for block in self._blocks)
        slopes = centre[:width] * factor / self.spread[:width]
        return Centre(slopes, tables, 0.0 if self.cosine else square)

    def _squares(self, values: Floats, lengths: Floats) -> Floats:
        """Return squared distances from what the centres' sums are."""
        if not self.cosine:
            return np.maximum(values + lengths, 0.0)
        root = np.sqrt(lengths)
        cosines = np.divide(-values, root, out=np.zeros_like(values), where=root > 0)
        return np.maximum(1.0 - cosines, 0.0)

    def _shared(self, part: Callable[[slice], T]) -> list[T]:
        """Return what `part` makes of each chunk, in their order, by as many threads as cores."""
        return list(self._threads.map(part, self.design.chunks()))

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(os.cpu_count() or 1)
