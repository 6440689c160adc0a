"""What every request passes: it is named, let in or not, answered, counted and logged."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus

from starlette.types import Message, Receive, Scope, Send

from api.doors.addresses import LONGEST_KEPT, Address, Addresses
from api.doors.core import LONG_BODY, Answered, Core, Headers, takes_long
from api.doors.door import Reply
from api.errors import Busy, RequestError, TooManyRequests, Unauthenticated
from api.gate.callers import Callers
from api.gate.connection import CROWDED, Host, Write
from api.gate.limits import Limits, Place, Room
from api.gate.visit import Visit
from api.observability.logs import with_fields
from api.observability.metrics import Metrics
from api.observability.prediction_lines import Entry
from api.observability.prediction_log import PredictionLog
from api.phrases import LANGUAGES, Language

# Whoever looks whether the service lives has no key.
OPEN_PATHS = frozenset(
    {
        *("/health/live", "/health/ready", "/ping", "/health", "/version"),
        *("/v2/health/live", "/v2/health/ready"),
    }
)
ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
RETRY = (b"retry-after", b"2")
Said = tuple[tuple[bytes, bytes], ...]
PLAIN: Said = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
PAGES = [
    *PLAIN,
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
HEADS: dict[Language, Said] = {
    language: (*PLAIN, (b"content-language", language.encode())) for language in LANGUAGES
}
# An id is unique to the process and the request; it is no secret.
PROCESS, COUNT = os.urandom(4).hex().encode(), itertools.count()
logger = logging.getLogger("api.requests")
Inside = Callable[[Scope, Receive, Send], Awaitable[None]]


class Gate:
    """Stands in front of the doors and of FastAPI.

    Parameters
    ----------
    callers, limits, room
        Who may ask, and how much.
    addresses, core
        The doors.
    metrics : Metrics
        What is counted.
    log : PredictionLog or None
        Where predictions are written to, if they are.
    log_all : bool
        Whether requests that were answered well are logged too.
    open_path : str or None
        One more path for whoever looks whether the service lives.
    inside : callable
        FastAPI's application.
    """

    def __init__(
        self,
        callers: Callers,
        limits: Limits,
        room: Room,
        addresses: Addresses,
        core: Core,
        metrics: Metrics,
        log: PredictionLog | None,
        *,
        log_all: bool,
        open_path: str | None,
        inside: Inside,
    ) -> None:
        self._callers, self._limits, self._room = callers, limits, room
        self._addresses, self._core, self._metrics = addresses, core, metrics
        self._log, self._log_all, self._inside = log, log_all, inside
        self._open = OPEN_PATHS | ({open_path} if open_path else set())
        self._known = lru_cache(maxsize=1024)(self._find)

    def find(self, target: bytes) -> Address | None:
        """Return what a POST request for a short target asks, where its path alone says it."""
        return self._known(target) if len(target) <= LONGEST_KEPT else None

    def _find(self, target: bytes) -> Address | None:
        path = target.decode("latin-1")
        return None if set(path) & set("?%#") else self._addresses.find(path)

    def at_once(
        self, asked: Address, headers: Headers, body: bytes, server: Host, write: Write
    ) -> bool:
        """Answer a request that is whole and short; False if it has to wait for something."""
        visit = Visit(_id(headers), asked.door, time.perf_counter())
        served = self._core.served(asked)
        if takes_long(served):
            return False
        try:
            caller = self._callers.known(server, headers)
            if caller is None:
                return False
            visit.caller = caller
            self._limits.enter(caller)
        except RequestError as error:
            visit.served = served
            reply, said = asked.door.refuse(error), (*PLAIN, *_retry(error))
        else:
            try:
                answered = self._core.at_once(asked, served, headers, body)
            finally:
                self._limits.leave()
            reply, said = answered.reply, HEADS[answered.language]
            self._note(visit, answered)
        visit.status = reply.status
        head = b"%scontent-length: %d\r\nx-request-id: %s\r\n" % (
            _head(reply.status, reply.content_type, said),
            len(reply.body),
            visit.id,
        )
        write(head, reply.body)
        self._tell("POST", asked.path, visit)
        return True

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        started = time.perf_counter()
        headers = dict(scope["headers"])
        path = scope["path"].removeprefix(scope["root_path"])
        address = self._addresses.find(path) if scope["method"] == "POST" else None
        door = self._addresses.door(path) if address is None else address.door
        visit = Visit(_id(headers), door, started)
        is_open = path in self._open  # whoever looks after the process asks at any time
        try:
            if not is_open:
                if CROWDED in scope:
                    raise Busy("Too many connections are open; try again in a moment.")
                caller = self._callers.known(scope.get("server"), headers)
                visit.caller = await self._callers.check(headers) if caller is None else caller
                self._limits.enter(visit.caller)
        except RequestError as error:
            visit.served = None if address is None else self._core.served(address)
            await _send(send, visit, door.refuse(error), (*PLAIN, *_retry(error)))
        else:
            try:
                if address is None:
                    scope["visit"] = visit
                    await self._inside(scope, receive, _labelled(send, visit))
                else:
                    await self._at_door(address, headers, scope, receive, send, visit)
            finally:
                if not is_open:
                    self._limits.leave()
                self._tell(scope["method"], path, visit)
            return
        self._tell(scope["method"], path, visit)

    async def _at_door(
        self,
        address: Address,
        headers: Headers,
        scope: Scope,
        receive: Receive,
        send: Send,
        visit: Visit,
    ) -> None:
        with Place(self._room) as place:
            answered = await self._core.answer(address, headers, scope, receive, place)
            if answered is not None:
                self._note(visit, answered)
                reply, said = answered.reply, HEADS[answered.language]
                del answered  # nobody needs its rows while the answer is read
                await _send(send, visit, reply, said)

    def _tell(self, method: str, path: str, visit: Visit) -> None:
        seconds = time.perf_counter() - visit.started
        self._metrics.count(visit.door.name, visit.served, visit.status, seconds, visit.rows)
        if self._log_all or not 0 < visit.status < 400:
            if path not in self._open:
                _log(method, path, visit, seconds)

    def _note(self, visit: Visit, answered: Answered) -> None:
        """Note who answered how much, and what."""
        visit.served, visit.rows = answered.served, answered.rows
        served, batch, answers = answered.served, answered.batch, answered.answers
        if self._log is None or served is None or batch is None or answers is None:
            return
        name = visit.door.name
        self._log.put(Entry(time.time(), visit.id.decode(), name, served, batch, answers))


def _log(method: str, path: str, visit: Visit, seconds: float) -> None:
    served = visit.served
    logger.log(
        logging.ERROR if visit.status >= 500 else logging.INFO,
        "%s %s %d",
        method,
        path[:200],
        visit.status,
        extra=with_fields(
            request_id=visit.id.decode(),
            caller=visit.caller,
            door=visit.door.name,
            model=served.manifest.model if served else None,
            version=served.manifest.version if served else None,
            rows=visit.rows,
            milliseconds=round(1000 * seconds, 3),
        ),
    )


def _id(headers: dict[bytes, bytes]) -> bytes:
    given = headers.get(b"x-request-id")
    if given is not None and ID.fullmatch(given):
        return given
    return b"%s%08x" % (PROCESS, next(COUNT))


async def _send(send: Send, visit: Visit, reply: Reply, said: Said) -> None:
    """Send an answer, and wait until most of a long one is read."""
    visit.status = reply.status
    headers = [
        *_headers(reply.status, reply.content_type, said),
        (b"content-length", b"%d" % len(reply.body)),
        (b"x-request-id", visit.id),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    long = len(reply.body) >= LONG_BODY
    await send({"type": "http.response.body", "body": reply.body, "more_body": long})
    if long:
        await asyncio.sleep(0)  # until it is written, at the end of this turn
        await send({"type": "http.response.body"})


@lru_cache(maxsize=256)
def _head(status: int, content_type: str, said: Said) -> bytes:
    lines = [b": ".join(pair) for pair in _headers(status, content_type, said)]
    reason = HTTPStatus(status).phrase.encode()
    return b"\r\n".join([b"HTTP/1.1 %d %s" % (status, reason), *lines, b""])


def _headers(status: int, content_type: str, said: Said) -> list[tuple[bytes, bytes]]:
    retry = [RETRY] if status == 503 else []
    return [(b"content-type", content_type.encode()), *said, *retry]


def _labelled(send: Send, visit: Visit) -> Send:
    """Return a `send` that puts our headers on what FastAPI answers."""

    async def labelled(message: Message) -> None:
        if message["type"] == "http.response.start":
            visit.status = message["status"]
            given = {name.lower() for name, _ in message["headers"]}
            own = [(b"x-request-id", visit.id), *PAGES]
            message["headers"] = [
                *message["headers"],
                *((name, value) for name, value in own if name not in given),
            ]
        await send(message)

    return labelled


def _retry(error: RequestError) -> list[tuple[bytes, bytes]]:
    if isinstance(error, TooManyRequests):
        return [(b"retry-after", str(error.seconds).encode())]
    if isinstance(error, Unauthenticated):
        return [(b"www-authenticate", b"Bearer")]
    return []
