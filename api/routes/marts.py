"""Sales and their quality, for the page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api.marts.dashboard import Filters, dashboard
from api.marts.quality import quality
from api.schemas.marts import Dashboard, Quality
from api.schemas.refusals import ErrorBody, refusals

router = APIRouter(tags=["marts"])
Text = Annotated[str | None, Query(max_length=200)]
Year = Annotated[int | None, Query(ge=0, le=9999)]


@router.get("/dashboard", summary="Units and revenue", responses=refusals(ErrorBody, 404, 422, 503))
def sales(
    request: Request,
    region: Text = None,
    model: Text = None,
    fuel_type: Text = None,
    first_year: Year = None,
    last_year: Year = None,
) -> Dashboard:
    """Return sales by year, region, model and fuel, as the filters leave them."""
    filters = Filters(region, model, fuel_type, first_year, last_year)
    found: dict[str, Any] = dashboard(request.app.state.marts, filters)
    return Dashboard.model_validate(found)


@router.get(
    "/quality", summary="What became of every line", responses=refusals(ErrorBody, 404, 503)
)
def lines(request: Request) -> Quality:
    """Return reports, reasons for rejection, rejected records and the last run."""
    app = request.app
    bucket = app.state.settings.cloud.bucket
    return Quality.model_validate(quality(app.state.marts, app.state.storage(), bucket))
