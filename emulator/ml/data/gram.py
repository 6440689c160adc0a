"""The products of a design with itself and a target: what the normal equation needs."""

from __future__ import annotations

import numpy as np

from emulator.ml.data.columns import Floats
from emulator.ml.data.design import Block, Design


def gram(design: Design) -> Floats:
    """Return `(X - shift).T @ (X - shift)`, of shape (size, size)."""
    width = design.numbers.shape[1]
    out = np.zeros((design.size, design.size))
    sums = np.zeros(width)
    for chunk in design.chunks():
        part = design.numbers[chunk]
        out[:width, :width] += part.T @ part
        sums += part.sum(axis=0)
    for block in design.blocks:
        _numbers_by_category(design, block, out)
    _categories_by_category(design, out)
    totals = np.concatenate([sums, design.counts()])
    shift = design.shift
    out -= np.outer(shift, totals) + np.outer(totals, shift)
    return out + design.rows * np.outer(shift, shift)


def _numbers_by_category(design: Design, block: Block, out: Floats) -> None:
    cells = int(np.prod(block.shape))
    for number in range(design.numbers.shape[1]):
        sums = np.zeros(cells)
        for chunk in design.chunks():
            sums += np.bincount(block.cells[chunk], design.numbers[chunk, number], cells)
        grid = sums.reshape(block.shape)
        for axis, column in enumerate(block.columns):
            others = tuple(at for at in range(grid.ndim) if at != axis)
            part = grid.sum(axis=others)[:-1]
            out[number, design.span(column)] = part
            out[design.span(column), number] = part


def _categories_by_category(design: Design, out: Floats) -> None:
    places = [(block, axis) for block in design.blocks for axis in range(len(block.columns))]
    for at, first in enumerate(places):
        for second in places[at:]:
            part = _pair(design, first, second)
            rows = design.span(first[0].columns[first[1]])
            columns = design.span(second[0].columns[second[1]])
            out[rows, columns] = part
            out[columns, rows] = part.T


def _pair(design: Design, first: tuple[Block, int], second: tuple[Block, int]) -> Floats:
    (block, axis), (other, other_axis) = first, second
    if block is other:
        grid = _grid(design, block)
        kept = {axis, other_axis}
        sums = grid.sum(axis=tuple(at for at in range(grid.ndim) if at not in kept))
        if axis == other_axis:
            return np.diag(sums[:-1])
        inner = sums[:-1, :-1]
        return np.asarray(inner if axis < other_axis else inner.T)
    left, right = block.shape[axis], other.shape[other_axis]
    sums = np.zeros(left * right)
    for chunk in design.chunks():
        pairs = _codes(block, axis, chunk) * right + _codes(other, other_axis, chunk)
        sums += np.bincount(pairs, minlength=left * right)
    return np.asarray(sums.reshape(left, right)[:-1, :-1])


def _grid(design: Design, block: Block) -> Floats:
    cells = int(np.prod(block.shape))
    counts = np.bincount(block.cells, minlength=cells)
    return np.asarray(counts.astype(float).reshape(block.shape))


def _codes(block: Block, axis: int, chunk: slice) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    after = int(np.prod(block.shape[axis + 1 :]))
    return (block.cells[chunk].astype(np.intp) // after) % block.shape[axis]
