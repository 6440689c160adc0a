"""The recorded cases of BigQuery ML, on both sides: does Google still answer so, and do we?"""

from __future__ import annotations

from collections.abc import Iterator

from google.cloud import bigquery

from tests.conformance.cases import LEDGER, Case, compare, compare_options, load_cases
from tests.conformance.tables import load_tables
from tests.verification.findings import DIFFERS, GAP, SAME, Finding
from tests.verification.sides import Side


def compare_recorded_cases(google: Side, local: Side) -> Iterator[Finding]:
    """Run every case; one of the ledger may differ on the local side."""
    for side in (google, local):
        load_tables(side.bigquery, side.dataset)
    for case in load_cases():
        told = [_outcome(side, case) for side in (google, local)]
        status = SAME if told == ["", ""] else DIFFERS
        if told[1] and not told[0] and case.number in LEDGER:
            status = GAP
        yield Finding("recorded cases", f"{case.number:03} {case.name}", status, *told)


def _outcome(side: Side, case: Case) -> str:
    """Return nothing if the case holds, or what is wrong."""
    default = f"{side.bigquery.project}.{side.dataset}"
    config = bigquery.QueryJobConfig(default_dataset=default)
    try:
        if case.create_model_sql is not None:
            side.bigquery.query(case.create_model_sql, job_config=config).result()
        if case.asks_options:
            run = side.bigquery.get_model(f"{side.dataset}.m").training_runs[0]
            compare_options(case, run["trainingOptions"])
        else:
            rows = side.bigquery.query(case.query_sql, job_config=config).result()
            compare(case, [dict(row) for row in rows])
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    return ""
