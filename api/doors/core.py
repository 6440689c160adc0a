"""From an ASGI request at a door to its answer: the shortest way through the service.

Predictions do not pass FastAPI's stack, which costs several times what they do; its routes
describe them all the same (`api.routes.predictions`).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.types import Receive, Scope

from api.artifacts.registry import Registry
from api.artifacts.served import Served
from api.doors.addresses import Address
from api.doors.body import too_large, whole_body
from api.doors.door import Door, Question, Reply
from api.errors import InvalidQuery, RequestError
from api.gate.limits import Place
from api.inference.batch import Batch, rows_of
from api.inference.explanations import explain
from api.inference.predictor import Answers, predict
from api.phrases import Language, preferred
from api.settings import Settings

# A body from this size on is worked on beside the event loop, like what is to be explained.
LONG_BODY = 64 * 1024
# Of what callers write, no more is remembered.
LONGEST_KEPT = 256
TRUTHS = {"false": False, "true": True}
logger = logging.getLogger("api")
Headers = dict[bytes, bytes]


class Answered(msgspec.Struct, frozen=True, gc=False):
    """What became of a request.

    Parameters
    ----------
    reply : Reply
        What goes back.
    language : {"en", "pt-BR"}
        Of its sentences.
    served : Served or None
        The version that answered or refused; None if there is none.
    batch : Batch or None
        The rows that it answered.
    answers : Answers or None
        What it answered to them.
    """

    reply: Reply
    language: Language
    served: Served | None = None
    batch: Batch | None = None
    answers: Answers | None = None

    @property
    def rows(self) -> int:
        """How many rows were predicted."""
        return 0 if self.batch is None else len(self.batch)


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
        self._most = settings.max_body_bytes
        # JSON takes up to thirty times its bytes while it is read, and Python reads one at a time.
        self._reading = threading.Lock()

    async def answer(
        self, address: Address, headers: Headers, scope: Scope, receive: Receive, place: Place
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
        place : Place
            Where a long body is, and then its answer.
        """
        language = _language(headers.get(b"accept-language", b"")[:LONGEST_KEPT])
        served: Served | None = None
        try:
            if b"expect" in headers:
                self._check_announced(headers)
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body: bytes | None = message["body"]
            if message["more_body"] or len(body or b"") >= LONG_BODY:
                body = await whole_body(message, self._most, receive, place)
                if body is None:
                    return None
            query = scope["query_string"]
            served = self.served(address)
            if len(body or b"") < LONG_BODY and not query and not takes_long(served):
                return self.at_once(address, served, headers, body or b"")
            answered = await asyncio.to_thread(
                self._answer, address, served, headers, query, language, body or b""
            )
            place.hold(len(answered.reply.body))
            return answered
        except RequestError as error:
            return Answered(address.door.refuse(error), language, served or self.served(address))
        except Exception:
            logger.exception("A request at the door '%s' failed.", address.door.name)
            return Answered(address.door.broken(), language, served)

    def served(self, address: Address) -> Served | None:
        """Return who answers; None if nobody can, which answering tells."""
        try:
            return self._served(address)
        except RequestError:
            return None

    def at_once(
        self, address: Address, served: Served | None, headers: Headers, body: bytes
    ) -> Answered:
        """Answer a short body without a query; not by a model that takes long."""
        language = _language(headers.get(b"accept-language", b"")[:LONGEST_KEPT])
        try:
            if len(body) > self._most:
                raise too_large(self._most)
            return self._answer(address, served, headers, b"", language, body)
        except RequestError as error:
            return Answered(address.door.refuse(error), language, served)
        except Exception:
            logger.exception("A request at the door '%s' failed.", address.door.name)
            return Answered(address.door.broken(), language, served)

    def _served(self, address: Address) -> Served:
        state = self._registry.state
        model = address.model or state.default(self._settings.default_model)
        return state.find(model, address.version)

    def _answer(
        self,
        address: Address,
        served: Served | None,
        headers: Headers,
        query: bytes,
        language: Language,
        body: bytes,
    ) -> Answered:
        door, served = address.door, served or self._served(address)
        wanted = _explain(query) if query else False
        if wanted and served.manifest.label is None:
            raise InvalidQuery(
                f"explain is true; BigQuery ML explains no {served.manifest.model_type} models."
            )
        kind = _media_type(headers.get(b"content-type", b"")[:LONGEST_KEPT])
        question = Question(served, language, wanted, kind, self._settings.max_rows)
        if len(body) < LONG_BODY:
            batch, form = door.read(question, body)
        else:
            batch, form = self._read_alone(door, question, body)
        classes = served.manifest.classes
        answers = predict(served.scorer, batch, language)
        explanations = None
        if wanted:
            rows = rows_of(batch)
            explanations = explain(
                served.manifest.features,
                rows,
                served.attributions(rows),
                answers.picked,
                classes,
                language,
            )
        reply = door.write(question, answers, explanations, form)
        return Answered(reply, language, served, batch, answers)

    def _read_alone(self, door: Door, question: Question, body: bytes) -> tuple[Batch, Any]:
        """Read the rows of one long body at a time."""
        with self._reading:
            try:
                return door.read(question, body)
            except RequestError as error:
                # What was read hangs on the traceback, and goes before another is read.
                raise error.with_traceback(None) from None

    def _check_announced(self, headers: Headers) -> None:
        """Refuse a body that waits for leave to be sent and is too large."""
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > self._most:
            raise too_large(self._most)


def takes_long(served: Served | None) -> bool:
    """Tell whether a pipeline answers, for which the event loop must not wait."""
    return served is not None and served.scorer.by_rows is not None


@lru_cache(maxsize=256)
def _language(accepted: bytes) -> Language:
    return preferred(accepted.decode("latin-1"))


@lru_cache(maxsize=256)
def _media_type(content_type: bytes) -> str:
    return content_type.split(b";", 1)[0].decode("latin-1").strip().lower()


def _explain(query: bytes) -> bool:
    given = parse_qs(query.decode("latin-1"), keep_blank_values=True, max_num_fields=50)
    text = given.get("explain", ["false"])[-1].lower()
    if text not in TRUTHS:
        raise InvalidQuery(f"explain is {text[:60]!r}; expected true or false.")
    return TRUTHS[text]
