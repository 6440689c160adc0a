"""Scores of linear models: vectors added to the baseline."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from api.scoring.columns import Floats, OfMany, OfOne, Places, Values, Vector, many_of
from api.scoring.tables import Cell, Number, Tables, Text


def linear(tables: Tables, columns: Sequence[Number | Text]) -> tuple[OfOne, OfMany]:
    """Return what scores one row, and many."""
    start = [float(cell or 0.0) for cell in tables.baseline]
    outputs = len(start)
    if outputs == 1:
        return _single(start[0], columns), _matrix_sum(start, columns)
    adders = [_adder(column, outputs) for column in columns]

    def score(values: Values) -> list[float]:
        totals = list(start)
        for adder, value in zip(adders, values, strict=True):
            for place, addend in enumerate(adder(value)):
                totals[place] += addend
        return totals

    return score, _matrix_sum(start, columns)


def _single(start: float, columns: Sequence[Number | Text]) -> OfOne:
    """Return the score of a model with one output: the request path at its shortest."""
    adders = [_single_adder(column) for column in columns]

    def score(values: Values) -> list[float]:
        total = start
        for adder, value in zip(adders, values, strict=True):
            total += adder(value)
        return [total]

    return score


def _single_adder(column: Number | Text) -> Callable[[Any], float]:
    vector = _adder(column, 1)
    if isinstance(column, Text):
        table = _Lookup({word: vector(word)[0] for word in column.known})
        table[None] = vector(None)[0]
        table.unseen = _summed(column, column.unseen, 1)[0]
        return table.__getitem__
    null = vector(None)[0]
    if column.edges:
        return lambda value: vector(value)[0]
    slope = _summed(column, column.slopes[0], 1)[0]
    offset = _summed(column, column.offsets[0], 1)[0]
    return lambda value: null if value is None else slope * value + offset


class _Lookup(dict[str | None, float]):
    unseen = 0.0

    def __missing__(self, word: str | None) -> float:
        return self.unseen


def _adder(column: Number | Text, outputs: int) -> Callable[[Any], Vector]:
    """Return what turns a value into what it adds to each output."""
    null = _summed(column, column.null, outputs)
    if isinstance(column, Text):
        unseen = _summed(column, column.unseen, outputs)
        known: dict[Any, Vector] = {w: _summed(column, v, outputs) for w, v in column.known.items()}
        known[None] = null
        return lambda value: known.get(value, unseen)
    edges = column.edges
    slopes = [_summed(column, line, outputs) for line in column.slopes]
    offsets = [_summed(column, line, outputs) for line in column.offsets]

    def add(value: float | None) -> Vector:
        if value is None:
            return null
        piece = bisect_right(edges, value)
        pairs = zip(slopes[piece], offsets[piece], strict=True)
        return tuple(slope * value + offset for slope, offset in pairs)

    return add


def _summed(column: Number | Text, vector: Sequence[Cell], outputs: int) -> Vector:
    """Return a vector with the parts of one output added up."""
    totals = [0.0] * outputs
    for cell, part in zip(vector, column.parts, strict=True):
        totals[part.target] += cell or 0.0
    return tuple(totals)


def _matrix_sum(start: Sequence[float], columns: Sequence[Number | Text]) -> OfMany:
    outputs = len(start)
    adders = [
        many_of(column, lambda vector, c=column: _summed(c, vector, outputs))  # type: ignore[misc]
        for column in columns
    ]

    def score(given: Sequence[Floats | Places]) -> Floats:
        total = np.tile(np.array(start), (len(given[0]), 1)) if given else np.array([start])
        with np.errstate(over="ignore", invalid="ignore"):
            for adder, values in zip(adders, given, strict=True):
                total += adder(values)
        return total

    return score
