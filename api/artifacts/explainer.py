"""Attributions of models that tables have none of: their pipeline computes them, sealed off.

Shapley values of trees are XGBoost's own. The pipeline stays open in a child of its own, which
is started by the first question and let go when none comes for a while.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from api.artifacts.opener import Child
from api.errors import LoadError, Unexplained

OPEN_SECONDS, EXPLAIN_SECONDS, IDLE_SECONDS = 30.0, 30.0, 300.0
Parts = tuple[tuple[float, ...], dict[str, list[float]]]


class Explainer:
    """A pipeline that explains.

    Parameters
    ----------
    manifest, pickle : bytes
        Verified.
    """

    def __init__(self, manifest: bytes, pickle: bytes) -> None:
        self._manifest, self._pickle = manifest, pickle
        self._child: Child | None = None
        self._lock = threading.Lock()
        self._used = time.monotonic()

    def explain(self, rows: Sequence[Mapping[str, Any]]) -> list[Parts]:
        """Return for each row the baseline, and what each feature adds to each output's score.

        Raises
        ------
        Unexplained
            If the child does not answer in time or cannot.
        """
        with self._lock:
            self._used = time.monotonic()
            try:
                answer = self._opened().ask({"rows": list(rows)}, EXPLAIN_SECONDS)
            except LoadError as error:
                self._end()
                raise Unexplained(
                    f"{len(rows)} answers could not be explained: {error} Ask for fewer at once."
                ) from None
        if "error" in answer:
            raise Unexplained(f"The answers could not be explained: {answer['error']}")
        names, baseline = answer["features"], tuple(answer["baseline"])
        return [
            (baseline, {name: [scores[at] for scores in row] for at, name in enumerate(names)})
            for row in answer["parts"]
        ]

    def rest(self) -> None:
        """Let the child go if nothing was asked for a while."""
        if self._child is not None and time.monotonic() - self._used > IDLE_SECONDS:
            self.end()

    def end(self) -> None:
        """Let the child go."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None

    def _opened(self) -> Child:
        if self._child is None:
            self._child = Child()
            request = {
                "keep": True,
                "manifest": self._manifest.decode(),
                "pickle": base64.b64encode(self._pickle).decode(),
            }
            answer = self._child.ask(request, OPEN_SECONDS)
            if "error" in answer:
                raise LoadError(str(answer["error"])[:1000])
        return self._child
