"""A service that does nothing: an endpoint of FastAPI that reads what our own door takes."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Row(BaseModel):
    """The input that our own models have."""

    model: str | None
    region: str | None
    color: str | None
    fuel_type: str | None
    transmission: str | None
    year: int | None
    engine_size_l: float | None
    mileage_km: float | None


class Rows(BaseModel):
    """Rows as our own door takes them."""

    rows: list[Row]


class Value(BaseModel):
    """One number."""

    value: float


@app.post("/empty")
async def empty(rows: Rows) -> Value:
    """Do nothing."""
    return Value(value=1.0)
