"""Prometheus metrics of one process."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

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

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
MODEL = ("door", "model", "version")
Name = tuple[str, str]
NOBODY: Name = ("", "")


class _Series:
    """What one door, version and status came to."""

    __slots__ = ("buckets", "requests", "rows", "seconds")

    def __init__(self) -> None:
        self.requests, self.rows, self.seconds = 0, 0, 0.0
        self.buckets = [0] * (len(SECONDS) + 1)


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
    """

    def __init__(self, models: Registry, log: PredictionLog | None = None) -> None:
        self._models, self._registry = models, CollectorRegistry()
        self._series: dict[tuple[str, Name, int], _Series] = {}
        self._registry.register(_Requests(self._series))
        self._registry.register(_Models(models))
        if log is not None:
            self._registry.register(_Log(log))

    def count(
        self, door: str, served: Served | None, status: int, seconds: float, rows: int
    ) -> None:
        """Count one request; called from the event loop alone.

        Parameters
        ----------
        door : str
        served : Served or None
            The version that answered; None if none did.
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
        state = self._models.state
        serving = {one.name for model in state.models for one in state.versions(model)}
        for key in list(self._series):
            if key[1] != NOBODY and key[1] not in serving:
                del self._series[key]  # they would pile up
        content: bytes = generate_latest(self._registry)
        return content


class _Requests:
    """Tells what was counted."""

    def __init__(self, series: Mapping[tuple[str, Name, int], _Series]) -> None:
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

    def __init__(self, models: Registry) -> None:
        self._models = models

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
        for name, count in sorted(self._models.swaps.items()):
            swaps.add_metric((name,), count)
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

    def __init__(self, log: PredictionLog) -> None:
        self._log = log

    def collect(self) -> Iterator[Metric]:
        rows = CounterMetricFamily(
            "sales_api_prediction_log_rows", "Rows by what became of them", labels=("result",)
        )
        rows.add_metric(("logged",), self._log.logged)
        rows.add_metric(("dropped",), self._log.dropped)
        waiting = GaugeMetricFamily("sales_api_prediction_log_waiting", "Rows not yet written")
        waiting.add_metric((), self._log.waiting)
        failing = GaugeMetricFamily(
            "sales_api_prediction_log_failing", "1 while they cannot be written"
        )
        failing.add_metric((), int(self._log.failing))
        yield from (rows, waiting, failing)
