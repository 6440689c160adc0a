"""Prometheus metrics of all workers: each counts for itself and tells the others."""

from __future__ import annotations

import itertools
import logging
import os
import threading
from bisect import bisect_left
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from api.artifacts.registry import Registry
from api.artifacts.served import Served
from api.observability.prediction_log import PredictionLog
from api.observability.sharing import Shared

logger = logging.getLogger("api")
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
MODEL = ("door", "model", "version")
TELL_SECONDS = 1.0
Name = tuple[str, str]
Key = tuple[str, Name, int]
NOBODY: Name = ("", "")


class _Series(msgspec.Struct):
    """What one door, version and status came to."""

    requests: int = 0
    rows: int = 0
    seconds: float = 0.0
    buckets: list[int] = msgspec.field(default_factory=lambda: [0] * (len(SECONDS) + 1))

    def add(self, other: _Series) -> None:
        """Add what came elsewhere."""
        self.requests += other.requests
        self.rows += other.rows
        self.seconds += other.seconds
        self.buckets = [sum(pair) for pair in zip(self.buckets, other.buckets, strict=True)]


class _Logged(msgspec.Struct):
    """What became of the predictions that are to be written."""

    logged: int = 0
    dropped: int = 0
    waiting: int = 0
    failing: bool = False


class _Told(msgspec.Struct):
    """What one worker counted."""

    process: int
    series: list[tuple[Key, _Series]]
    swaps: dict[str, int]
    log: _Logged | None


TOLD = msgspec.json.Decoder(_Told)


