"""Reads recorded cases and compares what a query returned with what BigQuery had returned.

Rows are matched by the columns that both sides have and the case expects; a case's rows come
in any order, so the first expected column that is no number, or else the position, pairs them.

| type | equal when |
|---|---|
| number | within the case's own `tolerance` (from the digits that were recorded) |
| text, boolean, null | equal |
| `{"columns": [...]}` | the result has exactly these column names, in any order; `tag_number`, \
the key that was the recording client's index and so no column of its result, may be there too |
| trainingOptions | equal; text without regard to case |
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEX = "tag_number"
HERE = Path(__file__).parent

# Known gaps, strict: a case that begins to hold fails the suite until its line here goes.
LEDGER = {
    9: "category weights of a one-hot design are not unique: BigQuery's choice is arbitrary and "
    "was recorded from one run; only differences within a column can be compared",
}

REST_OPTIONS = {
    "optimize_strategy": "optimizationStrategy",
    "fit_intercept": "fitIntercept",
    "calculate_p_values": "calculatePValues",
    "enable_global_explain": "enableGlobalExplain",
    "l2_reg": "l2Regularization",
    "learning_rate_strategy": "learnRateStrategy",
    "max_iterations": "maxIterations",
    "min_rel_progress": "minRelativeProgress",
}


@dataclass(frozen=True)
class Case:
    """One recorded case: statements, and what BigQuery answered."""

    number: int
    name: str
    create_model_sql: str
    query_sql: str
    expected: list[dict[str, Any]]
    rtol: float
    atol: float

    @property
    def asks_options(self) -> bool:
        """Whether the model's options are asked for, not a query's result."""
        return self.query_sql.startswith("models.get")


def load_cases() -> list[Case]:
    """Return all cases by number."""
    cases = []
    for path in sorted((HERE / "cases").glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        tolerance = data["tolerance"]
        cases.append(
            Case(
                data["id"],
                data["name"],
                data["create_model_sql"],
                data["query_sql"],
                data["expected"],
                tolerance["rtol"],
                tolerance["atol"],
            )
        )
    return cases


def compare(case: Case, rows: list[dict[str, Any]]) -> None:
    """Assert that rows are those that were recorded."""
    if "columns" in case.expected[0]:
        assert set(rows[0]) - {INDEX} == set(case.expected[0]["columns"])
        return
    assert len(rows) == len(case.expected)
    key = _key(case.expected)
    by_key = {row[key]: row for row in rows} if key else {}
    for position, expected in enumerate(case.expected):
        actual = by_key[expected[key]] if key else rows[position]
        for column, value in expected.items():
            assert _equal(case, value, actual[column]), (
                f"{case.name}: {column} is {actual[column]!r}, BigQuery returned {value!r}"
            )


def compare_options(case: Case, options: dict[str, Any]) -> None:
    """Assert that a training run's options are those that were recorded."""
    for name, value in case.expected[0].items():
        actual = options[REST_OPTIONS[name]]
        if isinstance(value, str):
            assert actual.upper() == value.upper(), name
        elif isinstance(value, bool):
            assert actual is value, name
        else:
            assert float(actual) == value, name


def _key(expected: list[dict[str, Any]]) -> str | None:
    texts = [name for name, value in expected[0].items() if isinstance(value, str)]
    whole = [name for name, value in expected[0].items() if type(value) is int]
    return next(iter(texts + whole), None)


def _equal(case: Case, expected: Any, actual: Any) -> bool:
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        return math.isclose(actual, expected, rel_tol=case.rtol, abs_tol=case.atol)
    return bool(actual == expected)
