"""Finds calls of ML table functions in a statement and reads their arguments.

The data argument may name common table expressions of the statement around the call, so
each call carries those that are visible where it stands.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Any

from emulator.ml.errors import StatementError
from emulator.ml.literals import read_struct
from emulator.ml.syntax import Source, read_path


@dataclass(frozen=True)
class Call:
    """One call, e.g. `ML.PREDICT(MODEL m, (SELECT …), STRUCT(0.6 AS threshold))`.

    Parameters
    ----------
    function : str
        Upper-case name without "ML.".
    start, stop : int
        Where the call stands in the statement.
    model : str
        Path of the model as written; empty where the function takes none.
    data : str or None
        Query of the data argument, complete in itself.
    settings : dict
        Fields of the STRUCT argument, names in lower case.
    expression : str or None
        An argument that is neither data nor STRUCT, e.g. thresholds.
    study : str or None
        Query of the second data argument.
    """

    function: str
    start: int
    stop: int
    model: str
    data: str | None
    settings: dict[str, Any]
    expression: str | None
    study: str | None = None


@dataclass(frozen=True)
class Place:
    """Where a call stands: its function, and the tokens of "ML" and the closing bracket."""

    function: str
    first: int
    last: int


def next_place(source: Source, scalars: Container[str] = ()) -> Place | None:
    """Return the first call that has no other call inside, or None.

    Parameters
    ----------
    scalars : container of str
        Functions that are no tables: the translation writes them out.
    """
    found = [
        at
        for at in range(len(source.words) - 3)
        if _is_call(source, at) and source.words[at + 2].text.upper() not in scalars
    ]
    for number, at in enumerate(found):
        end = source.closing(at + 3)
        if number + 1 == len(found) or found[number + 1] > end:
            return Place(source.words[at + 2].text.upper(), at, end)
    return None


# After these words `ml.name (` is a table of a dataset called ml.
_TABLE_WORDS = ("INTO", "INSERT", "TABLE", "EXISTS", "UPDATE", "MERGE", "VIEW")


def _is_call(source: Source, at: int) -> bool:
    if not (source.is_word(at, "ML", ".") and source.is_word(at + 3, "(")):
        return False
    if source.is_word(at + 4, "MODEL"):
        return True
    return not any(source.is_word(at - 1, word) for word in (".", *_TABLE_WORDS))


def read_call(source: Source, place: Place, takes_model: bool = True) -> Call:
    """Read a call's arguments, the first of which is a model unless the function takes none.

    Raises
    ------
    StatementError
        If they are not those of an ML table function.
    """
    at, end, function = place.first, place.last, place.function
    parts = source.split(at + 4, end)
    call = Call(function, source.words[at].start, source.words[end].stop, "", None, {}, None)
    if takes_model:
        call = replace(call, model=_model(source, function, parts))
        parts = parts[1:]
    for first, last in parts:
        argument = _argument(source, first, last)
        if "data" in argument:
            query = _with_visible(source, at, argument["data"])
            argument = {"data": query} if call.data is None else {"study": query}
        call = replace(call, **argument)
    return call


def _model(source: Source, function: str, parts: list[tuple[int, int]]) -> str:
    if not parts or not source.is_word(parts[0][0], "MODEL"):
        raise StatementError(f"ML.{function} needs MODEL and a model name as its first argument.")
    model, after = read_path(source, parts[0][0] + 1)
    if after != parts[0][1]:
        raise StatementError(f"Syntax error in ML.{function} after MODEL {model}.")
    return model


def _argument(source: Source, first: int, last: int) -> dict[str, Any]:
    if source.is_word(first, "STRUCT"):
        return {"settings": read_struct(source, first, last)}
    if source.is_word(first, "TABLE"):
        return {"data": f"SELECT * FROM {read_path(source, first + 1)[0]}"}
    if source.is_word(first, "(") and source.closing(first) == last - 1:
        return {"data": source.slice(first + 1, last - 1)}
    return {"expression": source.slice(first, last)}


def _with_visible(source: Source, at: int, query: str) -> str:
    """Put the common table expressions that the query needs in front of it."""
    needed = {word.text.lower() for word in Source(query).words}
    kept: list[str] = []
    for name, definition in reversed(_visible(source, at)):
        if name in needed:
            kept.insert(0, definition)
            needed |= {word.text.lower() for word in Source(definition).words}
    if not kept:
        return query
    keyword = "WITH RECURSIVE" if _is_recursive(source, at) else "WITH"
    return f"{keyword} {', '.join(kept)} SELECT * FROM ({query})"


def _visible(source: Source, target: int) -> list[tuple[str, str]]:
    """Return name and definition of the expressions that a call at `target` can name."""
    found: list[tuple[str, str]] = []
    scopes: list[int] = []
    at = 0
    while at < target:
        if source.is_word(at, "WITH"):
            at = _read_with(source, at, target, found)
            continue
        if source.is_word(at, "("):
            scopes.append(len(found))
        elif source.is_word(at, ")") and scopes:
            del found[scopes.pop() :]
        elif source.is_word(at, ";"):
            found.clear()
        at += 1
    return found


def _read_with(source: Source, at: int, target: int, found: list[tuple[str, str]]) -> int:
    """Collect the definitions of a WITH that end before `target`; return where to go on."""
    at += 2 if source.is_word(at + 1, "RECURSIVE") else 1
    while at < target:
        opening = _body(source, at)
        if opening is None:
            return at
        end = source.closing(opening)
        if end > target:
            return opening
        found.append((source.words[at].text.lower(), source.slice(at, end + 1)))
        at = end + 1
        if not source.is_word(at, ","):
            return at
        at += 1
    return at


def _body(source: Source, at: int) -> int | None:
    """Return the bracket of `name [(columns)] AS (` at `at`, or None if that is no definition."""
    after = at + 1
    if source.is_word(after, "("):
        after = source.closing(after) + 1
    return after + 1 if source.is_word(after, "AS", "(") else None


def _is_recursive(source: Source, target: int) -> bool:
    return any(source.is_word(at, "WITH", "RECURSIVE") for at in range(target))
