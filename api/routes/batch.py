"""A whole report for one model: progress and answers come as they are made."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.types import Receive, Scope, Send

from api.artifacts.served import Served
from api.dependencies import ModelName, Reader, StateNow
from api.errors import BodyTooLarge, Busy
from api.gate.visit import Visit
from api.inference.report import (
    Part,
    Report,
    answered,
    check_columns,
    header_of,
    place,
    read_report,
)
from api.observability.prediction_lines import Entry
from api.phrases import Language
from api.routes.models import verdict
from api.schemas.refusals import ErrorBody, refusals

router = APIRouter(tags=["batch"])
LARGEST_BYTES = 32 * 1024 * 1024
AT_ONCE = 2
LINES = "application/x-ndjson"
DESCRIPTION = """A line of JSON each: first `model`, `version`, `verdict`, `dialect`, `records` and
`header`; then parts with `lines` (CSV), `done` and `rejected`; at last `predicted` and
`rejected_in_all`, or `error`."""
_turns = threading.BoundedSemaphore(AT_ONCE)


@router.post(
    "/models/{model}/report",
    summary="A report in any dialect that ingest reads",
    response_class=StreamingResponse,
    responses={
        200: {"content": {LINES: {"schema": {"type": "string"}}}, "description": DESCRIPTION},
        **refusals(ErrorBody, 404, 413, 422, 503),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def report(
    model: ModelName, request: Request, state: StateNow, language: Reader
) -> StreamingResponse:
    """Answer every record of a report; what has no answer comes back with its reason."""
    served = state.find(model)
    visit: Visit = request.scope["visit"]
    visit.served = served
    check_columns(served)
    if not _turns.acquire(blocking=False):
        raise Busy("Other reports are being answered; try again in a moment.")
    stack = ExitStack()
    stack.callback(_turns.release)
    try:
        path, file = stack.enter_context(place())
        await _receive(request, file)
        target, _ = stack.enter_context(place())
        found = await run_in_threadpool(read_report, path, target)
    except BaseException:
        stack.close()
        raise
    lines = _lines(found, served, language, request)
    return _Answer(stack, lines, media_type=LINES, headers={"Content-Language": language})


class _Answer(StreamingResponse):
    """Gives the turn and the files back, also where whoever asked is gone before the first line."""

    def __init__(self, stack: ExitStack, content: AsyncIterator[str], **more: Any) -> None:
        super().__init__(content, **more)
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._stack:
            await super().__call__(scope, receive, send)


async def _receive(request: Request, file: Any) -> None:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BYTES:
            raise BodyTooLarge(f"The report has more than {LARGEST_BYTES:,} bytes; send parts.")
        file.write(chunk)
    file.flush()


async def _lines(
    found: Report, served: Served, language: Language, request: Request
) -> AsyncIterator[str]:
    yield _line(
        model=served.manifest.model,
        version=served.manifest.version,
        verdict=verdict(served, language).model_dump(),
        dialect=str(found.dialect),
        records=found.records,
        header=header_of(served),
    )
    done = rejected = 0
    try:
        async for part in iterate_in_threadpool(answered(found, served, language)):
            done += part.records
            rejected += len(part.rejected)
            _tell(part, served, request)
            yield _line(done=done, lines=part.lines, rejected=part.rejected)
    except Exception as error:  # the status is sent already
        yield _line(error=f"The report could not be answered to its end: {error}")
    else:
        yield _line(predicted=done - rejected, rejected_in_all=rejected)


def _tell(part: Part, served: Served, request: Request) -> None:
    """Count and log what was answered, as the doors do."""
    visit: Visit = request.scope["visit"]
    log = request.app.state.prediction_log
    for piece in part.pieces:
        visit.rows += len(piece.batch)
        if log is not None:
            about = (time.time(), visit.id.decode(), visit.door.name, served)
            log.put(Entry(*about, piece.batch, piece.answers, piece.places))


def _line(**content: Any) -> str:
    return json.dumps(content, ensure_ascii=False) + "\n"
