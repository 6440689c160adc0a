"""Units that each region may sell in the years to come, and what that forecast is worth."""

from __future__ import annotations

from typing import Any

from api.errors import MartsAway, NoSales
from api.marts.reader import Marts

QUERY = """
    select held_out_years, test_rows, status, reason, region, year, units, units_low, units_high
    from vendas_ml.forecast_verdict left join vendas_ml.region_forecasts on true
    order by region, year
"""
VERDICT = ("held_out_years", "test_rows", "status", "reason")
FORECAST = ("region", "year", "units", "units_low", "units_high")


def forecast(marts: Marts) -> dict[str, Any] | None:
    """Return the forecast of every region; None if dbt has made none, or it cannot be had now."""
    try:
        rows = marts.ask(QUERY).rows
    except (NoSales, MartsAway):  # sales are shown without it
        return None
    if not rows:
        return None
    years = [{name: row[name] for name in FORECAST} for row in rows if row["region"] is not None]
    return {name: rows[0][name] for name in VERDICT} | {"years": years}
