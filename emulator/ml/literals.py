"""Reads constant values as OPTIONS(...) and STRUCT(...) hold them.

A value that is not a plain constant (a function call, an expression) comes back as an
`Expression` with its text; who needs its value lets BigQuery compute it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from emulator.ml.errors import StatementError
from emulator.ml.syntax import Source

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WORDS: dict[str, bool | None] = {"TRUE": True, "FALSE": False, "NULL": None}


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
        name = source.words[first].text.lower()
        if not source.is_word(first + 1, "="):
            raise StatementError(f'Syntax error: Expected "=" after option "{name}".')
        if name in options:
            raise StatementError(f"Duplicate option specified: {name}")
        options[name] = read_value(source, first + 2, stop)
    return options, last + 1


def read_value(source: Source, first: int, last: int) -> Any:
    """Read tokens first..last (last excluded) as one value.

    Arrays come back as lists, structs as tuples, everything else as Python's own.
    """
    text = source.slice(first, last)
    if first >= last:
        raise StatementError("Syntax error: Expected a value.")
    word = source.words[first]
    if last - first == 1 and word.kind in ("STRING", "RAW_STRING", "HEREDOC_STRING"):
        return word.text
    if last - first == 1 and word.text.upper() in _WORDS and not word.quoted:
        return _WORDS[word.text.upper()]
    number = _number(text)
    if number is not None:
        return number
    opening = first + 1 if source.is_word(first, "STRUCT") else first
    if source.words[opening].text in ("[", "(") and source.closing(opening) == last - 1:
        items = [read_value(source, *part) for part in source.split(opening + 1, last - 1)]
        return items if source.words[opening].text == "[" else tuple(items)
    return Expression(text)


def read_struct(source: Source, first: int, last: int) -> dict[str, Any]:
    """Read `STRUCT(value AS name, …)` into names and values.

    Raises
    ------
    StatementError
        If the text is no struct, or one of its fields has no name.
    """
    if not source.is_word(first, "STRUCT", "(") or source.closing(first + 1) != last - 1:
        raise StatementError(f"Expected STRUCT(value AS name), found: {source.slice(first, last)}")
    fields: dict[str, Any] = {}
    for start, stop in source.split(first + 2, last - 1):
        if not source.is_word(stop - 2, "AS"):
            text = source.slice(start, stop)
            raise StatementError(f'A field of STRUCT has no name: "{text}". Write value AS name.')
        fields[source.words[stop - 1].text.lower()] = read_value(source, start, stop - 2)
    return fields


def _number(text: str) -> int | float | None:
    compact = text.replace(" ", "")
    if _NUMBER.fullmatch(compact) is None:
        return None
    return float(compact) if set(compact) & set(".eE") else int(compact)
