"""Reads constant values as OPTIONS(...) and STRUCT(...) hold them.

A value that is not a plain constant (a function call, an expression) comes back as an
`Expression` with its text; who needs its value lets BigQuery compute it (`constants`).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from emulator.escapes import text_of
from emulator.ml.errors import StatementError
from emulator.ml.syntax import Source

LEAST_INT64, MOST_INT64 = -(2**63), 2**63 - 1
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)\s*(?:0[xX](?P<hex>[0-9a-fA-F]+)|(?P<whole>\d+)"
    r"|(?P<real>(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+))"
)
_WORDS: dict[str, bool | None] = {"TRUE": True, "FALSE": False, "NULL": None}
_TEXTS = ("STRING", "RAW_STRING", "HEREDOC_STRING")


@dataclass(frozen=True)
class Expression:
    """A value that is not a constant, e.g. `hparam_range(0, 5)`."""

    text: str


def read_options(source: Source, index: int) -> tuple[dict[str, Any], int]:
    """Read `(name = value, …)` whose bracket stands at `index`.

    Returns
    -------
    options : dict
        Lower-case names and their values.
    after : int
        Index of the token after the closing bracket.

    Raises
    ------
    StatementError
        If the text is no option list, or an option comes twice.
    """
    last = source.closing(index)
    options: dict[str, Any] = {}
    for first, stop in source.split(index + 1, last):
        word = source.words[first]
        if word.quoted and word.kind != "IDENTIFIER":
            raise StatementError(
                f"Syntax error: Expected the name of an option, found the string "
                f"{source.slice(first, first + 1)}."
            )
        name = word.text.lower()
        if not source.is_word(first + 1, "="):
            raise StatementError(f'Syntax error: Expected "=" after option "{name}".')
        if name in options:
            raise StatementError(f"Duplicate option specified: {name}")
        options[name] = read_value(source, first + 2, stop)
    return options, last + 1


def read_value(source: Source, first: int, last: int) -> Any:
    """Read tokens first..last (last excluded) as one value.

    Arrays come back as lists, structs as tuples, everything else as Python's own. A type before
    an array or struct is taken as said: who reads the option checks its values.
    """
    if first >= last:
        raise StatementError("Syntax error: Expected a value.")
    text = source.slice(first, last)
    word = source.words[first]
    if last - first == 1 and word.kind in _TEXTS:
        return _text(text)
    if last - first == 1 and word.text.upper() in _WORDS and not word.quoted:
        return _WORDS[word.text.upper()]
    number = _NUMBER.fullmatch(text)
    if number is not None:
        return _number(number)
    opening = _opening(source, first)
    if opening is None or source.closing(opening) != last - 1:
        return Expression(text)
    parts = source.split(opening + 1, last - 1)
    if opening == first and len(parts) == 1 and source.is_word(opening, "("):
        return read_value(source, *parts[0])
    items = [_item(source, *part) for part in parts]
    return items if source.is_word(opening, "[") else tuple(items)


def read_struct(source: Source, first: int, last: int) -> dict[str, Any]:
    """Read `STRUCT(value AS name, …)` into names and values.

    Raises
    ------
    StatementError
        If the text is no struct, or one of its fields has no name or is given twice.
    """
    if not source.is_word(first, "STRUCT", "(") or source.closing(first + 1) != last - 1:
        raise StatementError(f"Expected STRUCT(value AS name), found: {source.slice(first, last)}")
    fields: dict[str, Any] = {}
    for start, stop in source.split(first + 2, last - 1):
        if not source.is_word(stop - 2, "AS"):
            text = source.slice(start, stop)
            raise StatementError(f'A field of STRUCT has no name: "{text}". Write value AS name.')
        name = source.words[stop - 1].text.lower()
        if name in fields:
            raise StatementError(f'The field "{name}" is given twice in STRUCT.')
        fields[name] = read_value(source, start, stop - 2)
    return fields


def _opening(source: Source, first: int) -> int | None:
    """Return the bracket of an array or struct that begins here, its type left out."""
    for word, bracket in (("ARRAY", "["), ("STRUCT", "(")):
        if source.is_word(first, word):
            at = source.after_type(first + 1)
            return at if source.is_word(at, bracket) else None
    return first if source.is_word(first, "(") or source.is_word(first, "[") else None


def _item(source: Source, first: int, last: int) -> Any:
    """Read an element, or a field of a struct that may have a name."""
    named = last - first > 2 and source.is_word(last - 2, "AS")
    return read_value(source, first, last - 2 if named else last)


def _text(literal: str) -> str:
    try:
        return text_of(literal)
    except ValueError as error:
        raise StatementError(f"Syntax error: {error}") from error


def _number(found: re.Match[str]) -> int | float:
    sign = -1 if found["sign"] == "-" else 1
    if found["real"]:
        real = sign * float(found["real"])
        if math.isinf(real):
            raise StatementError(f"Invalid floating point literal: {found[0]}. It is no FLOAT64.")
        return real
    whole = sign * (int(found["hex"], 16) if found["hex"] else _whole(found["whole"]))
    if not LEAST_INT64 <= whole <= MOST_INT64:
        raise StatementError(
            f"Invalid integer literal: {found[0]}. An INT64 lies between {LEAST_INT64} and "
            f"{MOST_INT64}."
        )
    return whole


def _whole(digits: str) -> int:
    """Return an integer; more digits than Python reads are more than INT64 has."""
    return int(digits) if len(digits.lstrip("0")) < 20 else MOST_INT64 + 2
