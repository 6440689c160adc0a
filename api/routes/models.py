"""The models in service and all that is known about them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from api.artifacts import shelf
from api.artifacts.card import as_html
from api.artifacts.served import Served
from api.dependencies import ModelName, Reader, StateNow
from api.errors import Refused
from api.marts.leaks import leaks
from api.phrases import Language
from api.schemas.models import History, LeakAudit, ModelDetail, ModelList, ModelSummary, Verdict
from api.schemas.refusals import ErrorBody, refusals
from export.artifact import Feature

router = APIRouter(prefix="/models", tags=["models"])


@router.get("", summary="The models in service")
def list_models(state: StateNow, language: Reader) -> ModelList:
    """List every model in service with its verdict."""
    served = (state.models[name] for name in sorted(state.models))
    return ModelList(models=[ModelSummary(**summary(entry, language)) for entry in served])


@router.get("/{model}", summary="One model in full", responses=refusals(ErrorBody, 404, 503))
def describe_model(model: ModelName, state: StateNow, language: Reader) -> ModelDetail:
    """Return features, metrics on both sides, parity figures and verdict."""
    served = state.find(model)
    manifest = served.manifest
    return ModelDetail.model_validate(
        summary(served, language)
        | {
            "bigquery_model": manifest.bigquery_model,
            "classes": manifest.classes,
            "features": [_feature(feature) for feature in manifest.features],
            "method": manifest.method,
            "metrics": manifest.metrics,
            "parity": manifest.parity,
            "created_at": manifest.created_at,
            "loaded_at": served.loaded_at,
            "libraries": manifest.libraries,
            "pictures": shelf.pictures_of(manifest, language),
        }
    )


@router.get(
    "/{model}/history", summary="Its newest versions", responses=refusals(ErrorBody, 404, 503)
)
def past(model: ModelName, request: Request, state: StateNow) -> History:
    """Return what the manifests of the newest versions tell; the current one is marked."""
    current = state.find(model).manifest.version
    app = request.app
    bucket = app.state.settings.cloud.bucket
    found = shelf.history(app.state.storage(), bucket, model, current)
    return History.model_validate({"versions": found})


@router.get("/{model}/leaks", summary="Its leak audit", responses=refusals(ErrorBody, 404, 503))
def audit(model: ModelName, request: Request, state: StateNow) -> LeakAudit:
    """Return how well each column alone determines what the model predicts."""
    label = state.find(model).manifest.label
    if label is None:
        raise Refused(f"'{model}' predicts no label: nothing can leak.", 404)
    columns = leaks(request.app.state.marts, label)
    return LeakAudit.model_validate({"label": label, "columns": columns})


@router.get(
    "/{model}/card",
    summary="Its model card",
    response_class=Response,
    responses={
        200: {"content": {"text/html": {"schema": {"type": "string"}}}},
        **refusals(ErrorBody, 404, 503),
    },
)
def card(model: ModelName, request: Request, state: StateNow, language: Reader) -> HTMLResponse:
    """Return the current version's card, a fragment of HTML."""
    app = request.app
    manifest = state.find(model).manifest
    text = shelf.card(app.state.storage(), app.state.settings.cloud.bucket, manifest, language)
    html = as_html(text, model, shelf.pictures_of(manifest, language))
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    return HTMLResponse(html, headers=headers)


@router.get(
    "/{model}/pictures/{name}",
    summary="A picture of its card",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **refusals(ErrorBody, 404, 503)},
)
def picture(model: ModelName, name: str, request: Request, state: StateNow) -> Response:
    """Return a picture of the current version's card."""
    app = request.app
    manifest = state.find(model).manifest
    content = shelf.picture(app.state.storage(), app.state.settings.cloud.bucket, manifest, name)
    return Response(
        content, media_type="image/png", headers={"Cache-Control": "private, max-age=60"}
    )


def _feature(feature: Feature) -> dict[str, Any]:
    number = int if feature.type == "INT64" else float
    least, most = (None if end is None else number(end) for end in (feature.min, feature.max))
    return vars(feature) | {"min": least, "max": most}


def summary(served: Served, language: Language) -> dict[str, Any]:
    """Return the fields of `ModelSummary`."""
    manifest = served.manifest
    return {
        "model": manifest.model,
        "version": manifest.version,
        "type": manifest.model_type,
        "label": manifest.label,
        "task": manifest.task,
        "published_at": served.published_at,
        "verdict": verdict(served, language),
    }


def verdict(served: Served, language: Language) -> Verdict:
    """Return a model's verdict with its sentence."""
    return Verdict(**served.verdicts[language])
