"""jobs.query: a failed query is an HTTP error, as on Google Cloud.

bqemulator answers 200 with the errors beside an empty result; Google's client then takes
the result for granted.
"""

from __future__ import annotations

from typing import Annotated, Any

from bqemulator.api.dependencies import AppContext, get_caller, get_context
from bqemulator.api.routes import jobs as theirs
from bqemulator.row_access.identity import CallerIdentity
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from emulator import jobs

router = APIRouter(prefix="/bigquery/v2", tags=["jobs"])

STATUS = {"notFound": 404, "duplicate": 409, "accessDenied": 403}


@router.post("/projects/{project_id}/queries", response_model=None)
async def query(
    project_id: str,
    request: Request,
    context: Annotated[AppContext, Depends(get_context)],
    caller: Annotated[CallerIdentity, Depends(get_caller)],
) -> Response | dict[str, Any]:
    """Run a query and return its first page, or its error."""
    body = await request.json()
    jobs.use_default_dataset(body.get("defaultDataset"), project_id)
    answer: dict[str, Any] = await theirs.query(project_id, request, context, caller)
    errors = answer.get("errors")
    if not errors:
        answer["jobReference"].setdefault("location", "US")
        return answer
    code = STATUS.get(errors[0]["reason"], 400)
    return JSONResponse(
        status_code=code,
        content={"error": {"code": code, "message": errors[0]["message"], "errors": errors}},
    )
