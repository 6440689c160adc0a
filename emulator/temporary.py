"""`create temp table` in a script or session: a table of a dataset of its own.

A script's lives as long as the script. DuckDB's own temporary tables belong to one connection:
the cursor that a model trains from does not see them, and the next job of the same thread still
does.
"""

from __future__ import annotations

import re
import uuid

import sqlglot
from bqemulator.api.dependencies import AppContext
from bqemulator.domain.errors import InvalidQueryError
from bqemulator.storage.sql_identifiers import quoted_schema
from sqlglot import exp

from emulator.session import Session

PREFIX = "_script_"
SESSIONS = f"{PREFIX}sessions"
_SESSION = re.compile(r"(?<![\w.`])`?_SESSION`?\.", re.IGNORECASE)
_ABORT_SESSION = re.compile(r"call\s+`?bq`?\s*\.\s*`?abort_session`?\s*\(", re.IGNORECASE)
_TEMP_TABLE = re.compile(r"^create\s+(or\s+replace\s+)?temp(?:orary)?\s+table", re.IGNORECASE)
_CREATE = re.compile(
    r"create\s+(or\s+replace\s+)?temp(?:orary)?\s+table\s+(if\s+not\s+exists\s+)?"
    r"(`?)([\w-]+)\3(?![\w.`-])",
    re.IGNORECASE,
)


async def in_session(statement: str, session: Session) -> str:
    """Return a statement with `_SESSION` as the dataset that holds the tables of all sessions.

    Their names are unique (bigframes makes them of UUIDs); they go when the emulator starts
    again.
    """
    if _SESSION.search(statement) is None:
        return statement
    if session.context.catalog.get_dataset(session.project, SESSIONS) is None:
        await session.query(f"create schema if not exists `{SESSIONS}`")
    placed = _SESSION.sub(f"`{SESSIONS}`.", statement)
    return _TEMP_TABLE.sub(r"create \1table", placed, count=1)


def ends_session(statement: str) -> bool:
    """Whether a statement ends a session; nothing is to be done, as no table is its alone."""
    return _ABORT_SESSION.match(statement) is not None


def refuse(statement: str) -> None:
    """Refuse a temporary table outside a script, where nothing could use it.

    Raises
    ------
    InvalidQueryError
        In BigQuery's words.
    """
    if _CREATE.match(statement):
        raise InvalidQueryError("Use of CREATE TEMPORARY TABLE requires a script or session")


async def locate(statement: str, session: Session) -> tuple[str, dict[str, str]]:
    """Return CREATE TEMP TABLE as CREATE TABLE in the script's dataset.

    Returns
    -------
    tuple of str and dict
        The statement, and the dataset by the table's name in lower case: what
        `session.temporary` is to hold once the statement has run; empty for any other.
    """
    match = _CREATE.match(statement)
    if match is None:
        return statement, {}
    dataset = next(iter(session.temporary.values()), None) or await _make_dataset(session)
    head = f"create {match[1] or ''}table {match[2] or ''}`{dataset}`.`{match[4]}`"
    return head + statement[match.end() :], {match[4].lower(): dataset}


def qualify(sql: str, session: Session) -> str:
    """Return the statement with the script's dataset before its temporary tables."""
    if not any(name in sql.lower() for name in session.temporary):
        return sql
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return sql
    hidden = {one.alias.lower() for one in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        dataset = session.temporary.get(table.name.lower())
        if dataset and not table.text("db") and table.name.lower() not in hidden:
            table.set("db", exp.to_identifier(dataset, quoted=True))
    return tree.sql(dialect="bigquery")


async def _make_dataset(session: Session) -> str:
    dataset = f"{PREFIX}{uuid.uuid4().hex}"
    await session.query(f"create schema `{dataset}`")
    session.on_close(lambda: drop(session.context, session.project, dataset))
    return dataset


def forget(context: AppContext) -> None:
    """Drop what scripts of a killed process left."""
    for dataset in context.catalog.list_all_datasets():
        if dataset.dataset_id.startswith(PREFIX):
            drop(context, dataset.project_id, dataset.dataset_id)


def drop(context: AppContext, project: str, dataset: str) -> None:
    """Drop a script's dataset with all its tables."""
    context.engine.execute(f"DROP SCHEMA IF EXISTS {quoted_schema(project, dataset)} CASCADE")
    context.catalog.delete_dataset(project, dataset, delete_contents=True)
