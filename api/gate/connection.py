"""HTTP connections that are cheap to answer, and cannot be held open by saying little.

uvicorn's protocol waits for a request as long as its sender likes, and for its answer to be read;
here a request has to be whole in time, its head within a limit, and the answer is read in time.
uvicorn writes an answer's head and body one after the other, each a system call that wakes the
other side; here what is written in one turn of the event loop goes out at once (`JoinedWrites`).
And ASGI makes a task of every request, which costs as much as a
prediction: one that is short and goes to a door is answered as soon as it is whole (`Desk`).
"""

from __future__ import annotations

import logging
import math
import select
from asyncio import TimerHandle
from collections.abc import Callable
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.doors.core import LONG_BODY
from api.gate.writing import JoinedWrites

LARGEST_HEAD = 64 * 1024
LENGTH_DIGITS = len(str(LONG_BODY))
logger = logging.getLogger("api")
# In the scope of a request on a connection that is one too many.
CROWDED = "crowded"
Write = Callable[[bytes, bytes], None]
Host = tuple[str, int | None] | None


class Desk(Protocol):
    """Answers short requests without ASGI."""

    def find(self, target: bytes) -> Any:
        """Return what a POST request for a target asks; None if it is not for this desk."""

    def at_once(
        self, asked: Any, headers: dict[bytes, bytes], body: bytes, server: Host, write: Write
    ) -> bool:
        """Write the head and body of an answer; False if ASGI has to answer.

        Parameters
        ----------
        asked : object
            What `find` returned.
        headers : dict of bytes to bytes
            Names in lower case.
        body : bytes
        server : tuple of (str, int) or None
            The host and port that the request came to.
        write : callable
            Takes the head, without its last empty line, and the body.
        """


