"""Computes the constant arguments of preprocessing functions that parameters or variables give.

The functions are written out where no parameter has a value any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.ml.constants import constant
from emulator.ml.errors import StatementError
from emulator.ml.literals import Expression, read_value
from emulator.ml.options.values import written
from emulator.ml.preprocessing import BY_NAME
from emulator.ml.syntax import Source
from emulator.session import Session


async def compute_constants(statement: str, session: Session) -> str:
    """Put literals where constant arguments are expressions that need no table.

    What cannot be computed stays, and the function refuses it by its name.
    """
    source = Source(statement)
    edits: list[tuple[int, int, str]] = []
    for first, last in _constants(source):
        value = read_value(source, first, last)
        if not _has_expression(value):
            continue
        try:
            found = await constant(value, "a preprocessing function", session)
        except StatementError:
            continue
        span = source.words[first].start, source.words[last - 1].stop
        edits.append((*span, written(found)))
    for start, stop, text in sorted(edits, reverse=True):
        statement = f"{statement[:start]}{text}{statement[stop:]}"
    return statement


def _constants(source: Source) -> Iterator[tuple[int, int]]:
    """Yield the tokens of the constant arguments of each call."""
    for at in range(len(source.words) - 3):
        if not (source.is_word(at, "ML", ".") and source.is_word(at + 3, "(")):
            continue
        function = BY_NAME.get(source.words[at + 2].text.upper())
        parts = source.split(at + 4, source.closing(at + 3))
        for index in () if function is None else function.constants:
            if index < len(parts) and parts[index][0] < parts[index][1]:
                yield parts[index]


def _has_expression(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_has_expression, value))
    return isinstance(value, Expression)
