"""DuckDB for many threads: one database, one cursor per thread.

bqemulator runs every statement on the event loop over one connection. Jobs here run in
threads (`emulator.jobs`), so each thread gets a cursor of its own, and the write lock
becomes one that threads can share. A statement that loses against another transaction is
run again: each is a transaction by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import duckdb
from bqemulator.config import Settings
from bqemulator.storage.engine import DuckDBEngine

from emulator.casts import MACROS
from emulator.ml.preprocessing import MACROS as PREPROCESSING_MACROS
from emulator.running import CURRENT_JOB

EXTENSIONS = ("spatial", "avro")
CONFLICTS = ("onflict", "Failed to commit: PRIMARY KEY", "Duplicate key")
UPSERT = "INSERT OR REPLACE"
CONFLICT_ATTEMPTS = 50
CONFLICT_PAUSE_SECONDS = 0.02


class ThreadedEngine(DuckDBEngine):
    """bqemulator's engine with a cursor per thread and a lock across threads."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._threads = threading.local()
        self._writing = threading.Lock()

    async def start(self) -> None:
        """Open the database with the extensions that its wheels brought."""
        install_extensions()
        await super().start()
        for macro in (*MACROS, *PREPROCESSING_MACROS):
            super().connection.execute(macro)

    async def stop(self) -> None:
        """Write everything to the database's file, unless a job still writes, and close it.

        What is not in the file is in the write-ahead log beside it.
        """
        if self._connection is not None:
            with contextlib.suppress(duckdb.TransactionException):  # a job still writes
                self._connection.execute("CHECKPOINT")
        await super().stop()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The cursor of the calling thread."""
        cursor = getattr(self._threads, "cursor", None)
        if cursor is None:
            cursor = self._threads.cursor = self.cursor()
        _remember(cursor)
        return cursor

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a new cursor on the database, for a result that is streamed."""
        cursor = super().connection.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        _remember(cursor)
        return cursor

    def execute(self, sql: str, parameters: list[Any] | None = None) -> duckdb.DuckDBPyConnection:
        """Run a statement; again if another transaction was faster."""
        for attempt in range(CONFLICT_ATTEMPTS):
            try:
                return super().execute(sql, parameters)
            except (duckdb.TransactionException, duckdb.ConstraintException) as error:
                lost = any(conflict in str(error) for conflict in CONFLICTS)
                lost = lost and (UPSERT in sql or isinstance(error, duckdb.TransactionException))
                if not lost or attempt == CONFLICT_ATTEMPTS - 1:
                    raise
                time.sleep(CONFLICT_PAUSE_SECONDS)
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def write_lock(self) -> AsyncIterator[None]:
        """Hold the one write lock; a task must not take it twice."""
        while not self._writing.acquire(blocking=False):
            await asyncio.sleep(0.001)
        try:
            yield
        finally:
            self._writing.release()


def _remember(cursor: duckdb.DuckDBPyConnection) -> None:
    """Let the job that takes the cursor be interrupted on it."""
    job = CURRENT_JOB.get()
    if job is not None:
        job.uses(cursor)


def install_extensions() -> None:
    """Install DuckDB's extensions from their wheels: nothing is downloaded."""
    from duckdb_extensions import import_extension

    with duckdb.connect() as connection:
        for name in EXTENSIONS:
            import_extension(name, con=connection)
