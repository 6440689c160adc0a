"""From a request's body to rows that a model takes.

Nothing is guessed: a text that looks like a number is refused. Every problem is told with
its row and column, up to `LISTED`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from api.errors import InvalidRows, Problem
from export.artifact import Feature

LISTED = 20
SHOWN = 60
LARGEST_INT64 = 2**63
EXPECTED = {
    "STRING": "a text or null",
    "INT64": "a whole number of 64 bits or null",
    "FLOAT64": "a finite number or null",
}
WORDS = {
    "True": "true",
    "False": "false",
    "None": "null",
    "nan": "NaN",
    "inf": "Infinity",
    "-inf": "-Infinity",
}
Row = dict[str, Any]


def read_rows(body: bytes, features: Sequence[Feature], most: int) -> list[Row]:
    """Return the rows of a request's body, numbers as floats.

    Parameters
    ----------
    body : bytes
        JSON: `{"rows": [{column: value, ...}, ...]}`.
    features : sequence of Feature
        What each row must hold, no more and no less.
    most : int
        Largest number of rows.

    Raises
    ------
    InvalidRows
        With every problem.
    """
    rows = _entries(_parse(body), most)
    problems = [found for index, row in enumerate(rows) for found in _check(index, row, features)]
    if problems:
        raise InvalidRows(problems[:LISTED], len(problems))
    numbers = [f.name for f in features if f.kind == "numeric"]
    for row in rows:
        row.update({name: float(row[name]) for name in numbers if row[name] is not None})
    return rows


def show(value: object) -> str:
    """Return a value as a short text that any encoding can hold."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        text = f"'{value[: SHOWN + 1]}'"
    elif isinstance(value, int) and value.bit_length() > 4 * SHOWN:
        return f"a whole number of about {int(value.bit_length() * 0.30103) + 1} digits"
    else:
        text = WORDS.get(str(value)) or str(value)
    return _printable(text if len(text) <= SHOWN + 2 else f"{text[:SHOWN]}…'")


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _parse(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8-sig"), object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        words = f"The body is not UTF-8: byte {error.start} is {body[error.start]:#04x}"
    except json.JSONDecodeError as error:
        words = f"The body is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
    except RecursionError:
        words = "The body is nested too deeply"
    except ValueError as error:
        words = f"The body cannot be read: {_printable(str(error))[:200]}"
    raise _whole(None, "JSON in UTF-8", words)


def _unique(pairs: list[tuple[str, Any]]) -> Row:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {show(twice)} stands twice in one object")
    return found


def _entries(content: object, most: int) -> list[Any]:
    expected = f'{{"rows": [{{…}}]}} with 1 to {most} rows'
    if not isinstance(content, dict) or set(content) != {"rows"}:
        keys = ", ".join(map(show, list(content)[:5])) if isinstance(content, dict) else None
        shown = show(content) if keys is None else f"an object with the keys {keys or 'none'}"
        raise _whole(shown, expected, f"The body is {shown}")
    rows = content["rows"]
    if not isinstance(rows, list):
        raise _whole(show(rows), expected, f"rows is {show(rows)}")
    if not 1 <= len(rows) <= most:
        raise _whole(str(len(rows)), expected, f"rows has {len(rows)} entries")
    return rows


def _whole(value: str | None, expected: str, words: str) -> InvalidRows:
    message = f"{words}; expected {expected}."
    return InvalidRows([Problem(None, None, value, expected, message)], 1)


def _check(index: int, row: object, features: Sequence[Feature]) -> Iterator[Problem]:
    if not isinstance(row, dict):
        expected = "an object with a value for each column"
        words = f"rows[{index}] is {show(row)}; expected {expected}."
        yield Problem(index, None, show(row), expected, words)
        return
    for feature in features:
        if found := _problem(row, feature):
            value, expected = found
            words = f"rows[{index}].{feature.name} is {value}; expected {expected}."
            yield Problem(index, feature.name, value, expected, words)
    if len(row) > len(features) or not row.keys() <= {f.name for f in features}:
        yield from _unknown(index, row, features)


def _unknown(index: int, row: Mapping[str, Any], features: Sequence[Feature]) -> Iterator[Problem]:
    names = [feature.name for feature in features]
    for name in row.keys() - set(names):
        shown, expected = show(name)[1:-1], f"one of the columns {', '.join(names)}"
        words = f"rows[{index}] has the unknown column '{shown}'; expected {expected}."
        yield Problem(index, shown, show(row[name]), expected, words)


def _problem(row: Mapping[str, Any], feature: Feature) -> tuple[str, str] | None:
    """Return what is there and what was expected, if a cell is wrong."""
    kind = "STRING" if feature.kind == "categorical" else feature.type
    if feature.name not in row:
        return "missing", f"{EXPECTED[kind]} (null says that it is not known)"
    value = row[feature.name]
    if value is None or CHECKS[kind](value):
        return None
    return show(value), EXPECTED[kind]


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else value.bit_length() < 1024


def _is_whole(value: object) -> bool:
    if not _is_number(value):
        return False
    assert isinstance(value, int | float)
    return value == int(value) and -LARGEST_INT64 <= value < LARGEST_INT64


CHECKS: dict[str, Callable[[object], bool]] = {
    "STRING": _is_text,
    "INT64": _is_whole,
    "FLOAT64": _is_number,
}
