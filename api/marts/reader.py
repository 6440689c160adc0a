"""Asks BigQuery, and remembers what it said for a minute.

When BigQuery is away the last answer to the same question is given again and marked as old; a
question that was never answered is refused. Nothing here waits long: a person looks on.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import GoogleAPICallError, NotFound, RetryError
from google.auth.exceptions import GoogleAuthError
from requests.exceptions import RequestException

from api.errors import MartsAway, NoSales, RequestError

if TYPE_CHECKING:
    from google.cloud.bigquery import Client

KEPT_SECONDS = 60.0
KEPT_ANSWERS = 256
WAIT_SECONDS = 15.0
# So long nobody else waits for a BigQuery that did not answer; health checks share the threads.
AWAY_SECONDS = 5.0
FAILURES = (
    GoogleAPICallError,
    RetryError,
    GoogleAuthError,
    RequestException,
    OSError,
    TimeoutError,
)
Parameters = tuple[tuple[str, str, Any], ...]
Row = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What BigQuery said.

    Parameters
    ----------
    rows : tuple of dict
        By column; not to be changed.
    asked_at : str
        When, UTC.
    old : bool
        Whether BigQuery is away and this is what it said before.
    """

    rows: tuple[Row, ...]
    asked_at: str
    old: bool = False


class Marts:
    """The tables of marts, read-only.

    Parameters
    ----------
    make_client : callable
        Makes the client, once it is needed.
    seconds : float
        How long an answer is good.
    """

    def __init__(self, make_client: Callable[[], Client], seconds: float = KEPT_SECONDS) -> None:
        self._make_client, self._seconds = make_client, seconds
        self._client: Client | None = None
        self._kept: OrderedDict[tuple[str, Parameters], tuple[float, Answer]] = OrderedDict()
        self._lock = threading.Lock()
        self._away: tuple[float, Exception] = (0.0, TimeoutError())

    def ask(self, sql: str, parameters: Parameters = ()) -> Answer:
        """Return the answer to a query.

        Parameters
        ----------
        sql : str
            With `@name` for each parameter.
        parameters : tuple of (name, type, value)
            BigQuery's types.

        Raises
        ------
        MartsAway
            If BigQuery does not answer and never did.
        NoSales
            If there are no marts.
        """
        question = (sql, parameters)
        with self._lock:
            kept = self._kept.get(question)
        if kept is not None and time.monotonic() - kept[0] < self._seconds:
            return kept[1]
        try:
            until, away = self._away
            if time.monotonic() < until:
                raise away
            answer = Answer(self._rows(sql, parameters), _now())
        except FAILURES as error:
            if not isinstance(error, NotFound) and time.monotonic() >= self._away[0]:
                self._away = (time.monotonic() + AWAY_SECONDS, error)
            if kept is not None:
                return Answer(kept[1].rows, kept[1].asked_at, old=True)
            raise _refusal(error) from error
        with self._lock:
            self._kept[question] = (time.monotonic(), answer)
            self._kept.move_to_end(question)
            while len(self._kept) > KEPT_ANSWERS:
                self._kept.popitem(last=False)
        return answer

    def _rows(self, sql: str, parameters: Parameters) -> tuple[Row, ...]:
        from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

        with self._lock:
            if self._client is None:
                self._client = self._make_client()
        config = QueryJobConfig(query_parameters=[ScalarQueryParameter(*p) for p in parameters])
        rows = self._client.query_and_wait(
            sql,
            job_config=config,
            api_timeout=WAIT_SECONDS,
            wait_timeout=WAIT_SECONDS,
            retry=None,  # type: ignore[arg-type]
            job_retry=None,  # type: ignore[arg-type]
        )
        return tuple(dict(row) for row in rows)


def _refusal(error: Exception) -> RequestError:
    if isinstance(error, NotFound):
        return NoSales("There are no sales yet: drop a report into the inbox, or run the pipeline.")
    name = type(error).__name__
    return MartsAway(f"BigQuery does not answer now ({name}). Try again in a moment.")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
