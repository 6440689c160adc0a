"""Where the doors are: which protocol an address speaks, and what it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from api.doors.door import Door
from api.doors.mlflow import MLflow
from api.doors.open_inference import OpenInference
from api.doors.own import Own
from api.doors.vertex import Vertex

OWN, OPEN_INFERENCE, MLFLOW, VERTEX = Own(), OpenInference(), MLflow(), Vertex()
NAMED: tuple[tuple[re.Pattern[str], Door], ...] = (
    (re.compile(r"/models/([^/]+)(?:/versions/([^/]+))?/predict"), OWN),
    (re.compile(r"/v2/models/([^/]+)(?:/versions/([^/]+))?/infer"), OPEN_INFERENCE),
)
INVOCATIONS = "/invocations"
LONGEST_KEPT = 512  # nobody makes the process remember more of an address
MLFLOW_PATHS = (INVOCATIONS, "/ping", "/health", "/version")


@dataclass(frozen=True)
class Address:
    """What a prediction is asked of.

    Parameters
    ----------
    door : Door
    model : str or None
        None is the default model.
    version : str or None
        None is the current one.
    path : str
        Of the request.
    """

    door: Door
    model: str | None = None
    version: str | None = None
    path: str = ""


class Addresses:
    """The addresses of all doors.

    Parameters
    ----------
    vertex : str
        Where Vertex AI asks for predictions.
    """

    def __init__(self, vertex: str) -> None:
        self.vertex = vertex
        doors = ((INVOCATIONS, MLFLOW), (vertex, VERTEX))
        self._unnamed = {path: Address(door, path=path) for path, door in doors}
        self._known = lru_cache(maxsize=1024)(self._find)

    def find(self, path: str) -> Address | None:
        """Return what a POST request at an address asks; None if that is no prediction."""
        return self._known(path) if len(path) <= LONGEST_KEPT else self._find(path)

    def _find(self, path: str) -> Address | None:
        for pattern, door in NAMED:
            if found := pattern.fullmatch(path):
                return Address(door, found[1], found[2], path)
        return self._unnamed.get(path)

    def door(self, path: str) -> Door:
        """Return the door whose form refusals at an address have."""
        if path == "/v2" or path.startswith("/v2/"):
            return OPEN_INFERENCE
        if path == self.vertex:
            return VERTEX
        return MLFLOW if path in MLFLOW_PATHS else OWN
