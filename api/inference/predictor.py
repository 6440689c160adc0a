"""Answers of a model, with what to know about each. No HTTP here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from api.errors import InvalidRows, Problem
from api.inference.batch import Batch, Row, Table, rows_of
from api.inference.cells import show
from api.phrases import Language, say
from api.scoring.compiled import Scorer
from export.artifact import Feature


@dataclass(frozen=True)
class Warned:
    """A value that training did not see the like of.

    Parameters
    ----------
    column : str
        Its column.
    value : str, int or float
        As it was sent.
    message : str
        In the reader's language.
    """

    column: str
    value: str | int | float
    message: str


class Answers(msgspec.Struct, frozen=True):
    """What a model answers to some rows.

    Parameters
    ----------
    outputs : list of list of float
        By output, then by row: values, probabilities by class, distances by cluster, components.
    picked : list of int or None
        By row the position of the likeliest class or nearest cluster; None without such.
    warnings : dict of int to list of Warned
        By row, of those that have some; in the order of the columns.
    """

    outputs: list[list[float]]
    picked: list[int] | None
    warnings: dict[int, list[Warned]]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.outputs[0])


def predict(scorer: Scorer, batch: Batch, language: Language) -> Answers:
    """Answer rows.

    Parameters
    ----------
    scorer : Scorer
        Of the version that answers all of them.
    batch : Batch
        Checked.
    language : {"en", "pt-BR"}
        Of the warnings.

    Raises
    ------
    InvalidRows
        If numbers are so large that an answer is not finite.
    """
    if scorer.by_rows is not None:
        rows = rows_of(batch)
        return _of_few(scorer, rows, scorer.by_rows(rows), language)
    if isinstance(batch, Table):
        return _of_many(scorer, batch, language)
    return _of_few(scorer, batch, list(map(scorer.one, batch)), language)


def _of_few(
    scorer: Scorer,
    rows: Sequence[Row],
    found: Sequence[Sequence[float]],
    language: Language,
) -> Answers:
    warned: dict[int, list[Warned]] = {}
    for at, row in enumerate(rows):
        if not math.isfinite(sum(found[at])):
            raise _too_large(scorer, at, row)
        if scorer.is_strange(row):
            warned[at] = list(_beyond(scorer, row, language))
    picked = list(map(scorer.pick, found)) if scorer.picks else None
    return Answers([list(column) for column in zip(*found, strict=True)], picked, warned)


def _of_many(scorer: Scorer, table: Table, language: Language) -> Answers:
    found = scorer.many(table.columns)
    finite = np.isfinite(found).all(axis=1)
    if not finite.all():
        at = int(np.argmin(finite))
        raise _too_large(scorer, at, table.row(at))
    warned: dict[int, list[Warned]] = {}
    for at in _strange_rows(scorer, table):
        warned[at] = list(_beyond(scorer, table.row(at), language))
    picked = found.argmax(axis=1).tolist() if scorer.picks else None
    return Answers(found.T.tolist(), picked, warned)


def _beyond(scorer: Scorer, row: Row, language: Language) -> Iterator[Warned]:
    """Yield what in a row lies outside of what training saw; a NULL never does."""
    for feature, words, value in zip(scorer.features, scorer.words, row, strict=True):
        if value is None:
            continue
        name = feature.name
        if words is not None:
            if value not in words:
                message = say("unseen", language, value=show(value), column=name)
                yield Warned(name, value, message)
        elif limit := _limit(feature, value):
            what, end = limit
            shown = int(value) if feature.type == "INT64" else value
            yield Warned(name, shown, say(what, language, value=shown, limit=end))


def _limit(feature: Feature, value: float) -> tuple[str, float] | None:
    if feature.max is not None and value > feature.max:
        return "above", feature.max
    if feature.min is not None and value < feature.min:
        return "below", feature.min
    return None


def _strange_rows(scorer: Scorer, table: Table) -> list[int]:
    strange: NDArray[Any] = np.zeros(len(table), dtype=np.bool_)
    triples = zip(scorer.features, scorer.words, table.columns, strict=True)
    for feature, words, column in triples:
        if words is not None:
            strange |= column == words.unseen
            continue
        with np.errstate(invalid="ignore"):
            if feature.max is not None:
                strange |= column > feature.max
            if feature.min is not None:
                strange |= column < feature.min
    found: list[int] = np.flatnonzero(strange).tolist()
    return found


def _too_large(scorer: Scorer, at: int, row: Row) -> InvalidRows:
    named = zip((feature.name for feature in scorer.features), row, strict=True)
    numbers = {name: value for name, value in named if isinstance(value, float)}
    column = max(numbers, key=lambda name: abs(numbers[name]))
    expected = "numbers small enough for a finite answer"
    value = show(numbers[column])
    words = f"{column} of row {at} is {value}; expected {expected}."
    return InvalidRows([Problem(at, column, value, expected, words)], 1)
