"""Tables made ready to compute: one row with plain Python, many with NumPy.

One row costs a dictionary lookup or a multiplication for each column; many are columns of
numbers (NaN is NULL) and of places in a table.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.scoring.tables import Cell, Link, Number, Tables, Text, sigmoid, softmax
from export.artifact import Feature

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Values = Sequence[Any]
Vector = tuple[float, ...]


class Words(dict[str | None, int]):
    """The place of each known text in a table; NULL's is last but one, any other's last."""

    def __init__(self, text: Text) -> None:
        super().__init__({word: place for place, word in enumerate(text.known)})
        self.null = self[None] = len(text.known)
        self.unseen = self.null + 1

    def __missing__(self, word: str | None) -> int:
        """Return the place of what is in no table."""
        return self.unseen

    def places(self, texts: Iterable[str | None], count: int) -> Places:
        """Return the place of each text."""
        return np.fromiter(map(self.__getitem__, texts), dtype=np.intp, count=count)


@dataclass(frozen=True, eq=False)
class Scorer:
    """A model that answers.

    Parameters
    ----------
    tables : Tables
        What it is made of.
    features : tuple of Feature
        Input columns in the order of a row's values.
    words : tuple of Words or None
        By input column; None for one of numbers.
    one : callable
        From one row's values to its outputs: the value, or the classes' probabilities.
    many : callable
        From columns (`columns` makes them of lists) to outputs of shape (n_rows, n_outputs).
    """

    tables: Tables
    features: tuple[Feature, ...]
    words: tuple[Words | None, ...]
    one: Callable[[Values], list[float]]
    many: Callable[[Sequence[Floats | Places]], Floats]

    def columns(self, lists: Sequence[Sequence[Any]]) -> list[Floats | Places]:
        """Return checked columns of plain values as `many` takes them."""
        return [
            np.array(values, dtype=np.float64)
            if words is None
            else words.places(values, len(values))
            for values, words in zip(lists, self.words, strict=True)
        ]

    @cached_property
    def _bounds(self) -> tuple[tuple[Words | None, float, float], ...]:
        """By column the known texts, or the ends of the training range."""
        return tuple(
            (
                words,
                -math.inf if feature.min is None else feature.min,
                math.inf if feature.max is None else feature.max,
            )
            for feature, words in zip(self.features, self.words, strict=True)
        )

    def is_strange(self, values: Values) -> bool:
        """Tell whether a row has a value that training did not see the like of."""
        for value, (words, low, high) in zip(values, self._bounds, strict=True):
            if words is None:
                if value is not None and not low <= value <= high:
                    return True
            elif value not in words:
                return True
        return False

    def likeliest(self, outputs: Sequence[float]) -> int:
        """Return the position of the likeliest class; of two equal ones the first."""
        return max(range(len(outputs)), key=outputs.__getitem__)

    def parts(self, values: Values) -> tuple[tuple[float, ...], dict[str, list[float]]]:
        """Return a linear model's baseline, and what each feature adds to each output's score.

        Raises
        ------
        ValueError
            If the model is of trees.
        """
        if self.tables.trees is not None:
            raise ValueError("tables hold no attributions of trees")
        baseline = tuple(float(cell or 0.0) for cell in self.tables.baseline)
        found: dict[str, list[float]] = {}
        for value, column in zip(values, self.tables.columns.values(), strict=True):
            for cell, part in zip(_vector(column, value), column.parts, strict=True):
                scores = found.setdefault(part.feature, [0.0] * len(baseline))
                scores[part.target] += cell or 0.0
        return baseline, found


def compile_tables(tables: Tables, features: Sequence[Feature]) -> Scorer:
    """Make a scorer of tables.

    Parameters
    ----------
    tables : Tables
        Checked: each column's vectors are as long as its parts.
    features : sequence of Feature
        The model's input columns, in the order of the tables.
    """
    columns = [tables.columns[feature.name] for feature in features]
    words = tuple(Words(one) if isinstance(one, Text) else None for one in columns)
    if tables.trees is None:
        scores_of_one, scores_of_many = _linear(tables, columns)
    else:
        scores_of_one, scores_of_many = _of_trees(tables, columns)
    one, many = LINKS[tables.link]
    return Scorer(
        tables,
        tuple(features),
        words,
        lambda values: one(scores_of_one(values)),
        lambda given: many(scores_of_many(given)),
    )


OfOne = Callable[[Values], list[float]]
OfMany = Callable[[Sequence[Floats | Places]], Floats]


def _linear(tables: Tables, columns: Sequence[Number | Text]) -> tuple[OfOne, OfMany]:
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
        _many(column, lambda vector, c=column: _summed(c, vector, outputs))  # type: ignore[misc]
        for column in columns
    ]

    def score(given: Sequence[Floats | Places]) -> Floats:
        total = np.tile(np.array(start), (len(given[0]), 1)) if given else np.array([start])
        with np.errstate(over="ignore", invalid="ignore"):
            for adder, values in zip(adders, given, strict=True):
                total += adder(values)
        return total

    return score


def _many(
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


def _of_trees(tables: Tables, columns: Sequence[Number | Text]) -> tuple[OfOne, OfMany]:
    from api.scoring.ensemble import open_trees  # whoever has no trees does without it

    assert tables.trees is not None
    trees = open_trees(tables.trees)
    start = np.array([_missing(cell) for cell in tables.baseline], dtype=np.float64)
    targets = [np.array([part.target for part in one.parts], dtype=np.intp) for one in columns]
    writers = [_many(column, lambda v: [_missing(cell) for cell in v]) for column in columns]

    def many(given: Sequence[Floats | Places]) -> Floats:
        matrix = np.tile(start, (len(given[0]) if given else 1, 1))
        for writer, places, values in zip(writers, targets, given, strict=True):
            matrix[:, places] = writer(values)
        with np.errstate(over="ignore"):
            return trees.scores(matrix.astype(np.float32))

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
        found: list[float] = trees.scores(matrix)[0].tolist()
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
    return lambda value: null if value is None else [*map(_missing, _vector(column, value))]


def _vector(column: Number | Text, value: Any) -> Sequence[Cell]:
    if value is None:
        return column.null
    if isinstance(column, Text):
        return column.known.get(value, column.unseen)
    piece = bisect_right(column.edges, value)
    pairs = zip(column.slopes[piece], column.offsets[piece], strict=True)
    return [slope * value + offset for slope, offset in pairs]


def _missing(cell: Cell) -> float:
    return math.nan if cell is None else cell


def _chances(scores: list[float]) -> list[float]:
    share = sigmoid(scores[0])
    return [1 - share if share < 0.5 else sigmoid(-scores[0]), share]


def _many_chances(scores: Floats) -> Floats:
    powers = np.exp(-np.abs(scores[:, 0]))
    small = powers / (1 + powers)
    share = np.where(scores[:, 0] >= 0, 1 - small, small)
    other = np.where(scores[:, 0] >= 0, small, 1 - small)
    return np.stack([other, share], axis=1)


def _many_softmax(scores: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        found: Floats = powers / powers.sum(axis=1, keepdims=True)
    return found


def _same(scores: Any) -> Any:
    return scores


LINKS: dict[Link, tuple[Callable[[list[float]], list[float]], Callable[[Floats], Floats]]] = {
    "identity": (_same, _same),
    "logistic": (_chances, _many_chances),
    "softmax": (softmax, _many_softmax),
}
