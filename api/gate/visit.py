"""One request on its way."""

from __future__ import annotations

from dataclasses import dataclass

from api.artifacts.served import Served
from api.doors.door import Door


@dataclass(slots=True)
class Visit:
    """What is known of a request; a route of FastAPI finds it in its scope.

    Parameters
    ----------
    id : bytes
        Its name, of who asks or our own.
    door : Door
        By which it came.
    started : float
        When, by the counter of `time.perf_counter`.
    status : int
        Of the answer.
    caller : str
        Who asks.
    served : Served or None
        The version that answered or refused; None if there is none.
    rows : int
        How many rows it predicted.
    """

    id: bytes
    door: Door
    started: float
    status: int = 0
    caller: str = ""
    served: Served | None = None
    rows: int = 0
