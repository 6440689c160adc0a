"""Answers of a model, with what to know about each. No HTTP here."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from api.errors import InvalidRows, Problem
from api.inference.batch import Batch, Row, Table, rows_of
from api.inference.cells import LONGEST_TEXT, show
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
        If numbers are so large that an answer is not finite, or texts are too long.
    """
    if isinstance(batch, Table) and scorer.by_rows is None:
        return _of_many(scorer, batch, language)
    rows = rows_of(batch)
    warned: dict[int, list[Warned]] = {}
    for at, row in enumerate(rows):
        if scorer.is_strange(row):
            warned[at] = list(_beyond(scorer, at, row, language))
    found = list(map(scorer.one, rows)) if scorer.by_rows is None else scorer.by_rows(rows)
    for at, numbers in enumerate(found):
        if not math.isfinite(sum(numbers)):
            raise _too_large(scorer, at, rows[at])
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
        warned[at] = list(_beyond(scorer, at, table.row(at), language))
    picked = found.argmax(axis=1).tolist() if scorer.picks else None
    return Answers(found.T.tolist(), picked, warned)


def _beyond(scorer: Scorer, at: int, row: Row, language: Language) -> Iterator[Warned]:
    """Yield what in a row lies outside of what training saw; a NULL never does."""
    for feature, words, value in zip(scorer.features, scorer.words, row, strict=True):
        if value is None:
            continue
        name = feature.name
        if words is not None:
            if value not in words:
                if len(value) > LONGEST_TEXT:
                    raise _too_long(at, name, value)
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


def _too_long(at: int, column: str, value: str) -> InvalidRows:
    expected = f"a text of at most {LONGEST_TEXT:,} characters"
    words = f"{column} of row {at} has {len(value):,} characters; expected {expected}."
    return InvalidRows([Problem(at, column, show(value), expected, words)], 1)
