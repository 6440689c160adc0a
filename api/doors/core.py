"""From an ASGI request at a door to its answer: the shortest way through the service.

Predictions do not pass FastAPI's stack, which costs several times what they do; its routes
describe them all the same (`api.routes.predictions`).
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs

from starlette.types import Receive, Scope

from api.artifacts.registry import Registry
from api.artifacts.served import Served
from api.doors.addresses import Address
from api.doors.door import Question, Reply
from api.errors import BodyTooLarge, InvalidQuery, RequestError
from api.inference.explanations import explain
from api.inference.predictor import predict
from api.phrases import Language, preferred
from api.settings import Settings

# A body from this size on is worked on beside the event loop.
LONG_BODY = 64 * 1024
DRAIN_SECONDS = 5.0
VARY = (b"vary", b"Accept-Language")
LANGUAGE: dict[Language, tuple[bytes, bytes]] = {
    "en": (b"content-language", b"en"),
    "pt-BR": (b"content-language", b"pt-BR"),
}
TRUTHS = {"": False, "false": False, "0": False, "true": True, "1": True}
logger = logging.getLogger("api")
Headers = dict[bytes, bytes]
language_of = lru_cache(maxsize=256)(preferred)


@dataclass(frozen=True)
class Ask:
    """A request whose body is there."""

    address: Address
    headers: Headers
    query: bytes
    language: Language
    body: bytes


@dataclass(frozen=True)
class Answered:
    """What became of a request.

    Parameters
    ----------
    reply : Reply
        What goes back.
    headers : list of (name, value)
        What goes back with it.
    served : Served or None
        The version that answered; None if none did.
    rows : int
        How many rows were predicted.
    """

    reply: Reply
    headers: list[tuple[bytes, bytes]]
    served: Served | None = None
    rows: int = 0


class Core:
    """Answers requests at every door.

    Parameters
    ----------
    settings : Settings
        Limits, and the default model.
    registry : Registry
        Where the models are.
    """

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings, self._registry = settings, registry

    async def answer(
        self, address: Address, headers: Headers, scope: Scope, receive: Receive
    ) -> Answered | None:
        """Answer one request; None if whoever asked is gone.

        Parameters
        ----------
        address : Address
            The protocol, and what it is asked of.
        headers : dict of bytes to bytes
            Of the request.
        scope, receive
            ASGI's.
        """
        door = address.door
        language = language_of(headers.get(b"accept-language", b"").decode("latin-1"))
        said = [LANGUAGE[language], VARY]
        try:
            body = await self._body(headers, receive)
            if body is None:
                return None
            ask = Ask(address, headers, scope["query_string"], language, body)
            if len(body) < LONG_BODY:
                reply, served, rows = self._reply(ask)
            else:
                reply, served, rows = await asyncio.to_thread(self._reply, ask)
            return Answered(reply, said, served, rows)
        except RequestError as error:
            return Answered(door.refuse(error), said)
        except Exception:
            logger.exception("A request at the door '%s' failed.", door.name)
            return Answered(door.broken(), said)

    def _reply(self, ask: Ask) -> tuple[Reply, Served, int]:
        address, door = ask.address, ask.address.door
        model = address.model or self._settings.default_model
        served = self._registry.state.find(model, address.version)
        wanted = _explain(ask.query) if ask.query else False
        kind = ask.headers.get(b"content-type", b"").split(b";", 1)[0]
        content_type = kind.decode("latin-1").strip().lower()
        question = Question(served, ask.language, wanted, content_type, self._settings.max_rows)
        batch, form = door.read(question, ask.body)
        classes = served.manifest.classes
        answers = predict(served.scorer, batch, ask.language, classes=classes is not None)
        explanations = None
        if wanted:
            explanations = explain(served.scorer, batch, answers.likeliest, classes, ask.language)
        return door.write(question, answers, explanations, form), served, len(answers)

    async def _body(self, headers: Headers, receive: Receive) -> bytes | None:
        """Read the body up to the limit; what is beyond is read away, so the answer arrives."""
        most = self._settings.max_body_bytes
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > most and b"expect" in headers:
            raise _too_large(most)
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            if len(body) > most:
                raise _too_large(most)
            return body
        return await _rest(body, most, receive)


async def _rest(first: bytes, most: int, receive: Receive) -> bytes | None:
    size, chunks = len(first), [first]
    more = True
    try:
        async with asyncio.timeout(None) as limit:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                chunk = message.get("body", b"")
                more = message.get("more_body", False)
                size += len(chunk)
                if size <= most:
                    chunks.append(chunk)
                elif chunks:
                    chunks.clear()
                    limit.reschedule(asyncio.get_running_loop().time() + DRAIN_SECONDS)
    except TimeoutError:
        raise _too_large(most) from None
    if size > most:
        raise _too_large(most)
    return b"".join(chunks)


def _explain(query: bytes) -> bool:
    given = parse_qs(query.decode("latin-1"), keep_blank_values=True, max_num_fields=50)
    text = given.get("explain", [""])[-1].lower()
    if text not in TRUTHS:
        raise InvalidQuery(f"explain is {text[:60]!r}; expected true or false.")
    return TRUTHS[text]


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The body has more than {most:,} bytes; send the rows in several requests."
    )
