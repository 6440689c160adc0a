"""JSON of unknown form into plain values; what is wrong is told with its place."""

from __future__ import annotations

import json
from typing import Any

from api.inference.cells import printable, show, twice, whole


def parse(body: bytes) -> object:
    """Return what a body of JSON holds.

    Raises
    ------
    InvalidRows
        If it is not JSON in UTF-8, or a key stands twice in one object.
    """
    try:
        return json.loads(body.decode("utf-8-sig"), object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        words = f"The body is not UTF-8: byte {error.start} is {body[error.start]:#04x}"
    except json.JSONDecodeError as error:
        words = f"The body is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
    except RecursionError:
        words = "The body is nested too deeply"
    except ValueError as error:
        words = f"The body cannot be read: {printable(str(error))[:200]}"
    raise whole(None, "JSON in UTF-8", words)


def described(content: object) -> str:
    """Return in words what a body is that has another form than it should."""
    if not isinstance(content, dict):
        return show(content)
    keys = ", ".join(map(show, list(content)[:5]))
    return f"an object with the keys {keys or 'none'}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        name = twice(name for name, _ in pairs)
        raise ValueError(f"the key {show(name)} stands twice in one object")
    return found
