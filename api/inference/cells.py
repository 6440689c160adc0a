"""What a cell of a request may hold, and how a wrong one is told.

Nothing is guessed: a text that looks like a number is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import islice

from api.errors import COUNTED, InvalidRows, Problem
from export.artifact import Feature

LISTED = 20
SHOWN = 60
# Longest text that training did not see; no answer, warning or log repeats more.
LONGEST_TEXT = 256
LARGEST_INT64 = 2**63
EXPECTED = {
    "STRING": "a text or null",
    "INT64": "a whole number of 64 bits or null",
    "FLOAT64": "a finite number or null",
}
MISSING = "(null says that it is not known)"
WORDS = {
    "True": "true",
    "False": "false",
    "None": "null",
    "nan": "NaN",
    "inf": "Infinity",
    "-inf": "-Infinity",
}


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
    return printable(text if len(text) <= SHOWN + 2 else f"{text[:SHOWN]}…'")


def printable(text: str) -> str:
    """Return a text with what UTF-8 cannot hold written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def kind_of(feature: Feature) -> str:
    """Return the type that a feature's cells have in a request."""
    return "STRING" if feature.kind == "categorical" else feature.type


def expected_of(feature: Feature) -> str:
    """Return in words what a feature's cells may hold."""
    return EXPECTED[kind_of(feature)]


def fits(value: object, feature: Feature) -> bool:
    """Tell whether a cell may hold a value."""
    return value is None or CHECKS[kind_of(feature)](value)


def refusal(problems: Iterable[Problem]) -> InvalidRows | None:
    """Return what says all that is wrong, `LISTED` problems in full; None if nothing is."""
    found = list(islice(problems, COUNTED + 1))
    return InvalidRows(found[:LISTED], len(found)) if found else None


def twice(names: Iterable[str]) -> str | None:
    """Return the first name that comes a second time; None if none does."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def whole(value: str | None, expected: str, words: str) -> InvalidRows:
    """Return the refusal of a body as a whole."""
    message = f"{words}; expected {expected}."
    return InvalidRows([Problem(None, None, value, expected, message)], 1)


def cell(label: str, row: int, column: str, value: str, expected: str) -> Problem:
    """Return the problem of one cell; `label` is where its row stands in the body."""
    words = f"{label}[{row}].{column} is {value}; expected {expected}."
    return Problem(row, column, value, expected, words)


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
