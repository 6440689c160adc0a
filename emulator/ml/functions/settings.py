"""Reads the STRUCT argument of an ML function, refusing what the function does not take."""

from __future__ import annotations

from typing import Any

from emulator.ml.calls import Call
from emulator.ml.errors import NotEmulated, StatementError
from emulator.ml.options.values import written


def check_settings(call: Call, known: frozenset[str]) -> None:
    """Check the names of the STRUCT argument.

    Raises
    ------
    StatementError
        If a name is unknown to the function.
    NotEmulated
        If it asks for a trial of hyperparameter tuning.
    """
    for name in call.settings:
        if name == "trial_id":
            raise NotEmulated(f"ML.{call.function} with trial_id (hyperparameter tuning)")
        if name not in known:
            allowed = ", ".join(sorted(known)) or "none"
            raise StatementError(
                f"ML.{call.function} does not take the setting {name}; it takes: {allowed}."
            )


def refuse_settings(call: Call, *names: str) -> None:
    """Refuse settings that the function takes for other types of model.

    Raises
    ------
    StatementError
        If one is given.
    """
    for name in names:
        if name in call.settings:
            raise StatementError(f"ML.{call.function} of this model does not take {name}.")


def number(call: Call, name: str, default: float, most: float | None = None) -> float:
    """Return a setting of at least 0 and at most `most`."""
    value = call.settings.get(name, default)
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or value < 0 or (most is not None and value > most):
        raise _invalid(call, name, value, "a number" if most is None else f"0 to {most:g}")
    return float(value)


def integer(call: Call, name: str, default: int, most: int | None = None) -> int:
    """Return a setting that is a whole number of at least 1 and at most `most`."""
    value = call.settings.get(name, default)
    plain = isinstance(value, int) and not isinstance(value, bool)
    if not plain or value < 1 or (most is not None and value > most):
        limit = "of at least 1" if most is None else f"from 1 to {most}"
        raise _invalid(call, name, value, f"an INT64 {limit}")
    return int(value)


def share(call: Call, name: str, default: float) -> float:
    """Return a setting of at least 0 and below 1."""
    value = call.settings.get(name, default)
    if not _is_share(value):
        raise _invalid(call, name, value, "a number of at least 0 and below 1")
    return float(value)


def shares(call: Call, name: str) -> dict[str, float]:
    """Return a setting that is an ARRAY of STRUCT(column, share), columns in lower case."""
    pairs = call.settings.get(name, [])
    found: dict[str, float] = {}
    for pair in pairs if isinstance(pairs, list) else [None]:
        if not (isinstance(pair, tuple) and len(pair) == 2 and _is_share(pair[1])):
            raise _invalid(call, name, pairs, "pairs such as ('column', 0.1), each 0 to below 1")
        found[str(pair[0]).lower()] = float(pair[1])
    return found


def choice(call: Call, name: str, allowed: tuple[str, ...]) -> str:
    """Return a setting that is one of these words, the first if it is not given."""
    value = call.settings.get(name, allowed[0])
    if not isinstance(value, str) or value.upper() not in allowed:
        raise _invalid(call, name, value, " or ".join(allowed))
    return value.upper()


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1


def flag(call: Call, name: str, default: bool = False) -> bool:
    """Return a setting that is TRUE or FALSE."""
    value = call.settings.get(name, default)
    if not isinstance(value, bool):
        raise _invalid(call, name, value, "TRUE or FALSE")
    return value


def _invalid(call: Call, name: str, value: Any, expected: str) -> StatementError:
    return StatementError(
        f"Invalid value for {name} of ML.{call.function}: {written(value)}. Expected {expected}."
    )
