"""What FastAPI's OpenAPI document lacks: who may ask, and refusals as each door writes them."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from pydantic import BaseModel

from api.doors.addresses import MLFLOW, OPEN_INFERENCE, OWN, VERTEX, Addresses
from api.doors.door import JSON
from api.protocols import MLflowError, OpenInferenceError, VertexError
from api.schemas.refusals import ErrorBody
from api.settings import Settings

WAYS: dict[str, dict[str, str]] = {
    "ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "Where API_KEYS_FILE is set; `python -m api new-key NAME` makes one.",
    },
    "GoogleToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Where GOOGLE_AUDIENCE is set: an ID token of whom GOOGLE_CALLERS lists.",
    },
    "IdentityAwareProxy": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Goog-IAP-JWT-Assertion",
        "description": "Where IAP_AUDIENCE is set; the proxy adds it.",
    },
}
BODIES: dict[str, type[BaseModel]] = {
    OWN.name: ErrorBody,
    OPEN_INFERENCE.name: OpenInferenceError,
    MLFLOW.name: MLflowError,
    VERTEX.name: VertexError,
}
NEVER_SENT = ("HTTPValidationError", "ValidationError")
CLOSED = {
    "401": ("Nobody that is known asks.", "WWW-Authenticate"),
    "403": ("Who asks is not let in, or nobody can be known here.", None),
}
LIMITED = {
    "429": ("This caller asks too often.", "Retry-After"),
    "503": ("Too much is being answered.", "Retry-After"),
}


def complete(
    document: dict[str, Any], settings: Settings, addresses: Addresses, open_paths: Container[str]
) -> None:
    """Put into an OpenAPI document who may ask, and how each door refuses.

    Parameters
    ----------
    document : dict
        As FastAPI makes it.
    settings : Settings
        Which ways are open. None are: then callers may say who they are and need not.
    addresses : Addresses
        The doors, which have their own forms of refusals.
    open_paths : container of str
        What is answered to everybody.
    """
    ways = (settings.api_keys_file, settings.google_audience, settings.iap_audience)
    required = [name for name, way in zip(WAYS, ways, strict=True) if way]
    optional: list[dict[str, list[str]]] = [] if required else [{}]
    document["components"]["securitySchemes"] = WAYS
    document["security"] = [*optional, *({name: []} for name in required or WAYS)]
    for name in NEVER_SENT:
        document["components"]["schemas"].pop(name, None)
    for path, operations in document["paths"].items():
        body = BODIES[addresses.door(path).name]
        is_open = path in open_paths
        for operation in operations.values():
            if is_open:
                operation["security"] = []
            said = LIMITED if is_open else CLOSED | LIMITED
            answers = operation["responses"]
            answers |= {
                status: _refusal(words, header, body)
                for status, (words, header) in said.items()
                if status not in answers
            }
            _mend(answers)


def _mend(answers: dict[str, Any]) -> None:
    """Take FastAPI's own 422 out, and name the media type of refusals, which is always JSON."""
    for status, answer in list(answers.items()):
        content = answer.get("content", {})
        if NEVER_SENT[0] in str(content):
            del answers[status]
        elif status >= "400" and content:
            answer["content"] = {JSON: next(iter(content.values()))}


def _refusal(words: str, header: str | None, body: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{body.__name__}"}
    found = {"description": words, "content": {JSON: {"schema": schema}}}
    return found | ({"headers": {header: {"schema": {"type": "string"}}}} if header else {})
