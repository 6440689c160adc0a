"""What the page asks for goes over the wire so."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Source(BaseModel):
    """How old the data are."""

    asked_at: str = Field(description="When BigQuery said this, UTC; answers are kept a minute.")
    bigquery_away: bool = Field(description="BigQuery does not answer now: this is its last word.")
    newest_report_at: str | None = Field(description="When a run saw the newest report, UTC.")
    reports: int


class Figures(BaseModel):
    """Sales of one group."""

    value: str = Field(description="Of the group's column; empty for the total.")
    year: int | None
    records: int
    units: int
    revenue_usd: float
    price_usd: float | None = Field(description="Mean price; null without sales.")


class Groups(BaseModel):
    """The same sales by each column."""

    year: list[Figures]
    region: list[Figures]
    model: list[Figures]
    fuel_type: list[Figures]
    region_year: list[Figures]


class Choices(BaseModel):
    """What can be chosen in each filter."""

    year: list[str]
    region: list[str]
    model: list[str]
    fuel_type: list[str]


class ForecastYear(BaseModel):
    """Units that a region may sell in a year."""

    region: str
    year: int
    units: float
    units_low: float = Field(description="Lower end of the 95% interval.")
    units_high: float = Field(description="Upper end of the 95% interval.")


class Forecast(BaseModel):
    """Units of the years to come, of all models and fuels: no filter touches them."""

    held_out_years: int = Field(description="Last years that judge it, without being seen.")
    test_rows: int = Field(description="Years of regions among them; 0 without a forecast.")
    status: str = Field(description="signal if it is better than the mean of the years before.")
    reason: str
    years: list[ForecastYear]


class Dashboard(BaseModel):
    """Sales as the filters leave them."""

    total: Figures
    groups: Groups
    choices: Choices
    forecast: Forecast | None = Field(description="Null if there is none, or not now.")
    source: Source


class Report(BaseModel):
    """Where the lines of a report went: clean, rejected and duplicates add up to its lines."""

    uri: str
    lines: int | None
    clean: int
    flagged: int
    rejected: int
    duplicates: int
    seen_at: str | None


class Reason(BaseModel):
    """How many records were rejected for a reason; a record may have several."""

    reason: str
    records: int


class Rejected(BaseModel):
    """One record that was rejected, with all its reasons."""

    uri: str
    record_number: int | None
    reasons: list[str]


class LastRun(BaseModel):
    """The newest run of the pipeline."""

    id: str
    status: str = Field(description="running, ok, failed, stopped or died.")
    trigger: str
    finished_at: str | None
    seconds: float | None
    tests: int | None = Field(description="dbt's tests that ran; null if it did not come so far.")
    warnings: list[str]
    errors: list[str]


class Quality(BaseModel):
    """What became of every line."""

    reports: list[Report]
    reasons: list[Reason]
    rejected: list[Rejected] = Field(description="The first hundred.")
    last_run: LastRun | None
    source: Source
