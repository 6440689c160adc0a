"""What routes ask for: the state of the models, the language, the body."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from api.errors import BodyTooLarge
from api.phrases import Language, preferred
from api.settings import Settings
from api.state import State

DRAIN_SECONDS = 5.0


def _state(request: Request) -> State:
    state: State = request.app.state.registry.state
    return state


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _language(
    response: Response,
    accept_language: Annotated[
        str, Header(description="`pt-BR` gives sentences in Portuguese; English otherwise.")
    ] = "",
) -> Language:
    language = preferred(accept_language)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return language


async def _body(request: Request) -> bytes:
    """Read the body up to the limit; what is beyond is read away, so that the answer arrives."""
    most = request.app.state.settings.max_body_bytes
    announced = request.headers.get("content-length", "")
    size, chunks = 0, []
    if announced.isdigit() and int(announced) > most and "expect" in request.headers:
        raise _too_large(most)
    async with asyncio.timeout(None) as limit:
        async for chunk in request.stream():
            size += len(chunk)
            if size <= most:
                chunks.append(chunk)
            elif chunks:
                chunks.clear()
                limit.reschedule(asyncio.get_running_loop().time() + DRAIN_SECONDS)
    if size > most:
        raise _too_large(most)
    return b"".join(chunks)


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The body has more than {most:,} bytes; send the rows in several requests."
    )


StateNow = Annotated[State, Depends(_state)]
SettingsNow = Annotated[Settings, Depends(_settings)]
Reader = Annotated[Language, Depends(_language)]
Body = Annotated[bytes, Depends(_body)]
