"""Views over ML functions: computed anew each time they are read, as on BigQuery.

DuckDB holds a shell with the view's columns and no row; the catalogue keeps the query. A
statement that names such a view gets its query in place of the name, before ML functions
run. A view over such a view is one too.
"""

from __future__ import annotations

import base64
import re
from typing import Any

import pyarrow as pa

from emulator.ml.calls import next_place
from emulator.ml.data.lost_types import lost_type
from emulator.ml.data.types import type_name
from emulator.ml.errors import NotEmulated, StatementError
from emulator.ml.preprocessing import BY_NAME as PREPROCESSING
from emulator.ml.syntax import Source, Word, read_path
from emulator.session import Session

_MARK = "bqml_view:"
_MARKED = re.compile(rf"{_MARK}([A-Za-z0-9+/=]+)'")
_MENTION = re.compile(r"\bml\s*\.\s*\w+\s*\(", re.IGNORECASE)
_BEFORE_TABLE = ("FROM", "JOIN", ",", "USING")
_NO_ALIAS = frozenset(
    "WHERE GROUP ORDER HAVING LIMIT QUALIFY WINDOW JOIN LEFT RIGHT FULL INNER CROSS ON USING"
    " UNION INTERSECT EXCEPT TABLESAMPLE PIVOT UNPIVOT FOR WHEN SET".split()
)
MOST_NESTED = 16


def calls_ml(query: str) -> bool:
    """Whether a query calls an ML table function."""
    if _MENTION.search(query) is None:
        return False
    source = Source(query)
    return source.is_readable and next_place(source, PREPROCESSING) is not None


def expand(statement: str, session: Session) -> str:
    """Put the query of each view over ML functions where the statement names the view.

    Raises
    ------
    StatementError
        If views name each other in a ring.
    """
    if not _any_view(session):
        return statement
    for _ in range(MOST_NESTED):
        found = _next_view(Source(statement), session)
        if found is None:
            return statement
        start, stop, text = found
        statement = f"{statement[:start]}{text}{statement[stop:]}"
    raise StatementError(f"Views over ML functions are nested more than {MOST_NESTED} times.")


async def as_shell(statement: str, session: Session) -> str:
    """Return the statement that makes a view's shell, if this one makes a view over ML functions.

    Raises
    ------
    NotEmulated
        If the view has a list of columns.
    """
    body = _body(Source(statement))
    if body is None:
        return statement
    query = statement[body:].strip().rstrip(";")
    if not calls_ml(expand(query, session)):
        return statement
    if any(word.kind in ("PLACEHOLDER", "PARAMETER") for word in Source(query).words):
        raise StatementError("Query parameters cannot be used inside views.")
    schema = (await session.query(f"SELECT * FROM ({query}) LIMIT 0")).schema
    columns = ", ".join(f"CAST(NULL AS {_type(field)}) AS `{field.name}`" for field in schema)
    mark = base64.b64encode(query.encode()).decode()
    # Read as it is, it would pass for a view without rows: it fails instead.
    unread = f"ERROR('The view cannot be read here; {_MARK}{mark}')"
    return f"{statement[:body]} SELECT {columns} FROM (SELECT 1 AS n) WHERE n = {unread}"


def original(statement: str) -> str | None:
    """Return the query of the view whose shell a statement makes, or None."""
    found = _MARKED.search(statement)
    return None if found is None else base64.b64decode(found[1]).decode()


def _type(field: pa.Field) -> str:
    lost = None if pa.types.is_nested(field.type) else lost_type(field)
    return lost or type_name(field.type)


def _body(source: Source) -> int | None:
    """Return where the query of CREATE VIEW begins, or None if this is no such statement."""
    if not source.is_readable or not source.is_word(0, "CREATE"):
        return None
    at = 3 if source.is_word(1, "OR", "REPLACE") else 1
    if not source.is_word(at, "VIEW"):
        return None
    at += 4 if source.is_word(at + 1, "IF", "NOT", "EXISTS") else 1
    _, at = read_path(source, at)
    if source.is_word(at, "("):
        if calls_ml(source.text):
            raise NotEmulated("A list of columns in a view over ML functions")
        return None
    if source.is_word(at, "OPTIONS", "("):
        at = source.closing(at + 1) + 1
    return source.words[at].stop if source.is_word(at, "AS") else None


def _any_view(session: Session) -> bool:
    catalog = session.context.catalog
    return any(
        _MENTION.search(view.view_query or "")
        for dataset in catalog.list_all_datasets()
        for view in catalog.list_views(dataset.project_id, dataset.dataset_id)
    )


def _next_view(source: Source, session: Session) -> tuple[int, int, str] | None:
    """Return where a view over ML functions is named as a table, and what goes there."""
    if not source.is_readable:
        return None
    for at in range(1, len(source.words)):
        if not _is_table(source, at):
            continue
        word = source.words[at]
        if not _may_be_name(word):
            continue
        path, after = read_path(source, at)
        query = _query_of(path, session)
        if query is not None and not _is_shadowed(path, source):
            alias = "" if _has_alias(source, after) else f" AS `{path.split('.')[-1].strip('`')}`"
            return word.start, source.words[after - 1].stop, f"({query}){alias}"
    return None


def _query_of(path: str, session: Session, depth: int = 0) -> str | None:
    """Return the query of a view over ML functions, or None if the path names no such view."""
    try:
        place = session.resolve(path)
    except Exception:  # a name without dataset where there is no default one
        return None
    entry: Any = session.context.catalog.get_table(*place)
    if entry is None or entry.table_type != "VIEW" or not entry.view_query:
        return None
    query = str(entry.view_query)
    if calls_ml(query):
        return query
    if depth < MOST_NESTED and _names_view(Source(query), session, depth):
        return query
    return None


def _names_view(source: Source, session: Session, depth: int) -> bool:
    return source.is_readable and any(
        _query_of(read_path(source, at)[0], session, depth + 1) is not None
        for at in range(1, len(source.words))
        if _is_table(source, at) and _may_be_name(source.words[at])
    )


def _is_table(source: Source, at: int) -> bool:
    """Whether a name here is a table's; `FROM (a JOIN b)` has brackets around the first."""
    while source.is_word(at - 1, "("):
        at -= 1
    return any(source.is_word(at - 1, word) for word in _BEFORE_TABLE)


def _may_be_name(word: Word) -> bool:
    return word.kind == "IDENTIFIER" or (not word.quoted and word.text.isidentifier())


def _is_shadowed(path: str, source: Source) -> bool:
    """Whether a common table expression has the name."""
    name = path.strip("`").upper()
    return "." not in name and any(
        word.text.upper() == name and source.is_word(at + 1, "AS", "(")
        for at, word in enumerate(source.words)
    )


def _has_alias(source: Source, after: int) -> bool:
    if source.is_word(after, "AS"):
        return True
    if after >= len(source.words):
        return False
    word = source.words[after]
    named = word.kind in ("VAR", "IDENTIFIER")
    return named and (word.quoted or word.text.upper() not in _NO_ALIAS)
