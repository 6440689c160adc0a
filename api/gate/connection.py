"""HTTP connections that are cheap to answer, and cannot be held open by saying little.

uvicorn's protocol waits for a request as long as its sender likes; here a request has to be
whole in time, and its head within a limit. uvicorn writes an answer's head and body one after
the other, each a system call that wakes the other side; here what is written in one turn of the
event loop goes out at once. And an answer that is whole may skip what ASGI does for answers that
come in parts: `REPLY` among the scope's extensions takes its bytes.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 64 * 1024
REPLY = "vendas.reply"


class JoinedWrites:
    """A transport that writes what is written within one turn of the event loop at once.

    Parameters
    ----------
    transport : asyncio.Transport
    loop : asyncio.AbstractEventLoop
    """

    def __init__(self, transport: Any, loop: AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Write at the end of this turn."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)

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
            self._transport.write(parts[0] if len(parts) == 1 else b"".join(parts))


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
        self._before: Any = None
        self._is_whole = False
        self._extensions: Any = {REPLY: self._reply}

    def connection_made(self, transport: Any) -> None:
        """Wait for the first request, but not for ever."""
        self._joined = JoinedWrites(transport, self.loop)
        super().connection_made(self._joined)  # type: ignore[arg-type]
        self._deadline = self.loop.call_later(self._seconds, self._too_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in; a request that they leave unfinished gets a deadline."""
        super().data_received(data)
        if self._is_whole:
            if self._deadline is not None:
                self._forget()
            return
        if self.transport.is_closing():
            return
        if self.cycle is self._before:  # its head is not there yet
            self._head += len(data)
            if self._head > LARGEST_HEAD:
                self._refuse(b"431 Request Header Fields Too Large")
                return
        if self._deadline is None:
            self._deadline = self.loop.call_later(self._seconds, self._too_late)

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        self._is_whole, self._head, self._before = False, 0, self.cycle
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note that the request is whole."""
        self._is_whole = True
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        """Offer to answer the request in one piece."""
        super().on_headers_complete()
        self.scope["extensions"] = self._extensions

    def _reply(self, scope: Scope, head: bytes, body: bytes) -> bool:
        """Answer a request in one piece; False if that has to be done in ASGI's way.

        Parameters
        ----------
        scope : dict
            ASGI's, of the request.
        head, body : bytes
            The head up to the empty line, which is added here.
        """
        cycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or cycle.disconnected:
            return False
        if self.flow.write_paused:
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        dated = b"".join(b"%s: %s\r\n" % pair for pair in cycle.default_headers)
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(b"".join((head, dated, end, body)))
        if len(self.tasks) <= 1:  # nobody else is answered in this turn: no need to wait
            self._joined.flush()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

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
