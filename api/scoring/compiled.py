"""Tables made ready to compute: one row with plain Python, many with NumPy.

One row costs a dictionary lookup or a multiplication for each column; many are columns of
numbers (NaN is NULL) and of places in a table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from api.scoring.columns import Floats, Places, Values, vector_of
from api.scoring.linear import linear
from api.scoring.links import LINKS
from api.scoring.tables import Tables, Text
from api.scoring.trees import trees
from export.artifact import Feature

Picks = Literal["greatest", "least"] | None


class Words(dict[str | None, int]):
    """The place of each known text in a table; NULL's is last but one, any other's last."""

    def __init__(self, known: Iterable[str]) -> None:
        super().__init__({word: place for place, word in enumerate(known)})
        self.null = self[None] = len(self)
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
    tables : Tables or None
        What it is made of; None if its pipeline answers.
    features : tuple of Feature
        Input columns in the order of a row's values.
    words : tuple of Words or None
        By input column; None for one of numbers.
    one : callable
        From one row's values to its outputs: the value, or the classes' probabilities.
    many : callable
        From columns (`columns` makes them of lists) to outputs of shape (n_rows, n_outputs).
    by_rows : callable or None
        From rows to outputs, where the pipeline answers: that takes its time.
    picks : {"greatest", "least"} or None
        Which output a row is put to: the likeliest class, the nearest cluster.
    names : tuple of str
        Of distances or components; those of classes are the manifest's.
    """

    tables: Tables | None
    features: tuple[Feature, ...]
    words: tuple[Words | None, ...]
    one: Callable[[Values], list[float]]
    many: Callable[[Sequence[Floats | Places]], Floats]
    by_rows: Callable[[Sequence[Values]], list[list[float]]] | None = None
    picks: Picks = None
    names: tuple[str, ...] = ()

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

    def pick(self, outputs: Sequence[float]) -> int:
        """Return where the likeliest class or nearest cluster is; of equal ones the first."""
        best = max if self.picks == "greatest" else min
        return best(range(len(outputs)), key=outputs.__getitem__)

    def parts(self, values: Values) -> tuple[tuple[float, ...], dict[str, list[float]]]:
        """Return a linear model's baseline, and what each feature adds to each output's score.

        Raises
        ------
        ValueError
            If the model is of trees, or has no tables.
        """
        if self.tables is None or self.tables.trees is not None:
            raise ValueError("there are no tables of attributions")
        baseline = tuple(float(cell or 0.0) for cell in self.tables.baseline)
        found: dict[str, list[float]] = {}
        for value, column in zip(values, self.tables.columns.values(), strict=True):
            for cell, part in zip(vector_of(column, value), column.parts, strict=True):
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
    words = tuple(Words(one.known) if isinstance(one, Text) else None for one in columns)
    if tables.trees is None:
        scores_of_one, scores_of_many = linear(tables, columns)
    else:
        scores_of_one, scores_of_many = trees(tables, columns)
    one, many = LINKS[tables.link]
    return Scorer(
        tables,
        tuple(features),
        words,
        lambda values: one(scores_of_one(values)),
        lambda given: many(scores_of_many(given)),
        picks=None if tables.link == "identity" else "greatest",
    )


def by_pipeline(
    answer: Callable[[Sequence[Values]], list[list[float]]],
    features: Sequence[Feature],
    picks: Picks,
    names: Sequence[str],
) -> Scorer:
    """Make a scorer of what answers rows by itself.

    Parameters
    ----------
    answer : callable
        From rows to outputs.
    features : sequence of Feature
        The model's input columns, in the order of a row's values.
    picks, names
        As for `Scorer`.
    """
    words = tuple(
        Words(feature.categories or ()) if feature.kind == "categorical" else None
        for feature in features
    )
    return Scorer(
        None,
        tuple(features),
        words,
        lambda values: answer([values])[0],
        _never,
        answer,
        picks,
        tuple(names),
    )


def _never(columns: Sequence[Floats | Places]) -> Floats:
    raise ValueError("columns hold places of texts, which no pipeline takes")
