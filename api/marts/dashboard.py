"""Units and revenue by year, region, model and fuel, of the sales that the filters leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.marts.forecast import forecast
from api.marts.reader import Answer, Marts, Parameters

DIMENSIONS = ("year", "region", "model", "fuel_type")
TEXTS = ("region", "model", "fuel_type")
TOTAL = """
    select '{name}' as dimension, {value} as value, {year} as year, count(*) as records,
        sum(sales_volume) as units, sum(revenue_usd) as revenue_usd, avg(price_usd) as price_usd
    from filtered group by 1, 2, 3
"""
GROUPS = {
    "total": ("''", "cast(null as int64)"),
    "year": ("cast(year as string)", "year"),
    "region": ("region", "cast(null as int64)"),
    "model": ("model", "cast(null as int64)"),
    "fuel_type": ("fuel_type", "cast(null as int64)"),
    "region_year": ("region", "year"),
}
FILTERED = """
    with filtered as (
        select * from vendas_marts.sales
        where (@region is null or region = @region) and (@model is null or model = @model)
            and (@fuel_type is null or fuel_type = @fuel_type)
            and year between @first_year and @last_year
    )
"""
CHOICES = """
    select distinct dimension, value from (
        select 'region' as dimension, region as value from vendas_marts.sales union all
        select 'model', model from vendas_marts.sales union all
        select 'fuel_type', fuel_type from vendas_marts.sales union all
        select 'year', cast(year as string) from vendas_marts.sales
    ) order by 1, 2
"""
NEWEST = "select max(first_seen_at) as seen, count(*) as reports from vendas_marts.report_files"
YEARS = (0, 9999)


@dataclass(frozen=True)
class Filters:
    """What is looked at; None is everything."""

    region: str | None = None
    model: str | None = None
    fuel_type: str | None = None
    first_year: int | None = None
    last_year: int | None = None

    @property
    def parameters(self) -> Parameters:
        """As BigQuery takes them."""
        texts = tuple((name, "STRING", getattr(self, name)) for name in TEXTS)
        first = YEARS[0] if self.first_year is None else self.first_year
        last = YEARS[1] if self.last_year is None else self.last_year
        return (*texts, ("first_year", "INT64", first), ("last_year", "INT64", last))


def dashboard(marts: Marts, filters: Filters) -> dict[str, Any]:
    """Return totals, groups, choices, the forecast and how old the data are.

    Raises
    ------
    MartsAway
        If BigQuery does not answer and never did.
    """
    answer = marts.ask(query(), filters.parameters)
    choices, newest = marts.ask(CHOICES), marts.ask(NEWEST)
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in GROUPS}
    for row in answer.rows:
        groups[row["dimension"]].append(_figures(row))
    total = groups.pop("total")
    return {
        "total": total[0] if total else _figures({}),
        "groups": {name: sorted(rows, key=_order) for name, rows in groups.items()},
        "choices": {
            name: [row["value"] for row in choices.rows if row["dimension"] == name]
            for name in DIMENSIONS
        },
        "forecast": forecast(marts),
        "source": source([answer, choices, newest], newest),
    }


def query() -> str:
    """Return the one query of all groups."""
    totals = (
        TOTAL.format(name=name, value=value, year=year) for name, (value, year) in GROUPS.items()
    )
    return FILTERED + " union all ".join(totals)


def source(answers: list[Answer], newest: Answer) -> dict[str, Any]:
    """Return how old the data are, and whether BigQuery is away."""
    row = newest.rows[0] if newest.rows else {}
    seen = row.get("seen")
    return {
        "asked_at": min(answer.asked_at for answer in answers),
        "bigquery_away": any(answer.old for answer in answers),
        "newest_report_at": None if seen is None else seen.isoformat(timespec="seconds"),
        "reports": int(row.get("reports") or 0),
    }


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "value": str(row.get("value") or ""),
        "year": row.get("year"),
        "records": int(row.get("records") or 0),
        "units": int(row.get("units") or 0),
        "revenue_usd": float(row.get("revenue_usd") or 0),
        "price_usd": None if row.get("price_usd") is None else float(row["price_usd"]),
    }


def _order(row: dict[str, Any]) -> tuple[int, str]:
    return (row["year"] or 0, row["value"])
