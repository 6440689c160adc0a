"""Every recorded case, over the wire, by Google's own client and the case's own SQL."""

from __future__ import annotations

import os

import pytest
from google.cloud import bigquery

from cloud.clients import bigquery_client
from tests.conformance import fidelity
from tests.conformance.cases import LEDGER, Case, compare, compare_options, load_cases
from tests.conformance.tables import load_tables
from tests.conftest import LocalCloud
from tests.emulator.ml.trees.penguins import needs_exact

DATASET = "conformance"
MEASURED: dict[int, float] = {}


@pytest.fixture(scope="module")
def client(local_cloud: LocalCloud) -> bigquery.Client:
    client = bigquery_client(local_cloud.settings)
    client.create_dataset(DATASET)
    load_tables(client, DATASET)
    return client


def _parameters():
    for case in load_cases():
        gap = LEDGER.get(case.number)
        marks = [pytest.mark.xfail(reason=gap, strict=True)] if gap else []
        if "BOOSTED_TREE" in (case.create_model_sql or "") and case.reproduced == "exact":
            marks.append(needs_exact)
        yield pytest.param(case, id=f"{case.number:03}-{case.name}", marks=marks)


@pytest.mark.parametrize("case", list(_parameters()))
def test_answers_what_bigquery_recorded(case: Case, client: bigquery.Client):
    config = bigquery.QueryJobConfig(default_dataset=f"{client.project}.{DATASET}")
    if case.create_model_sql is not None:
        client.query(case.create_model_sql, job_config=config).result()

    if case.asks_options:
        run = client.get_model(f"{DATASET}.m").training_runs[0]
        compare_options(case, run["trainingOptions"])
    else:
        rows = client.query(case.query_sql, job_config=config).result()
        MEASURED[case.number] = compare(case, [dict(row) for row in rows])


def test_the_readme_says_what_was_measured():
    cases = load_cases()
    compared = {case.number for case in cases if not case.asks_options} - set(LEDGER)
    if set(MEASURED) != compared:
        pytest.skip("not every case was run")
    table = fidelity.table(cases, MEASURED)

    if os.environ.get("WRITE_FIDELITY"):
        fidelity.write(table)
    assert fidelity.written() == table, "write it with: make fidelity"


def test_the_ledger_names_only_cases_that_exist():
    assert set(LEDGER) <= {case.number for case in load_cases()}
