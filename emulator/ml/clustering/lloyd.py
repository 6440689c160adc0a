"""Distances and means of all rows, chunk by chunk over the packed design.

Products of rows and centroids come from one matrix product for numbers and one table lookup
for each block of categories; the points themselves are never built.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emulator.ml.clustering.parameters import cosine_distances
from emulator.ml.data.columns import Codes, Floats
from emulator.ml.data.design import Block, Design


@dataclass(frozen=True)
class Assignment:
    """The nearest centroid of each row, and its distance."""

    clusters: Codes
    distances: Floats

    @property
    def loss(self) -> float:
        """Mean squared distance."""
        return float(np.square(self.distances).mean())


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
    def squares(self) -> Floats:
        """Squared length of each point, of shape (rows,)."""
        width = self.design.numbers.shape[1]
        out = np.empty(self.rows)
        tables = [self.design.table(block, np.ones(self.design.size)) for block in self._blocks]
        for chunk in self.design.chunks():
            out[chunk] = np.square(self.design.numbers[chunk] / self.spread[:width]).sum(axis=1)
            for block, table in zip(self._blocks, tables, strict=True):
                out[chunk] += table[block.cells[chunk]]
        return out

    @property
    def _blocks(self) -> tuple[Block, ...]:
        return self.design.blocks

    def points(self, rows: Codes) -> Floats:
        """Return some points, of shape (len(rows), size)."""
        return self.design.dense(rows) / self.spread

    def distances(self, centres: Floats) -> Floats:
        """Return the distance of each point from each centre, of shape (rows, centres)."""
        out = np.empty((self.rows, len(centres)))
        for chunk, part in self._chunks(centres):
            out[chunk] = part if self.cosine else np.sqrt(part)
        return out

    def assign(self, centres: Floats) -> Assignment:
        """Return the nearest centre of each point, the first of several."""
        clusters = np.empty(self.rows, dtype=np.intp)
        distances = np.empty(self.rows)
        for chunk, part in self._chunks(centres):
            nearest = part.argmin(axis=1)
            clusters[chunk] = nearest
            least = part[np.arange(len(part)), nearest]
            distances[chunk] = least if self.cosine else np.sqrt(least)
        return Assignment(clusters, distances)

    def centres(self, found: Assignment, before: Floats) -> Floats:
        """Return the mean of each cluster's points; of a cluster without points, what it was."""
        count, width = len(before), self.design.numbers.shape[1]
        sizes = np.bincount(found.clusters, minlength=count).astype(float)
        sums = np.zeros((count, self.design.size))
        for chunk in self.design.chunks():
            member = np.zeros((count, chunk.stop - chunk.start))
            member[found.clusters[chunk], np.arange(member.shape[1])] = 1.0
            sums[:, :width] += member @ self.design.numbers[chunk]
        sums[:, :width] /= self.spread[:width]
        for block in self._blocks:
            self._add_categories(block, found.clusters, sums)
        return np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1.0)[:, None], before)

    def _add_categories(self, block: Block, clusters: Codes, sums: Floats) -> None:
        cells = int(np.prod(block.shape))
        flat = clusters * cells + block.cells
        grid = np.bincount(flat, minlength=len(sums) * cells).reshape(len(sums), *block.shape)
        for axis, column in enumerate(block.columns, start=1):
            others = tuple(at for at in range(1, grid.ndim) if at != axis)
            sums[:, self.design.span(column)] = grid.sum(axis=others)[:, :-1]

    def _chunks(self, centres: Floats) -> Iterator[tuple[slice, Floats]]:
        """Yield slices of rows with their distances by angle, or squared ones."""
        width = self.design.numbers.shape[1]
        slopes = (centres[:, :width] / self.spread[:width]).T
        tables = [
            np.stack([self.design.table(block, centre) for centre in centres], axis=1)
            for block in self._blocks
        ]
        lengths = np.square(centres).sum(axis=1)
        for chunk in self.design.chunks():
            products = self.design.numbers[chunk] @ slopes
            for block, table in zip(self._blocks, tables, strict=True):
                products += table[block.cells[chunk]]
            squares = self.squares[chunk, None]
            if self.cosine:
                yield chunk, cosine_distances(products, squares, lengths)
            else:
                yield chunk, np.maximum(squares + lengths - 2 * products, 0.0)
