"""Answers of a served model, with what to know about each. No HTTP here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.errors import InvalidRows, Problem
from api.loader import Served
from api.phrases import Language, say
from api.rows import Row, show
from export.artifact import Feature, class_name


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


@dataclass(frozen=True)
class Answer:
    """One row's answer.

    Parameters
    ----------
    value : float or None
        Of a regression.
    label : str, int, bool or None
        The likeliest class.
    probabilities : dict or None
        By class.
    warnings : tuple of Warned
        In the order of the columns.
    """

    value: float | None
    label: str | int | bool | None
    probabilities: dict[str, float] | None
    warnings: tuple[Warned, ...]


def predict(served: Served, rows: Sequence[Row], language: Language) -> list[Answer]:
    """Answer rows.

    Parameters
    ----------
    served : Served
        The version that answers all of them.
    rows : sequence of dict
        Checked by `read_rows`.
    language : {"en", "pt-BR"}
        Of the warnings.

    Raises
    ------
    InvalidRows
        If numbers are so large that an answer is not finite.
    """
    return [_answer(served, index, row, language) for index, row in enumerate(rows)]


def warnings(served: Served, row: Mapping[str, Any], language: Language) -> list[Warned]:
    """Return what in a row lies outside of what training saw; a NULL never does."""
    known = served.tables.equations[0].categorical
    warned = []
    for feature in served.manifest.features:
        name, value = feature.name, row[feature.name]
        if value is None:
            continue
        if feature.kind == "categorical":
            if value not in known[name].weights:
                words = say("unseen", language, value=show(value), column=name)
                warned.append(Warned(name, value, words))
        elif strange := _beyond(feature, value):
            what, limit = strange
            value = int(value) if feature.type == "INT64" else value
            warned.append(Warned(name, value, say(what, language, value=value, limit=limit)))
    return warned


def _answer(served: Served, index: int, row: Row, language: Language) -> Answer:
    best, outputs = served.tables.answer(row)
    if not all(map(math.isfinite, outputs)):
        raise _too_large(index, row)
    warned = tuple(warnings(served, row, language))
    classes = served.manifest.classes
    if classes is None:
        return Answer(outputs[0], None, None, warned)
    names = map(class_name, classes)
    return Answer(None, classes[best], dict(zip(names, outputs, strict=True)), warned)


def _beyond(feature: Feature, value: float) -> tuple[str, float] | None:
    if feature.max is not None and value > feature.max:
        return "above", feature.max
    if feature.min is not None and value < feature.min:
        return "below", feature.min
    return None


def _too_large(index: int, row: Row) -> InvalidRows:
    numbers = {name: value for name, value in row.items() if isinstance(value, float)}
    column = max(numbers, key=lambda name: abs(numbers[name]))
    expected = "numbers small enough for a finite answer"
    value = show(numbers[column])
    words = f"rows[{index}].{column} is {value}; expected {expected}."
    return InvalidRows([Problem(index, column, value, expected, words)], 1)
