"""A pipeline that stays open, sealed off in a process of its own.

It explains trees, whose Shapley values are XGBoost's own and in no table, and it answers for a
model that tables cannot repeat. The process is started by the first question and let go when
none comes for a while.
"""

from __future__ import annotations

import base64
import contextlib
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from api.artifacts.opener import Child
from api.errors import ChildGone, LoadError, Unanswered, Unexplained

OPEN_SECONDS, ASK_SECONDS, IDLE_SECONDS = 30.0, 30.0, 300.0
Parts = tuple[tuple[float, ...], dict[str, list[float]]]
Rows = Sequence[Mapping[str, Any]]


class KeptPipeline:
    """A pipeline that can be asked.

    Parameters
    ----------
    manifest, pickle : bytes
        Verified.
    answers : bool
        Whether it answers for its model, and not only explains.
    """

    def __init__(self, manifest: bytes, pickle: bytes, *, answers: bool) -> None:
        self.answers = answers
        self._manifest, self._pickle = manifest, pickle
        self._child: Child | None = None
        self._lock = threading.Lock()
        self._used = time.monotonic()

    def predict(self, rows: Rows) -> list[list[float]]:
        """Return for each row its outputs: the value, probabilities, distances or components.

        Raises
        ------
        Unanswered
            If the process does not answer in time or cannot.
        """
        try:
            answer = self._ask("predict", rows)
        except LoadError as error:
            raise Unanswered(f"{len(rows)} rows could not be answered: {error}") from None
        if "error" in answer:
            raise Unanswered(f"The rows could not be answered: {answer['error']}")
        outputs: list[list[float]] = answer["outputs"]
        return outputs

    def explain(self, rows: Rows) -> list[Parts]:
        """Return for each row the baseline, and what each feature adds to each output's score.

        Raises
        ------
        Unexplained
            If the process does not answer in time or cannot.
        """
        try:
            answer = self._ask("explain", rows)
        except LoadError as error:
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
        """Let the process go if nothing was asked for a while."""
        if self._child is not None and time.monotonic() - self._used > IDLE_SECONDS:
            self.end()

    def end(self) -> None:
        """Let the process go."""
        with self._lock:
            self._end()

    def _ask(self, what: str, rows: Rows) -> dict[str, Any]:
        """Ask the process, and a new one if it is gone; one that fails is let go.

        Raises
        ------
        LoadError
            If no answer comes.
        """
        request = {"what": what, "rows": list(rows)}
        with self._lock:
            self._used = time.monotonic()
            try:
                if self._child is not None:
                    with contextlib.suppress(ChildGone):
                        return self._child.ask(request, ASK_SECONDS)
                    self._end()
                return self._opened().ask(request, ASK_SECONDS)
            except LoadError:
                self._end()
                raise

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
