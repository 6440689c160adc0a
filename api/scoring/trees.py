"""Scores of trees: vectors written into their matrix, which ONNX Runtime answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from api.scoring.columns import Floats, OfMany, OfOne, Places, Values, Vector, many_of, vector_of
from api.scoring.ensemble import open_trees
from api.scoring.tables import Cell, Number, Tables, Text


def trees(tables: Tables, columns: Sequence[Number | Text]) -> tuple[OfOne, OfMany]:
    """Return what scores one row, and many."""
    assert tables.trees is not None
    ensemble = open_trees(tables.trees)
    start = np.array([_missing(cell) for cell in tables.baseline], dtype=np.float64)
    targets = [np.array([part.target for part in one.parts], dtype=np.intp) for one in columns]
    writers = [many_of(column, lambda v: [_missing(cell) for cell in v]) for column in columns]

    def many(given: Sequence[Floats | Places]) -> Floats:
        matrix = np.tile(start, (len(given[0]) if given else 1, 1))
        for writer, places, values in zip(writers, targets, given, strict=True):
            matrix[:, places] = writer(values)
        with np.errstate(over="ignore"):
            return ensemble.scores(matrix.astype(np.float32))

    fillers = [
        (places.tolist(), _filler(column)) for column, places in zip(columns, targets, strict=True)
    ]
    first = start.tolist()

    def one(values: Values) -> list[float]:
        row = list(first)
        for (places, filler), value in zip(fillers, values, strict=True):
            for place, cell in zip(places, filler(value), strict=True):
                row[place] = cell
        with np.errstate(over="ignore"):
            matrix = np.array([row], dtype=np.float32)
        found: list[float] = ensemble.scores(matrix)[0].tolist()
        return found

    return one, many


def _filler(column: Number | Text) -> Callable[[Any], Sequence[float]]:
    """Return what turns a value into its cells of the trees' matrix."""
    null = tuple(map(_missing, column.null))
    if isinstance(column, Text):
        known: dict[Any, Vector] = {
            word: tuple(map(_missing, vector)) for word, vector in column.known.items()
        }
        known[None] = null
        unseen = tuple(map(_missing, column.unseen))
        return lambda value: known.get(value, unseen)
    if not column.edges and column.slopes[0] == (1.0,) and column.offsets[0] == (0.0,):
        return lambda value: null if value is None else (value,)
    return lambda value: null if value is None else [*map(_missing, vector_of(column, value))]


def _missing(cell: Cell) -> float:
    return math.nan if cell is None else cell
