"""Jobs that run: who they are, and how one is stopped.

A cancelled job stops in one of two ways: DuckDB's statements are interrupted, and what
computes in Python asks `check_cancelled` between its steps.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from typing import Any

import duckdb
from bqemulator.domain.errors import InvalidQueryError

INTERRUPT_SECONDS = 0.05


class JobCancelled(InvalidQueryError):
    """The job was cancelled by jobs.cancel."""

    bq_reason = "stopped"

    def __init__(self) -> None:
        super().__init__("Job execution was cancelled: User requested cancellation")


class RunningJob:
    """A job that was inserted and is not done.

    Parameters
    ----------
    project, id : str
        The id of a job of jobs.query is empty until bqemulator named it.
    configuration : dict
        As the REST API has it.
    started : datetime.datetime
    """

    def __init__(
        self, project: str, id: str, configuration: dict[str, Any], started: datetime
    ) -> None:
        self.project, self.id, self.configuration = project, id, configuration
        self.started = started
        self.task: asyncio.Task[Any] | None = None
        self.is_answered = False
        self.cancelled = threading.Event()
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._cursors: list[duckdb.DuckDBPyConnection] = []
        self._interrupts: asyncio.Task[None] | None = None

    @contextmanager
    def in_this_thread(self) -> Iterator[None]:
        """Let the cursors that this thread takes be interrupted."""
        self._thread = threading.get_ident()
        try:
            yield
        finally:
            self.leave_alone()

    def uses(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Remember a cursor if it is the job's own thread that takes it."""
        if threading.get_ident() == self._thread:
            with self._lock:
                if self._thread is not None and all(one is not cursor for one in self._cursors):
                    self._cursors.append(cursor)

    def leave_alone(self) -> None:
        """Interrupt nothing any more: the job cleans up, or is over."""
        with self._lock:
            self._thread = None
            self._cursors.clear()

    def cancel(self) -> None:
        """Ask the job to stop; called on the event loop."""
        if not self.cancelled.is_set():
            self.cancelled.set()
            self._interrupts = asyncio.create_task(self._interrupt())

    async def _interrupt(self) -> None:
        # Again and again: an interrupt between two statements is one that DuckDB forgets.
        while self.task is not None and not self.task.done():
            with self._lock:
                for cursor in self._cursors:
                    with suppress(duckdb.Error):  # closed meanwhile
                        cursor.interrupt()
            await asyncio.sleep(INTERRUPT_SECONDS)


CURRENT_JOB: ContextVar[RunningJob | None] = ContextVar("current_job", default=None)
_running: dict[tuple[str, str], RunningJob] = {}


def check_cancelled() -> None:
    """Stop here if the job that calls was cancelled.

    Raises
    ------
    JobCancelled
    """
    job = CURRENT_JOB.get()
    if job is not None and job.cancelled.is_set():
        raise JobCancelled


def add(job: RunningJob) -> None:
    """List a job, which has its id, among those that run."""
    _running[job.project, job.id] = job


def remove(job: RunningJob) -> None:
    """Take a job that is done from the list."""
    _running.pop((job.project, job.id), None)


def find(project: str, job_id: str) -> RunningJob | None:
    """Return the running job of that name, or None."""
    return _running.get((project, job_id))


def all_jobs(project: str | None = None) -> list[RunningJob]:
    """Return the running jobs, of one project if it is given, newest first."""
    return [job for job in reversed(list(_running.values())) if project in (None, job.project)]
