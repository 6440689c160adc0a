"""Writing to a connection: in few system calls, and not for ever to who does not read."""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from typing import Any

# Who reads so much in time may take longer for the rest.
ENOUGH = 1024 * 1024


class JoinedWrites:
    """A transport that writes what is written within one turn of the event loop at once.

    What waits to be read has a deadline: when it has passed, all of that or `ENOUGH` of it has
    to be read, or the connection is ended, whether it is being closed already or not.

    Parameters
    ----------
    transport : asyncio.Transport
    loop : asyncio.AbstractEventLoop
    seconds : float
        From one look at what waits to the next.
    """

    def __init__(self, transport: Any, loop: AbstractEventLoop, seconds: float) -> None:
        self._transport, self._loop, self._seconds = transport, loop, seconds
        self._parts: list[bytes] = []
        self._written = self._wanted = 0
        # One timer lasts for many answers.
        self._deadline: TimerHandle | None = None

    @property
    def waits(self) -> bool:
        """Whether something is not written yet."""
        return bool(self._parts)

    def write(self, data: bytes) -> None:
        """Write at the end of this turn."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)

    def write_now(self, data: bytes) -> None:
        """Write at once; nothing may wait."""
        self._written += len(data)
        self._transport.write(data)
        if self._deadline is None:
            self._look_later()

    def close(self) -> None:
        """Write what is there, and close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        """Return what the transport has."""
        return getattr(self._transport, name)

    def flush(self) -> None:
        """Write what is there."""
        if self._parts:
            parts, self._parts = self._parts, []
            self.write_now(parts[0] if len(parts) == 1 else b"".join(parts))

    def forget(self) -> None:
        """Look no more: the connection is gone."""
        if self._deadline is not None:
            self._deadline.cancel()

    def _look_later(self) -> None:
        unread = self._transport.get_write_buffer_size()
        self._wanted = self._written - max(0, unread - ENOUGH)
        self._deadline = self._loop.call_later(self._seconds, self._look)

    def _look(self) -> None:
        self._deadline = None
        unread = self._transport.get_write_buffer_size()
        if self._written - unread < self._wanted:
            self._transport.abort()
        elif unread:
            self._look_later()
