"""Predictions as rows of a BigQuery table: what dbt looks for skew and drift in.

A request leaves what it was answered in a queue and goes on. One thread writes the queue out as
compressed lines of JSON, another loads them every few minutes (load jobs cost nothing, and a
table takes 1,500 of them a day). Neither queue nor lines grow beyond a bound: what does not fit
is dropped and counted.
"""

from __future__ import annotations

import io
import itertools
import logging
import os
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from api.observability.prediction_lines import SLICE, Entry, Line, lines_of

if TYPE_CHECKING:
    from google.cloud import bigquery

# Between slices of lines the writer rests: the event loop waits its turn.
REST_SECONDS = 0.001
PAUSE_SECONDS = 0.2
GZIP, FAST = 31, 1
ENCODER = msgspec.json.Encoder()
logger = logging.getLogger("api")


@dataclass(frozen=True)
class Bounds:
    """What may wait, and how long.

    Parameters
    ----------
    requests, rows : int
        Most requests whose lines are not written yet, and most rows of them.
    size : int
        Most bytes of compressed lines that are not loaded yet.
    seconds : float
        From one load to the next.
    stop_seconds : float
        How long the last load may take.
    """

    requests: int = 10_000
    rows: int = 200_000
    size: int = 16 * 1024 * 1024
    seconds: float = 300.0
    stop_seconds: float = 8.0


class File:
    """Lines for one load job."""

    def __init__(self, job_id: str) -> None:
        self.job_id, self.rows = job_id, 0
        self._compressor = zlib.compressobj(FAST, wbits=GZIP)
        self._parts: list[bytes] = []
        self.size = 0

    def write(self, lines: bytes, rows: int) -> None:
        """Add lines."""
        self._keep(self._compressor.compress(lines))
        self.rows += rows

    def content(self) -> bytes:
        """Return the whole file; nothing is added after."""
        self._keep(self._compressor.flush())
        return b"".join(self._parts)

    def _keep(self, part: bytes) -> None:
        self._parts.append(part)
        self.size += len(part)


class PredictionLog:
    """Takes predictions and sees that they reach their table.

    Parameters
    ----------
    table : str
        `dataset.table` or `project.dataset.table`; dbt makes it (`prediction_log`).
    connect : callable
        Makes the BigQuery client, when there is something to load.
    bounds : Bounds, optional
    """

    def __init__(
        self, table: str, connect: Callable[[], bigquery.Client], bounds: Bounds | None = None
    ) -> None:
        self.logged, self.failing = 0, False
        self._table, self._connect, self._bounds = table, connect, bounds or Bounds()
        self._client: bigquery.Client | None = None
        self._queue: deque[Entry] = deque()
        # Each is changed by one thread alone: the event loop's two, then the writer's two.
        self._queued, self._refused = 0, 0
        self._written, self._discarded = 0, 0
        self._lost = 0
        self._names = (f"predictions_{os.urandom(8).hex()}_{n}" for n in itertools.count())
        self._file = File(next(self._names))
        self._sealed: deque[tuple[File, bytes]] = deque()
        self._lock = threading.Lock()
        self._ending, self._ended = threading.Event(), threading.Event()
        self._writer = threading.Thread(target=self._write, name="prediction lines", daemon=True)
        self._loader = threading.Thread(target=self._load, name="prediction loads", daemon=True)

    def start(self) -> None:
        """Begin to write and load."""
        self._writer.start()
        self._loader.start()

    def stop(self) -> None:
        """Load what is there, within bounds; what cannot be loaded is counted as dropped."""
        self._ending.set()
        self._writer.join(self._bounds.stop_seconds)
        self._ended.set()
        self._loader.join(self._bounds.stop_seconds)
        self._lost = self.waiting
        if self._lost:
            logger.error(
                "%d predictions could not be written to %s before the end.",
                self._lost,
                self._table,
            )

    def put(self, entry: Entry) -> None:
        """Leave what a request was answered; never waits. Called from the event loop alone."""
        rows = len(entry.batch)
        full = len(self._queue) >= self._bounds.requests
        if full or self._queued - self._written + rows > self._bounds.rows:
            self._refused += rows
            return
        self._queued += rows
        self._queue.append(entry)

    @property
    def dropped(self) -> int:
        """How many rows will reach no table."""
        return self._refused + self._discarded + self._lost

    @property
    def waiting(self) -> int:
        """How many rows are neither loaded nor dropped."""
        return self._queued - self._discarded - self._lost - self.logged

    def _write(self) -> None:
        while True:
            ending = self._ending.is_set()  # before the queue: nothing comes once it is set
            for lines in _parts(self._taken(), SLICE):
                self._keep(ENCODER.encode_lines(lines), len(lines))
                time.sleep(REST_SECONDS)
            if ending:
                return
            self._ending.wait(PAUSE_SECONDS)

    def _taken(self) -> Iterator[Line]:
        """Yield the lines of what is in the queue, until it is empty."""
        while self._queue:
            entry, done = self._queue.popleft(), 0
            try:
                for line in lines_of(entry):
                    yield line
                    done += 1
            except Exception:
                logger.exception("Predictions of %s could not be written down.", entry.served.name)
                self._discarded += len(entry.batch) - done
                self._written += len(entry.batch) - done

    def _keep(self, lines: bytes, rows: int) -> None:
        with self._lock:
            held = self._file.size + sum(len(content) for _, content in self._sealed)
            if held < self._bounds.size:
                self._file.write(lines, rows)
            else:
                self._discarded += rows
        self._written += rows

    def _load(self) -> None:
        while not self._ended.is_set():
            self._ended.wait(self._bounds.seconds)
            self._load_waiting()

    def _load_waiting(self) -> None:
        """Load what was written; what fails stays and is tried again with the next."""
        with self._lock:
            if self._file.rows:
                self._sealed.append((self._file, self._file.content()))
                self._file = File(next(self._names))
        while self._sealed:
            file, content = self._sealed[0]
            try:
                self._load_file(file, content)
            except Exception as error:
                if not self.failing:
                    logger.error(
                        "Predictions cannot be written to %s, and are kept for later while there "
                        "is room: %s",
                        self._table,
                        _in_words(error),
                    )
                self.failing = True
                return
            with self._lock:
                self._sealed.popleft()
                self.logged += file.rows
            self.failing = False

    def _load_file(self, file: File, content: bytes) -> None:
        """Run one load job; one that runs already, for its answer was lost, is waited for."""
        from google.api_core.exceptions import Conflict
        from google.cloud import bigquery

        self._client = client = self._client or self._connect()
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
        )
        table = bigquery.TableReference.from_string(self._table, default_project=client.project)
        try:
            job: Any = client.load_table_from_file(
                io.BytesIO(content),
                table,
                size=len(content),
                job_id=file.job_id,
                job_config=config,
                num_retries=2,
                timeout=self._bounds.stop_seconds,
            )
        except Conflict:
            job = client.get_job(file.job_id)
        try:
            job.result(timeout=60)
        except Exception:
            if job.state == "DONE" and job.error_result:
                file.job_id = next(self._names)  # this job is over: the next try is another
            raise


def _parts(lines: Iterator[Line], size: int) -> Iterator[list[Line]]:
    while part := list(itertools.islice(lines, size)):
        yield part


def _in_words(error: Exception) -> str:
    from google.api_core.exceptions import NotFound

    words = (str(error).splitlines() or [type(error).__name__])[0][:500]
    return f"{words}; `dbt build` makes the table." if isinstance(error, NotFound) else words
