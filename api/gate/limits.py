"""How much is answered at once, and how often one caller may ask."""

from __future__ import annotations

import math
import time
from collections import OrderedDict

from api.errors import Busy, TooManyRequests

MOST_REMEMBERED = 10_000


class Limits:
    """Counts requests.

    Parameters
    ----------
    at_once : int
        Most requests that are being answered.
    per_second : float
        What one caller may ask on average; 0 is no limit. Twice of it may come at once.
    """

    def __init__(self, at_once: int, per_second: float) -> None:
        self._at_once, self._per_second = at_once, per_second
        self.answering = 0
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def enter(self, caller: str) -> None:
        """Begin to answer a request; `leave` ends it.

        Raises
        ------
        TooManyRequests
            If the caller asks too often.
        Busy
            If too much is being answered.
        """
        if self._per_second:
            self._spend(caller)
        if self.answering >= self._at_once:
            raise Busy(f"{self.answering} requests are being answered; try again in a moment.")
        self.answering += 1

    def leave(self) -> None:
        """End a request."""
        self.answering -= 1

    def _spend(self, caller: str) -> None:
        most, now = 2 * self._per_second, time.monotonic()
        left, then = self._spent.pop(caller, (max(most, 1.0), now))
        left = min(max(most, 1.0), left + (now - then) * self._per_second)
        if left < 1:
            self._spent[caller] = (left, now)
            seconds = math.ceil((1 - left) / self._per_second)
            raise TooManyRequests(
                f"'{caller}' may ask {self._per_second:g} times a second; wait {seconds} s.",
                seconds,
            )
        self._spent[caller] = (left - 1, now)
        while len(self._spent) > MOST_REMEMBERED:
            self._spent.popitem(last=False)
