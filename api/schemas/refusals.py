"""Why a request was not answered."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ProblemOut(BaseModel):
    """One thing wrong with the rows of a request."""

    row: int | None = Field(description="Position in `rows`, from 0; null: the body as a whole.")
    column: str | None
    value: str | None = Field(description="What was sent, shortened.")
    expected: str
    message: str


class ErrorBody(BaseModel):
    """Why a request was not answered."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "detail": "rows[0].year is 'abc'; expected a whole number of 64 bits or null.",
                    "problems": [
                        {
                            "row": 0,
                            "column": "year",
                            "value": "'abc'",
                            "expected": "a whole number of 64 bits or null",
                            "message": "rows[0].year is 'abc'; expected a whole number of 64 bits "
                            "or null.",
                        }
                    ],
                }
            ]
        }
    )

    detail: str
    problems: list[ProblemOut] = []


def refusals(body: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the responses of a route for OpenAPI: these statuses with this body."""
    return {status: {"model": body} for status in statuses}
