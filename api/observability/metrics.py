"""Prometheus metrics of one process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from api.artifacts.registry import Registry
from api.artifacts.served import Served

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
MODEL = ("door", "model", "version")
Name = tuple[str, str]
NOBODY: Name = ("", "")


class Metrics:
    """What is counted; read with `text`.

    Parameters
    ----------
    models : Registry
        Whose models, swaps and failures are told.
    """

    def __init__(self, models: Registry) -> None:
        self._models, self._registry = models, CollectorRegistry()
        made: dict[str, Any] = {"registry": self._registry}
        self._requests = Counter(
            "sales_api_requests", "Requests by status", (*MODEL, "status"), **made
        )
        self._seconds = Histogram(
            "sales_api_request_seconds", "Time to answer", MODEL, buckets=SECONDS, **made
        )
        self._rows = Counter("sales_api_rows", "Rows predicted", MODEL, **made)
        self._cached: dict[tuple[str, Name, int], tuple[Any, Any, Any]] = {}
        self._registry.register(_Models(models))

    def count(
        self, door: str, served: Served | None, status: int, seconds: float, rows: int
    ) -> None:
        """Count one request.

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
        found = self._cached.get(key)
        if found is None:
            found = self._cached[key] = self._children(*key)
        requests, timing, predicted = found
        requests.inc()
        timing.observe(seconds)
        if rows:
            predicted.inc(rows)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format, of versions in service."""
        self._forget()
        content: bytes = generate_latest(self._registry)
        return content

    def _forget(self) -> None:
        """Drop the series of versions that are out of service: they would pile up."""
        state = self._models.state
        serving = {one.name for model in state.models for one in state.versions(model)}
        for name in {key[1] for key in self._cached} - serving - {NOBODY}:
            self._cached = {key: one for key, one in self._cached.items() if key[1] != name}
            for metric in (self._requests, self._seconds, self._rows):
                metric.remove_by_labels(dict(zip(MODEL[1:], name, strict=True)))

    def _children(self, door: str, name: Name, status: int) -> tuple[Any, Any, Any]:
        return (
            self._requests.labels(door, *name, str(status)),
            self._seconds.labels(door, *name),
            self._rows.labels(door, *name),
        )


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
