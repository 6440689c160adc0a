"""Whether the process runs, and whether it can answer."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.artifacts.state import State
from api.dependencies import StateNow
from api.schemas.health import Alive, Readiness, Trouble

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", summary="The process runs")
def live() -> Alive:
    """Answer as long as the process runs."""
    return Alive()


@router.get(
    "/ready",
    summary="A model answers",
    responses={503: {"model": Readiness, "description": "No model is in service."}},
)
def ready(state: StateNow, response: Response) -> Readiness:
    """Answer 200 while at least one model is in service, with everything that is wrong."""
    if not state.models:
        response.status_code = 503
    return Readiness(
        status="ready" if state.models else "not_ready",
        models={name: state.models[name].manifest.version for name in sorted(state.models)},
        problems=_problems(state),
        storage=_storage(state),
    )


def _problems(state: State) -> list[Trouble]:
    return [
        Trouble(
            model=failure.model,
            version=failure.version,
            reason=failure.reason,
            since=failure.since,
            attempts=failure.attempts,
            serving=served.manifest.version if (served := state.models.get(name)) else None,
        )
        for name, failure in sorted(state.failures.items())
    ]


def _storage(state: State) -> str | None:
    if state.storage_problem or state.models:
        return state.storage_problem
    if not state.listed:
        return "The bucket has not been read yet; the API has just started."
    return None if state.failures else "The bucket holds no published model; publish one."
