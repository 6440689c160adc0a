"""Readers of option values: each returns the value in its Python type, or refuses it.

A reader takes the option's name and the literal that stood in OPTIONS(…); its error says
the name, the value and what was expected.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from emulator.ml.errors import OptionError
from emulator.ml.literals import Expression

_ESCAPES = {"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r"}

Reader = Callable[[str, Any], Any]


def boolean(name: str, value: Any) -> bool:
    """Read TRUE or FALSE."""
    if not isinstance(value, bool):
        raise invalid(name, value, "TRUE or FALSE")
    return value


def number(
    least: float, *, above: bool = False, below: float | None = None, most: float | None = None
) -> Reader:
    """Make a reader of numbers of at least `least` (or above it), below `below`, at most `most`."""
    bound = f"{'above' if above else 'of at least'} {least:g}"
    limit = "" if below is None else f" and below {below:g}"
    limit += "" if most is None else f" and at most {most:g}"

    def read(name: str, value: Any) -> float:
        if not is_finite(value) or value < least or (above and value == least):
            raise invalid(name, value, f"a number {bound}{limit}")
        if (below is not None and value >= below) or (most is not None and value > most):
            raise invalid(name, value, f"a number {bound}{limit}")
        return float(value)

    return read


def finite(name: str, value: Any) -> float:
    """Read any number that is neither infinite nor NaN."""
    if not is_finite(value):
        raise invalid(name, value, "a finite FLOAT64")
    return float(value)


def is_finite(value: Any) -> bool:
    """Whether a value is a number, and not infinite or NaN."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and math.isfinite(value)


def integer(least: int = 1, most: int | None = None) -> Reader:
    """Make a reader of whole numbers from `least` to `most`."""
    limit = f"of at least {least}" if most is None else f"from {least} to {most}"

    def read(name: str, value: Any) -> int:
        plain = isinstance(value, int) and not isinstance(value, bool)
        if not plain or value < least or (most is not None and value > most):
            raise invalid(name, value, f"an INT64 {limit}")
        return int(value)

    return read


def one_of(*allowed: str) -> Reader:
    """Make a reader of one of some words, in any case."""

    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or value.upper() not in allowed:
            raise invalid(name, value, "one of " + ", ".join(f"'{one}'" for one in allowed))
        return value.upper()

    return read


def text(name: str, value: Any) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise invalid(name, value, "a STRING")
    return value


def one_column(name: str, value: Any) -> tuple[str, ...]:
    """Read an array with one column name."""
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], str):
        raise invalid(name, value, "an ARRAY with the name of one column")
    return (value[0],)


def weights_by_label(name: str, value: Any) -> tuple[tuple[str, float], ...]:
    """Read an array of STRUCT(label, weight)."""
    pairs = value if isinstance(value, list) else [None]
    for pair in pairs:
        plain = isinstance(pair, tuple) and len(pair) == 2 and is_finite(pair[1])
        if not plain or pair[1] < 0:
            raise invalid(name, value, "an ARRAY of STRUCT(label, weight of at least 0)")
    weights = tuple((str(label), float(weight)) for label, weight in pairs)
    if len({label for label, _ in weights}) != len(weights):
        raise invalid(name, value, "each label once")
    return weights


def invalid(name: str, value: Any, expected: str) -> OptionError:
    """Return the error that says what an option's value should have been."""
    return OptionError(
        f"Invalid value for option {name.upper()}: {written(value)}. Expected {expected}."
    )


def written(value: Any) -> str:
    """Return a value as SQL writes it."""
    if value is None or isinstance(value, bool):
        return "NULL" if value is None else str(value).upper()
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, str):
        return "'" + "".join(_ESCAPES.get(one, one) for one in value) + "'"
    if isinstance(value, list | tuple):
        inside = ", ".join(map(written, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if isinstance(value, datetime):
        return f"{'DATETIME' if value.tzinfo is None else 'TIMESTAMP'} '{value}'"
    if isinstance(value, date | time):
        return f"{type(value).__name__.upper()} '{value}'"
    return str(value)
