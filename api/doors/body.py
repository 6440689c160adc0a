"""The body of a request, as far as there is room for it."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive

from api.errors import BodyTooLarge, Busy, RequestError
from api.gate.limits import Place

DRAIN_SECONDS = 5.0


async def whole_body(message: Message, most: int, receive: Receive, place: Place) -> bytes | None:
    """Return a body; what is refused is read away for a while, so that the answer arrives.

    Parameters
    ----------
    message : Message
        The first of ASGI's.
    most : int
        Largest body, in bytes.
    receive : callable
        Gives the others.
    place : Place
        Holds what has arrived.

    Returns
    -------
    bytes or None
        None if whoever asked is gone.

    Raises
    ------
    BodyTooLarge
        If it has more than `most` bytes.
    Busy
        If there is no room for it.
    """
    size, parts = 0, []
    refused: RequestError | None = None
    try:
        async with asyncio.timeout(None) as limit:
            while message["type"] != "http.disconnect":
                part = message.get("body", b"")
                size += len(part)
                if refused is None:
                    refused = _refusal(size, most, place)
                    if refused is None:
                        parts.append(part)
                    else:
                        parts.clear()
                        limit.reschedule(asyncio.get_running_loop().time() + DRAIN_SECONDS)
                if not message.get("more_body", False):
                    break
                message = await receive()
            else:
                return None
    except TimeoutError:
        pass
    if refused is not None:
        raise refused
    return b"".join(parts)


def too_large(most: int) -> BodyTooLarge:
    """Return the refusal of a body."""
    return BodyTooLarge(
        f"The body has more than {most:,} bytes; send the rows in several requests."
    )


def _refusal(size: int, most: int, place: Place) -> RequestError | None:
    if size > most:
        place.hold(0)
        return too_large(most)
    try:
        place.hold(size)
    except Busy as error:
        return error
    return None
