"""HTTP connections that cannot be held open by saying little, or much before anything is asked.

uvicorn's protocol waits for a request as long as its sender likes. Here a request has to be
whole in time, and its head within a limit.
"""

from __future__ import annotations

from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 64 * 1024


class Connection(HttpToolsProtocol):
    """A connection whose requests have a deadline.

    Parameters
    ----------
    request_seconds : float
        How long a request may take to arrive, and a new connection to ask something.
    """

    def __init__(self, *arguments: Any, request_seconds: float, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._seconds = request_seconds
        self._deadline: TimerHandle | None = None
        self._head = 0
        self._is_whole = True

    def connection_made(self, transport: Any) -> None:
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self._seconds, self._too_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in; a request that they leave unfinished gets a deadline."""
        if self._is_whole:
            self._is_whole = False  # until the parser says so
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._is_whole:
            self._forget()
            return
        if self._head >= 0:
            self._head += len(data)
            if self._head > LARGEST_HEAD:
                self._refuse(b"431 Request Header Fields Too Large")
                return
        if self._deadline is None:
            self._deadline = self.loop.call_later(self._seconds, self._too_late)

    def on_message_begin(self) -> None:
        """Begin to count a head."""
        self._is_whole, self._head = False, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop to count the head."""
        self._head = -1
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the request is whole."""
        self._is_whole = True
        super().on_message_complete()

    def _too_late(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self._refuse(b"408 Request Timeout")

    def _refuse(self, status: bytes) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        if not (answering and self.cycle.response_started):
            self.transport.write(
                b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
        self.transport.close()

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
