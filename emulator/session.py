"""What a statement handler or rewriter gets: the way back into BigQuery.

A session belongs to one job. Jobs run in threads of their own, each with its own DuckDB
cursor, so a handler may compute for minutes without anybody else waiting.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from bqemulator.api.dependencies import AppContext
from bqemulator.domain.errors import InternalError

from emulator.cloud import CLOUD_FILE
from emulator.syntax import check_query

CURRENT_SESSION: ContextVar[Session | None] = ContextVar("current_session", default=None)


class Engine(Protocol):
    """How the core runs GoogleSQL for a session (nested ML and external tables included)."""

    async def table(self, sql: str, parameters: Any, session: Session) -> pa.Table:
        """Run a statement and return its result."""
        ...

    def reader(
        self, sql: str, parameters: Any, session: Session
    ) -> AbstractAsyncContextManager[pa.RecordBatchReader]:
        """Run a query and stream its result from a cursor of its own."""
        ...


@dataclass
class Session:
    """One job's view of BigQuery.

    Parameters
    ----------
    project : str
        Project of the job; a name without project means this one.
    default_dataset : str or None
        "dataset" or "project.dataset" for names without dataset.
    context : AppContext
        bqemulator's own: catalog, DuckDB engine, clock.
    engine : Engine
        What `query` and `reader` run on.
    parameters : list or None
        The job's query parameters as the REST API has them.
    temporary : dict
        Dataset of each temporary table of the script, by its name in lower case.
    is_function : callable
        Whether a name is that of a temporary function of the script.
    made : dict
        Schema of each table that holds the result of an ML function, by its name.
    """

    project: str
    default_dataset: str | None
    context: AppContext
    engine: Engine
    parameters: list[dict[str, Any]] | None = None
    temporary: dict[str, str] = field(default_factory=dict)
    is_function: Callable[[str], bool] = lambda name: False
    made: dict[str, pa.Schema] = field(default_factory=dict)
    _drops: list[Callable[[], object]] = field(default_factory=list)

    async def query(self, sql: str, parameters: Any = None) -> pa.Table:
        """Run GoogleSQL through the whole path and return the result."""
        return await self.engine.table(sql, self._named(parameters), self)

    @asynccontextmanager
    async def reader(self, sql: str, parameters: Any = None) -> AsyncIterator[pa.RecordBatchReader]:
        """Run a GoogleSQL query and stream its result; it is never in memory at once.

        Raises
        ------
        InvalidQueryError
            If it is another statement, which would change something.
        """
        check_query(sql)
        async with self.engine.reader(sql, self._named(parameters), self) as batches:
            yield batches

    def _named(self, given: Any) -> Any:
        """Return the given parameters, else the job's named ones: any part may use those."""
        if given is not None:
            return given
        return [one for one in self.parameters or [] if one.get("name")] or None

    @property
    def model_directory(self) -> Path:
        """Where trained state lives."""
        data_dir = self.context.settings.data_dir
        if data_dir is None:
            raise InternalError("The emulator runs without a data directory.")
        directory = data_dir / "models"
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    @property
    def cloud_file(self) -> Path:
        """Where the running cloud says which ports it has."""
        return cloud_file(self.context)

    def resolve(self, path: str) -> tuple[str, str, str]:
        """Return (project, dataset, name) of a table or model path, default dataset applied.

        Raises
        ------
        bqemulator.domain.errors.InvalidQueryError
            If the path names no dataset and the job has no default dataset.
        """
        from bqemulator.domain.errors import InvalidQueryError

        parts = split_path(path)
        if len(parts) == 1:
            if self.default_dataset is None:
                raise InvalidQueryError(
                    f'Table "{parts[0]}" must be qualified with a dataset (e.g. dataset.table).'
                )
            parts = [*split_path(self.default_dataset), *parts]
        if len(parts) == 2:
            parts = [self.project, *parts]
        if len(parts) != 3:
            raise InvalidQueryError(f"Invalid table or model path: {path}")
        return parts[0], parts[1], parts[2]

    def on_close(self, action: Callable[[], object]) -> None:
        """Run `action` when the job is over, whatever its end."""
        self._drops.append(action)

    def close(self) -> None:
        """Run what `on_close` collected, newest first."""
        while self._drops:
            self._drops.pop()()


@dataclass(frozen=True)
class Outcome:
    """What a handled statement returns.

    Parameters
    ----------
    table : pyarrow.Table or None
        Rows for the client; None for a statement without result.
    statement_type : str
        BigQuery's, e.g. "CREATE_MODEL".
    ddl_operation : str or None
        "CREATE", "REPLACE", "SKIP", "DROP" or "ALTER".
    ddl_target : tuple of (project, dataset, name) or None
        What the statement made, changed or dropped.
    """

    table: pa.Table | None
    statement_type: str
    ddl_operation: str | None = None
    ddl_target: tuple[str, str, str] | None = None


class Handler(Protocol):
    """Runs a whole statement; None says "not mine"."""

    def __call__(self, statement: str, session: Session) -> Awaitable[Outcome | None]:
        """Run the statement, or return None."""
        ...


class Rewriter(Protocol):
    """Replaces what bqemulator cannot run inside a statement by what it can."""

    def __call__(self, statement: str, session: Session) -> Awaitable[str]:
        """Return the statement, rewritten or as it was."""
        ...


def cloud_file(context: AppContext) -> Path:
    """Return where the running cloud says which ports it has."""
    data_dir = context.settings.data_dir
    if data_dir is None:
        raise InternalError("The emulator runs without a data directory.")
    return data_dir.parent / CLOUD_FILE


def split_path(path: str) -> list[str]:
    """Split a table or model path at its dots; backticks may stand around each or all parts."""
    return [part for part in re.split(r"\.", path.replace("`", "").strip()) if part]
