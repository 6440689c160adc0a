"""Reads recorded cases and compares what a query returned with what BigQuery had returned.

Rows are matched by the columns that both sides have and the case expects; a case's rows come
in any order, so the expected columns that are no FLOAT64 pair them, or else the position.

| type | equal when |
|---|---|
| number | within the case's own `tolerance` (from the digits that were recorded) |
| text, boolean, null | equal |
| array | equal element by element; of structs in any order; NULL and an empty one are equal |
| `{"columns": [...]}` | the result has these column names, in any order; `tag_number`, the key \
that was the recording client's index, may be there too |
| trainingOptions | equal; text without regard to case |
| components of PCA | up to the sign of each, which is arbitrary |
| clusters of k-means | up to the order of centroids, which is arbitrary |
"""

from __future__ import annotations

import datetime
import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEX = "tag_number"
HERE = Path(__file__).parent
Rows = list[dict[str, Any]]

# Known gaps, strict: a case that begins to hold fails the suite until its line here goes.
LEDGER = {
    9: "category weights of a one-hot design are not unique: BigQuery's choice is arbitrary and "
    "was recorded from one run; only differences within a column can be compared",
    60: "the manual's example is the sample's deviation; BigQuery's recorded answers (38, 40) are "
    "the population's, so that the example is stale",
    77: "ML.TF_IDF is refused by name",
}

# Rows from which k-means reaches the recorded centroids; BigQuery drew its own at random.
STARTS = (
    "(culmen_length_mm, flipper_length_mm, body_mass_g) IN "
    "((42.8, 195, 4250), (48.1, 199, 3325), (41.1, 188, 4100))"
)
FROM_STARTS = (
    "CREATE OR REPLACE MODEL m OPTIONS(model_type='kmeans', num_clusters=3, "
    "kmeans_init_method='custom', kmeans_init_col='start') AS SELECT culmen_length_mm, "
    f"culmen_depth_mm, flipper_length_mm, sex, COALESCE({STARTS}, FALSE) AS start FROM penguins"
)
# What a case only describes, written out.
RESTATED = {
    75: "SELECT v, ML.LP_NORM(v, 2) AS norm FROM (SELECT [4.1, 0.5, 1.0] AS v UNION ALL "
    "SELECT [3.0, 0.0, 2.5]) ORDER BY norm DESC",
    76: "SELECT ML.DISTANCE([4.1, 0.5, 1.0], [3.0, 0.0, 2.5], 'EUCLIDEAN') AS distance",
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
    create_model_sql: str | None
    query_sql: str
    expected: Rows
    rtol: float
    atol: float
    reproduced: str

    @property
    def asks_options(self) -> bool:
        """Whether the model's options are asked for, not a query's result."""
        return self.query_sql.startswith("models.get")


def load_cases() -> list[Case]:
    """Return all cases by number."""
    cases = []
    for path in sorted((HERE / "cases").glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        number, create = data["id"], data["create_model_sql"]
        cases.append(
            Case(
                number,
                data["name"],
                FROM_STARTS if create and "kmeans" in create else create,
                RESTATED.get(number, data["query_sql"]),
                data["expected"],
                data["tolerance"]["rtol"],
                data["tolerance"]["atol"],
                data["reproduced"],
            )
        )
    return cases


def compare(case: Case, rows: Rows) -> float:
    """Assert that rows are those that were recorded; return the largest relative difference."""
    if "columns" in case.expected[0]:
        assert set(rows[0]) - {INDEX} >= set(case.expected[0]["columns"]) - {INDEX}
        return 0.0
    comparisons = [Comparison(case) for _ in _variants(rows)]
    faults = [one.fault(variant) for one, variant in zip(comparisons, _variants(rows), strict=True)]
    assert None in faults, faults[0]
    return comparisons[faults.index(None)].worst


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


class Comparison:
    """Compares rows with a case and keeps the largest relative difference of a number."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.worst = 0.0

    def fault(self, rows: Rows) -> str | None:
        """Return the first difference between rows and what was recorded."""
        if len(rows) != len(self.case.expected):
            return f"{len(rows)} rows, BigQuery returned {len(self.case.expected)}"
        keys = _keys(self.case.expected, rows)
        by_key = {tuple(_plain(row[key]) for key in keys): row for row in rows}
        for position, expected in enumerate(self.case.expected):
            wanted = tuple(expected[key] for key in keys)
            actual = by_key.get(wanted) if keys else rows[position]
            if actual is None:
                return f"{self.case.name}: no row {dict(zip(keys, wanted, strict=True))}"
            for column, value in expected.items():
                if column not in actual:
                    return f"{self.case.name}: no column {column}"
                if not self._equal(value, _plain(actual[column])):
                    found = actual[column]
                    return f"{self.case.name}: {column} is {found!r}, BigQuery returned {value!r}"
        return None

    def _equal(self, expected: Any, actual: Any) -> bool:
        if isinstance(expected, list):
            actual = actual or []
            if expected and isinstance(expected[0], dict):
                first = next(iter(expected[0]))
                expected, actual = (
                    sorted(one, key=lambda e: e[first]) for one in (expected, actual)
                )
            pairs = zip(expected, actual, strict=False)
            return len(expected) == len(actual) and all(self._equal(*pair) for pair in pairs)
        if isinstance(expected, dict):
            return expected.keys() == actual.keys() and all(
                self._equal(value, actual[key]) for key, value in expected.items()
            )
        if isinstance(expected, int | float) and not isinstance(expected, bool):
            if actual is None:
                return False
            if actual != expected:
                self.worst = max(self.worst, abs(actual - expected) / (abs(expected) or 1.0))
            return math.isclose(actual, expected, rel_tol=self.case.rtol, abs_tol=self.case.atol)
        return bool(actual == expected)


def _keys(expected: Rows, rows: Rows) -> list[str]:
    """Return columns whose values tell the expected rows apart; none to pair by position."""
    exact = [
        name
        for name in expected[0]
        if name in rows[0] and all(type(row[name]) in (str, int) for row in expected)
    ]
    for count in range(1, len(exact) + 1):
        for names in itertools.combinations(exact, count):
            if len({tuple(row[name] for name in names) for row in expected}) == len(expected):
                return list(names)
    return []


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return value


def _variants(rows: Rows) -> Iterator[Rows]:
    """Yield rows as they are, and as they would be by other arbitrary choices."""
    yield rows
    columns = set(rows[0]) if rows else set()
    signed = sorted(name for name in columns if name.startswith("principal_component_"))
    if signed and "principal_component_id" not in columns:
        for signs in itertools.product((1, -1), repeat=len(signed)):
            by_name = dict(zip(signed, signs, strict=True))
            yield [{k: v * by_name.get(k, 1) if k in by_name else v for k, v in row.items()}
                   for row in rows]  # fmt: skip
    elif {"principal_component_id", "numerical_value"} <= columns:
        yield [_negated(row) for row in rows]
    ids = {"centroid_id", "CENTROID_ID"} & columns
    for name in ids:
        for order in itertools.permutations((1, 2, 3)):
            yield [{**row, name: order[row[name] - 1]} for row in rows]


def _negated(row: dict[str, Any]) -> dict[str, Any]:
    value = row["numerical_value"]
    listed = [{**one, "value": -one["value"]} for one in row["categorical_value"]]
    return {**row, "numerical_value": value and -value, "categorical_value": listed}