class Metrics:
    """What is counted; read with `text`.

    Counting is a few additions: prometheus_client's own counters take ten times that, which
    would be a tenth of a request. It writes them out.

    Parameters
    ----------
    models : Registry
        Whose models, swaps and failures are told.
    log : PredictionLog or None
        Whose rows are told.
    shared : Shared or None
        The other workers; None if there are none.
    """

    def __init__(
        self, models: Registry, log: PredictionLog | None = None, shared: Shared | None = None
    ) -> None:
        self._models, self._log, self._shared = models, log, shared
        self._series: dict[Key, _Series] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="metrics", daemon=True)

    def start(self) -> None:
        """Begin to tell the other workers, if there are some."""
        if self._shared is not None:
            self._thread.start()

    def stop(self) -> None:
        """Tell them for the last time."""
        if self._shared is not None:
            self._stopping.set()
            self._thread.join()
            self._shared.close()

    def count(
        self, door: str, served: Served | None, status: int, seconds: float, rows: int
    ) -> None:
        """Count one request; called from the event loop alone.

        Parameters
        ----------
        door : str
        served : Served or None
            The version that answered or refused; None if there is none.
        status : int
            Of HTTP.
        seconds : float
            From its arrival to its answer.
        rows : int
            How many rows were predicted.
        """
        key = (door, NOBODY if served is None else served.name, status)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = _Series()
        series.requests += 1
        series.rows += rows
        series.seconds += seconds
        series.buckets[bisect_left(SECONDS, seconds)] += 1

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format, of versions in service."""
        told = [self._own()]
        if self._shared is not None:
            told += [TOLD.decode(content) for content in self._shared.others()]
        registry = CollectorRegistry()
        registry.register(_Requests(_sum(told, self._serving())))
        registry.register(_Models(self._models, told))
        if self._log is not None:
            registry.register(_Log(told))
        content: bytes = generate_latest(registry)
        return content

    def _serving(self) -> set[Name]:
        state = self._models.state
        return {one.name for model in state.models for one in state.versions(model)} | {NOBODY}

    def _own(self) -> _Told:
        serving = self._serving()
        for key in list(self._series):
            if key[1] not in serving:
                self._series.pop(key, None)  # they would pile up
        log = self._log
        found = None if log is None else _Logged(log.logged, log.dropped, log.waiting, log.failing)
        series, swaps = list(self._series.items()), dict(self._models.swaps)
        return _Told(os.getpid(), series, swaps, found)

    def _tell(self) -> None:
        assert self._shared is not None
        ending = False
        while not ending:
            ending = self._stopping.wait(TELL_SECONDS)
            if not self._shared.put(msgspec.json.encode(self._own())):
                logger.warning("There are more metrics than the other workers can be told.")


def _sum(told: Sequence[_Told], serving: Container[Name]) -> dict[Key, _Series]:
    found: dict[Key, _Series] = {}
    for one in told:
        for key, series in one.series:
            if key[1] in serving:
                found.setdefault(key, _Series()).add(series)
    return found


class _Requests:
    """Tells what was counted."""

    def __init__(self, series: Mapping[Key, _Series]) -> None:
        self._series = series

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "sales_api_requests", "Requests by status", labels=(*MODEL, "status")
        )
        rows = CounterMetricFamily("sales_api_rows", "Rows predicted", labels=MODEL)
        seconds = HistogramMetricFamily("sales_api_request_seconds", "Time to answer", labels=MODEL)
        for (door, name), found in self._by_version().items():
            labels = (door, *name)
            for status, series in found.items():
                requests.add_metric((*labels, str(status)), series.requests)
            rows.add_metric(labels, sum(series.rows for series in found.values()))
            counts = [sum(one) for one in zip(*(s.buckets for s in found.values()), strict=True)]
            ends = [*map(str, SECONDS), "+Inf"]
            buckets = list(zip(ends, itertools.accumulate(counts), strict=True))
            seconds.add_metric(labels, buckets, sum(series.seconds for series in found.values()))
        yield from (requests, rows, seconds)

    def _by_version(self) -> dict[tuple[str, Name], dict[int, _Series]]:
        found: dict[tuple[str, Name], dict[int, _Series]] = {}
        for (door, name, status), series in list(self._series.items()):
            found.setdefault((door, name), {})[status] = series
        return found


class _Models:
    """Tells of the models in service, at the moment they are asked for."""

    def __init__(self, models: Registry, told: Sequence[_Told]) -> None:
        self._models, self._told = models, told

    def collect(self) -> Iterator[Metric]:
        state = self._models.state
        labels = ("model", "version")
        age = GaugeMetricFamily(
            "sales_api_model_age_seconds", "Since the version was published", labels=labels
        )
        verdict = GaugeMetricFamily(
            "sales_api_model_verdict", "1 at the verdict's status", labels=(*labels, "status")
        )
        for name in sorted(state.models):
            served = state.models[name]
            published = datetime.fromisoformat(served.published_at)
            seconds = (datetime.now(UTC) - published).total_seconds()
            age.add_metric((name, served.manifest.version), seconds)
            status = served.manifest.verdict["status"]
            verdict.add_metric((name, served.manifest.version, status), 1)
        yield from (age, verdict)
        swaps = CounterMetricFamily(
            "sales_api_swaps", "Versions taken into service", labels=("model",)
        )
        for name in sorted({name for one in self._told for name in one.swaps}):
            # Every worker takes each version; one that was started again took fewer.
            swaps.add_metric((name,), max(one.swaps.get(name, 0) for one in self._told))
        failing = GaugeMetricFamily(
            "sales_api_model_failing",
            "1 while a pointer's version is not served",
            labels=("model",),
        )
        for name in sorted(state.failures):
            failing.add_metric((name,), 1)
        away = GaugeMetricFamily("sales_api_storage_away", "1 while the bucket cannot be read")
        away.add_metric((), 0 if state.storage_problem is None else 1)
        yield from (swaps, failing, away)


class _Log:
    """Tells what became of the predictions that are to be written."""

    def __init__(self, told: Sequence[_Told]) -> None:
        self._all = [one.log for one in told if one.log is not None]
        self._running = [one.log for one in told if one.log is not None and _runs(one.process)]

    def collect(self) -> Iterator[Metric]:
        rows = CounterMetricFamily(
            "sales_api_prediction_log_rows", "Rows by what became of them", labels=("result",)
        )
        rows.add_metric(("logged",), sum(one.logged for one in self._all))
        rows.add_metric(("dropped",), sum(one.dropped for one in self._all))
        waiting = GaugeMetricFamily("sales_api_prediction_log_waiting", "Rows not yet written")
        waiting.add_metric((), sum(one.waiting for one in self._running))
        failing = GaugeMetricFamily(
            "sales_api_prediction_log_failing", "1 while they cannot be written"
        )
        failing.add_metric((), int(any(one.failing for one in self._running)))
        yield from (rows, waiting, failing)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
