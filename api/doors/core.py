"""From an ASGI request at a door to its answer: the shortest way through the service.

Predictions do not pass FastAPI's stack, which costs several times what they do; its routes
describe them all the same (`api.doors.routes`) and lead here.
"""

from __future__ import annotations

import asyncio
import logging
from functools import lru_cache
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from api.artifacts.registry import Registry
from api.doors.door import Door, Question, Reply
from api.errors import BodyTooLarge, InvalidQuery, RequestError
from api.inference.explanations import explain
from api.inference.predictor import predict
from api.phrases import Language, preferred
from api.settings import Settings

# A body from this size on is worked on beside the event loop.
LONG_BODY = 64 * 1024
DRAIN_SECONDS = 5.0
RETRY = (b"retry-after", b"2")
VARY = (b"vary", b"Accept-Language")
LANGUAGE: dict[Language, tuple[bytes, bytes]] = {
    "en": (b"content-language", b"en"),
    "pt-BR": (b"content-language", b"pt-BR"),
}
TRUTHS = {"": False, "false": False, "0": False, "true": True, "1": True}
logger = logging.getLogger("api")
language_of = lru_cache(maxsize=256)(preferred)


class Core:
    """Answers requests at every door.

    Parameters
    ----------
    settings : Settings
        Limits.
    registry : Registry
        Where the models are.
    """

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings, self._registry = settings, registry

    async def answer(
        self,
        door: Door,
        model: str,
        version: str | None,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer one request.

        Parameters
        ----------
        door : Door
            The protocol.
        model : str
            Its name, as the address has it.
        version : str or None
            The one asked for; None is the current one.
        scope, receive, send
            ASGI's.
        """
        headers = dict(scope["headers"])
        language = language_of(headers.get(b"accept-language", b"").decode("latin-1"))
        body = b""
        try:
            body = await self._body(headers, receive)
            if len(body) < LONG_BODY:
                reply = self._reply(door, model, version, scope, headers, language, body)
            else:
                reply = await asyncio.to_thread(
                    self._reply, door, model, version, scope, headers, language, body
                )
        except RequestError as error:
            reply = door.refuse(error)
        except Exception:
            logger.exception("A request at the door '%s' failed.", door.name)
            reply = door.broken()
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": _headers(reply, language),
            }
        )
        await send({"type": "http.response.body", "body": reply.body})

    def _reply(
        self,
        door: Door,
        model: str,
        version: str | None,
        scope: Scope,
        headers: dict[bytes, bytes],
        language: Language,
        body: bytes,
    ) -> Reply:
        served = self._registry.state.find(model, version)
        wanted = _explain(scope["query_string"]) if scope["query_string"] else False
        kind = headers.get(b"content-type", b"").split(b";", 1)[0]
        content_type = kind.decode("latin-1").strip().lower()
        question = Question(served, language, wanted, content_type, self._settings.max_rows)
        batch, form = door.read(question, body)
        classes = served.manifest.classes
        answers = predict(served.scorer, batch, language, classes=classes is not None)
        explanations = None
        if wanted:
            explanations = explain(served.scorer, batch, answers.likeliest, classes, language)
        return door.write(question, answers, explanations, form)

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        """Read the body up to the limit; what is beyond is read away, so the answer arrives."""
        most = self._settings.max_body_bytes
        announced = headers.get(b"content-length", b"")
        too_long = announced.isdigit() and int(announced) > most
        if too_long and b"expect" in headers:
            raise _too_large(most)
        message = await receive()
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            if len(body) > most:
                raise _too_large(most)
            return body
        return await _rest(body, most, receive)


async def _rest(first: bytes, most: int, receive: Receive) -> bytes:
    size, chunks = len(first), [first]
    more = True
    try:
        async with asyncio.timeout(None) as limit:
            while more:
                message = await receive()
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


def _headers(reply: Reply, language: Language) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
        LANGUAGE[language],
        VARY,
    ]
    if reply.status == 503:
        headers.append(RETRY)
    return headers


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