class Connection(HttpToolsProtocol):
    """A connection whose requests have a deadline.

    Parameters
    ----------
    request_seconds : float
        How long a request may take to arrive, a new connection to ask something, and an answer to
        be read.
    """

    def __init__(self, *arguments: Any, request_seconds: float, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._seconds = request_seconds
        # More connections are refused at the gate, in each door's form: uvicorn would do it itself.
        self._most, self.limit_concurrency = self.limit_concurrency or math.inf, None
        self._came_late = False
        self._deadline: TimerHandle | None = None
        self._head = 0
        self._is_whole = self._has_head = self._began_now = self._closes = False
        self._idle_since: float | None = None
        self._desk: Desk | None = getattr(self.app, "desk", None)
        self._asked: Any = None
        self._fields: dict[bytes, bytes] = {}
        self._body = b""
        self._dated: tuple[Any, bytes] = (None, b"")

    def connection_made(self, transport: Any) -> None:
        """Wait for the first request, but not for ever."""
        self._plain = transport
        self._joined = JoinedWrites(transport, self.loop, self._seconds)
        super().connection_made(self._joined)  # type: ignore[arg-type]
        self._came_late = len(self.connections) > self._most
        self._deadline = self.loop.call_later(self._seconds, self._too_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._forget()
        self._joined.forget()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in; a request that they leave unfinished gets a deadline."""
        self._began_now = False
        super().data_received(data)
        if self._is_whole:
            if self._deadline is not None:
                self._forget()
            return
        if self.transport.is_closing():
            return
        if not self._has_head and not self._began_now:  # else others' bytes are in it
            self._head += len(data)
            if self._head > LARGEST_HEAD:
                self._refuse(b"431 Request Header Fields Too Large")
                return
        if self._deadline is None:
            self._deadline = self.loop.call_later(self._seconds, self._too_late)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._is_whole, self._has_head, self._head, self._asked = False, False, 0, None
        self._began_now, self._idle_since = True, None
        if self._deadline is not None:
            self._forget()  # it was another's
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        """Keep a request for the desk until it is whole; begin to answer any other."""
        self._has_head = True
        if self.parser.get_method() == b"POST" and self._is_for_desk():
            self._body = b""
        else:
            self._begin_answer()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body in."""
        if self._asked is None:
            super().on_body(body)
        else:
            self._body = self._body + body if self._body else body

    def on_message_complete(self) -> None:
        """Answer at the desk what is for it."""
        self._is_whole = True
        asked, self._asked = self._asked, None
        if asked is not None:
            if self._is_answered(asked):
                self.on_response_complete()
                return
            self._begin_answer()
            super().on_body(self._body)
        super().on_message_complete()
        if self.cycle.response_complete:  # before its body had arrived
            self._idle_since = self.loop.time()

    def shutdown(self) -> None:
        """Close the connection, but not before a request that has begun is answered."""
        if self._asked is None:
            super().shutdown()
        else:
            self._closes = True

    def on_response_complete(self) -> None:
        """Take the next request, and close the connection if none comes."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        if self._is_whole:  # else the next one is on its way
            self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._wait_idle(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was idle all the time; one timer lasts for many requests."""
        self.timeout_keep_alive_task = None
        if self._idle_since is not None:
            left = self._idle_since + self.timeout_keep_alive - self.loop.time()
            if left <= 0 and not self._is_asked_again():
                super().timeout_keep_alive_handler()
            else:
                self._wait_idle(max(left, 1.0))

    def _is_asked_again(self) -> bool:
        """Tell whether bytes came that a busy event loop has not read yet."""
        socket = self._plain.get_extra_info("socket")
        if socket is None:
            return False
        waiting = select.poll()
        waiting.register(socket.fileno(), select.POLLIN)
        return bool(waiting.poll(0))

    def _unset_keepalive_if_required(self) -> None:
        """Keep the timer: it lasts for many requests, and bytes alone are no request."""

    def _is_answered(self, asked: Any) -> bool:
        assert self._desk is not None
        try:
            return self._desk.at_once(asked, self._fields, self._body, self.server, self._write)
        except Exception:
            logger.exception("A request could not be answered.")
            self.transport.close()
            return True

    def _wait_idle(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def _is_for_desk(self) -> bool:
        """Tell whether the desk may answer, and note what is asked."""
        if self._desk is None or self.expect_100_continue or self.parser.should_upgrade():
            return False
        if self.cycle is not None and not self.cycle.response_complete:
            return False  # whoever asked before is answered before
        if self.flow.write_paused or self.transport.is_closing() or self._is_crowded():
            return False
        asked = self._desk.find(self.url)
        if asked is None:
            return False
        self._fields = dict(self.headers)
        length = self._fields.get(b"content-length", b"")
        if len(length) > LENGTH_DIGITS or not length.isdigit() or int(length) >= LONG_BODY:
            return False
        self._asked = asked
        return True

    def _is_crowded(self) -> bool:
        """Tell whether as many as may be open were there before, and still are."""
        if self._came_late:
            self._came_late = len(self.connections) > self._most
        return self._came_late

    def _begin_answer(self) -> None:
        """Let ASGI answer."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)
        if crowded := self._is_crowded():
            self.scope[CROWDED] = True  # type: ignore[literal-required]
        super().on_headers_complete()
        if (crowded or self._closes) and self.cycle is not None:
            self.cycle.keep_alive = False

    def _write(self, head: bytes, body: bytes) -> None:
        """Write an answer; among others of this turn, or at once if there can be none."""
        headers = self.server_state.default_headers
        if self._dated[0] is not headers:  # another list once a second
            self._dated = (headers, b"".join(b"%s: %s\r\n" % pair for pair in headers))
        stays = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        stays = stays and not self._closes
        end = b"\r\n" if stays else b"connection: close\r\n\r\n"
        joined = len(self.connections) > 1 or self._joined.waits
        write = self._joined.write if joined else self._joined.write_now
        write(b"".join((head, self._dated[1], end, body)))
        if not stays:
            self.transport.close()

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
