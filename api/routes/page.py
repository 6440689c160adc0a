"""The page for people, and the files that it is made of: nothing comes from another host.

Without scripts it lists the models in service with their verdicts. There is no page of the OpenAPI
description: FastAPI's would be loaded from another host.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Annotated

from fastapi import APIRouter, Header, Path
from fastapi.responses import HTMLResponse, Response

from api.artifacts.served import Served
from api.dependencies import Reader, StateNow
from api.errors import Refused
from api.phrases import Language, say
from api.routes.models import verdict
from api.schemas.refusals import ErrorBody, refusals

router = APIRouter(tags=["page"])
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KINDS = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
# Chart.js, as the locked package chartkick brings it.
LIBRARY = ("chartkick", "django/static/chartkick/Chart.bundle.js")


@dataclass(frozen=True)
class Asset:
    """A file of the page."""

    content: bytes
    zipped: bytes
    kind: str
    tag: str


@router.get("/", summary="The page, for people", response_class=HTMLResponse)
def page(state: StateNow, language: Reader) -> HTMLResponse:
    """Return the page in the reader's language, with the models in service and their verdicts."""
    models = [_article(state.models[name], language) for name in sorted(state.models)]
    none = f'<p>{say("none", language)} <a href="/health/ready">/health/ready</a>.</p>'
    content = Template((files("api") / "page" / "index.html").read_text()).substitute(
        language=language,
        title=say("title", language),
        heading=say("models", language),
        models="\n".join(models) or none,
        description=say("description", language),
    )
    headers = {
        "Content-Security-Policy": POLICY,
        "Content-Language": language,
        "Vary": "Accept-Language",
    }
    return HTMLResponse(content, headers=headers)


@router.get(
    "/assets/{name}",
    summary="A file of the page",
    response_class=Response,
    responses={
        200: {"content": {kind: {"schema": {"type": "string"}} for kind in sorted(KINDS.values())}},
        304: {"description": "It is the one that the caller has."},
        **refusals(ErrorBody, 404),
    },
)
def asset(
    name: Annotated[str, Path(examples=["main.js"])],
    accept_encoding: Annotated[str, Header()] = "",
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """Return one file of the page; callers keep it and ask whether it changed."""
    found = assets().get(name)
    if found is None:
        raise Refused(f"The page has no file '{name[:80]}'.", 404)
    headers = {"ETag": found.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if if_none_match == found.tag:
        return Response(status_code=304, headers=headers)
    if "gzip" in accept_encoding:
        headers["Content-Encoding"] = "gzip"
        return Response(found.zipped, headers=headers, media_type=found.kind)
    return Response(found.content, headers=headers, media_type=found.kind)


@cache
def assets() -> dict[str, Asset]:
    """Return the files of the page by name, read once."""
    own = (files("api") / "page").iterdir()
    found = {file.name: file.read_bytes() for file in own if file.name.endswith(tuple(KINDS))}
    found["chart.js"] = (files(LIBRARY[0]) / LIBRARY[1]).read_bytes()
    return {name: _asset(name, content) for name, content in found.items()}


def _asset(name: str, content: bytes) -> Asset:
    digest = hashlib.sha256(content).hexdigest()[:32]
    kind = KINDS[name.rsplit(".", 1)[-1]]
    return Asset(content, gzip.compress(content, mtime=0), kind, f'"{digest}"')


def _article(served: Served, language: Language) -> str:
    manifest = served.manifest
    name, label = escape(manifest.model), escape(manifest.label or "–")
    return (
        f'<article class="{manifest.verdict["status"]}"><h3>{name}</h3>'
        f"<p>{say('predicts', language)} <b>{label}</b>, "
        f"{say('version', language)} {manifest.version}</p>"
        f"<p>{escape(verdict(served, language).sentence)}</p>"
        f'<p><a href="/models/{name}">{say("details", language)}</a></p></article>'
    )
