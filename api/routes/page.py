"""A small page for people: the models in service and their verdicts.

Self-contained. There is no page of the OpenAPI description: FastAPI's would be loaded from
another host.
"""

from __future__ import annotations

from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.artifacts.served import Served
from api.dependencies import Reader, StateNow
from api.phrases import Language, say
from api.routes.models import verdict

router = APIRouter(tags=["page"])
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>
body{{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}}
article{{border-left:.3rem solid #b00;padding-left:1rem}}.signal{{border-color:#070}}
</style><h1>{title}</h1>
{models}
<p><a href="/openapi.json">{description}</a></p></html>"""


@router.get("/", summary="The models, for people", response_class=HTMLResponse)
def page(state: StateNow, language: Reader) -> HTMLResponse:
    """List the models in service with their verdicts, as HTML."""
    models = [_article(state.models[name], language) for name in sorted(state.models)]
    none = f'<p>{say("none", language)} <a href="/health/ready">/health/ready</a>.</p>'
    content = PAGE.format(
        language=language,
        title=say("title", language),
        models="\n".join(models) or none,
        description=say("description", language),
    )
    headers = {
        "Content-Security-Policy": POLICY,
        "Content-Language": language,
        "Vary": "Accept-Language",
    }
    return HTMLResponse(content, headers=headers)


def _article(served: Served, language: Language) -> str:
    manifest = served.manifest
    name, label = escape(manifest.model), escape(manifest.label or "–")
    return (
        f'<article class="{manifest.verdict["status"]}"><h2>{name}</h2>'
        f"<p>{say('predicts', language)} <b>{label}</b>, "
        f"{say('version', language)} {manifest.version}</p>"
        f"<p>{escape(verdict(served, language).sentence)}</p>"
        f'<p><a href="/models/{name}">{say("details", language)}</a></p></article>'
    )
