"""What a client is told of a failure: always a 4xx with Google's reason.

Google's clients retry a 500 for ten minutes, so an error that nobody expected is a 400
with its message; the traceback goes to the log.
"""

from __future__ import annotations

import difflib
import re
from typing import Any

import duckdb
from bqemulator.domain.errors import (
    AlreadyExistsError,
    DomainError,
    InternalError,
    InvalidQueryError,
    NotFoundError,
    UnsupportedFeatureError,
)
from bqemulator.jobs.error_mapper import translate_runtime_error
from bqemulator.observability.logging_ import get_logger
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from emulator.external.tables import external_tables
from emulator.session import Session

_MISSING_SCHEMA = re.compile(r"Schema with name \"?([\w-]+?)__([\w-]+)\"? does not exist")
_SCHEMA_EXISTS = re.compile(r"Schema with name \"?([\w-]+?)__([\w-]+)\"? already exists")
_WRONG_KIND = re.compile(
    r"Existing object (\S+) is of type (\w+), trying to (?:replace with|drop) type (\w+)"
)
_NO_COLUMN = re.compile(
    r'Referenced column "([^"]+)" (?:was )?not found|does not have a column named "([^"]+)"'
)
# What the macros of preprocessing functions say by DuckDB's error().
_OF_ML = re.compile(r"Invalid Input Error: ((?:ML\.|A vector of STRUCT in ML\.).*)", re.DOTALL)
_CANDIDATES = re.compile(r"Candidate (?:bindings|Entries): ?:?(.*)", re.IGNORECASE)

_log = get_logger(__name__)


def client_error(error: Exception, session: Session, sql: str) -> DomainError:
    """Return a failed job's error as BigQuery's client is to see it."""
    explained = external_tables(session.context).explain(str(error))
    if explained is not None:
        return explained
    if isinstance(error, duckdb.Error):
        error = translate_runtime_error(error, duckdb_sql=sql)
    if isinstance(error, UnsupportedFeatureError):
        return InvalidQueryError(error.message)
    if isinstance(error, DomainError) and not isinstance(error, InternalError):
        return _in_google_s_words(error)
    _log.error("job failed", sql=sql, exc_info=error)
    return unexpected(error)


def _in_google_s_words(error: DomainError) -> DomainError:
    """Return the error without names that only DuckDB knows."""
    if missing := _MISSING_SCHEMA.search(error.message):
        return NotFoundError(
            f"Not found: Dataset {missing[1]}:{missing[2]} was not found in location US"
        )
    if there := _SCHEMA_EXISTS.search(error.message):
        return AlreadyExistsError(f"Already Exists: Dataset {there[1]}:{there[2]}")
    if column := _NO_COLUMN.search(error.message):
        return InvalidQueryError(_unrecognized(column[1] or column[2], error.message))
    if found := _OF_ML.search(error.message):
        return InvalidQueryError(found[1])
    if kinds := _WRONG_KIND.search(error.message):
        return InvalidQueryError(
            f"{kinds[1]} is of type {kinds[2].upper()}; the statement expects a "
            f"{kinds[3].upper()}. Drop it first: DROP {kinds[2].upper()} {kinds[1]}."
        )
    return error


def _unrecognized(name: str, message: str) -> str:
    """Return BigQuery's words for a column that is not there, with the nearest that is."""
    found = _CANDIDATES.search(message)
    candidates = re.findall(r'"([^"]+)"', found[1]) if found else []
    near = difflib.get_close_matches(name, [one.rsplit(".", 1)[-1] for one in candidates], 1)
    return f"Unrecognized name: {name}" + (f"; Did you mean {near[0]}?" if near else "")


def install(app: FastAPI) -> None:
    """Make the app answer 400 where it would have answered 500 or 501."""
    UnsupportedFeatureError.http_status = 400

    async def handle(request: Request, error: Exception) -> JSONResponse:
        _log.error("request failed", path=request.url.path, exc_info=error)
        return answer(unexpected(error))

    app.add_exception_handler(InternalError, handle)
    app.add_exception_handler(duckdb.Error, handle)
    app.add_exception_handler(Exception, handle)


def unexpected(error: Exception) -> InvalidQueryError:
    """Return what a client is told of an error that nobody expected."""
    return InvalidQueryError(_message(error))


def answer(error: DomainError) -> JSONResponse:
    """Return an error as the REST API shows it."""
    content: dict[str, Any] = error.to_bigquery_error()
    return JSONResponse(status_code=error.http_status, content=content)


def _message(error: Exception) -> str:
    text = error.message if isinstance(error, DomainError) else f"{type(error).__name__}: {error}"
    if "No space left on device" in text or "ENOSPC" in text:
        return f"The disk of the emulator's data directory is full; free some space. ({text})"
    return text
