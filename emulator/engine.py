"""DuckDB for many threads: one database, one cursor per thread.

bqemulator runs every statement on the event loop over one connection. Jobs here run in
threads (`emulator.jobs`), so each thread gets a cursor of its own, and the write lock
becomes one that threads can share.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import duckdb
from bqemulator.config import Settings
from bqemulator.storage.engine import DuckDBEngine

EXTENSIONS = ("spatial", "avro")


class ThreadedEngine(DuckDBEngine):  # type: ignore[misc]
    """bqemulator's engine with a cursor per thread and a lock across threads."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._threads = threading.local()
        self._writing = threading.RLock()

    async def start(self) -> None:
        """Open the database with the extensions that its wheels brought."""
        install_extensions()
        await super().start()
        self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
        self._home = threading.get_ident()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The cursor of the calling thread."""
        base = super().connection
        if threading.get_ident() == getattr(self, "_home", threading.get_ident()):
            return base
        cursor = getattr(self._threads, "cursor", None)
        if cursor is None:
            cursor = self._threads.cursor = self.cursor()
        return cursor

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a new cursor on the database, for a result that is streamed."""
        cursor = super().connection.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        return cursor

    @asynccontextmanager
    async def write_lock(self) -> AsyncIterator[None]:
        """Hold the one write lock, which the calling thread may hold already."""
        while not self._writing.acquire(blocking=False):
            await asyncio.sleep(0.001)
        try:
            yield
        finally:
            self._writing.release()


def install_extensions() -> None:
    """Install DuckDB's extensions from their wheels: nothing is downloaded."""
    from duckdb_extensions import import_extension

    with duckdb.connect() as connection:
        for name in EXTENSIONS:
            import_extension(name, con=connection)


def statement_parameters(parameters: Any) -> Any:
    """Return query parameters as bqemulator takes them."""
    return parameters or None
