"""How much is answered and in memory at once, and how often one caller may ask."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from types import TracebackType

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


class Room:
    """Counts the bytes of long bodies and answers that are in memory.

    Parameters
    ----------
    most : int
        Bytes at once; whoever is alone may have more.
    """

    def __init__(self, most: int) -> None:
        self.most, self.taken = most, 0


class Place:
    """What one request has of a room, from its first bytes until its answer is written.

    Parameters
    ----------
    room : Room
        Whose it is.
    """

    def __init__(self, room: Room) -> None:
        self._room, self._size = room, 0

    def __enter__(self) -> Place:
        """Take nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give all back."""
        self.hold(0)

    def hold(self, size: int) -> None:
        """Take so many bytes in all, instead of those before.

        Raises
        ------
        Busy
            If there is no room; nothing is held then.
        """
        room = self._room
        room.taken -= self._size
        self._size = 0
        if size and room.taken and room.taken + size > room.most:
            raise Busy(
                f"Other requests have {room.taken:,} of {room.most:,} bytes; try again in a moment."
            )
        room.taken += size
        self._size = size
