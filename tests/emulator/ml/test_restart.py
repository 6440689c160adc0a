"""Models outlive the emulator; a training that is killed leaves the model that was there."""

import time
from pathlib import Path

import pytest
from google.cloud.bigquery import QueryJobConfig

from cloud.clients import bigquery_client
from tests.conftest import attach, start_cloud
from tests.emulator.ml.families import FAMILIES, REPLACE, answers, connected, create

DATASET = "kept"
ROWS, MANY_ROWS = 300, 4_000_000


@pytest.mark.parametrize("killed", [pytest.param("line", marks=pytest.mark.soak), "trees"])
def test_models_survive_a_restart_and_a_killed_replacement(tmp_path: Path, killed: str):
    first = start_cloud(tmp_path)
    try:
        client = connected(bigquery_client(attach(tmp_path, first).settings), DATASET)
        for family in FAMILIES:
            client.query(create(family, family, ROWS)).result()
        before = {family: answers(client, family, family) for family in FAMILIES}
        training = client.query(create(killed, killed, MANY_ROWS, REPLACE))
        fresh = client.query(create("fresh", killed, MANY_ROWS))
        time.sleep(0.4)
        assert [client.get_job(job.job_id).state for job in (training, fresh)] == ["RUNNING"] * 2
    finally:
        first.kill()
        first.wait(timeout=30)

    (tmp_path / "cloud.json").unlink(missing_ok=True)
    second = start_cloud(tmp_path)
    try:
        client = bigquery_client(attach(tmp_path, second).settings)
        client.default_query_job_config = QueryJobConfig(
            default_dataset=f"{client.project}.{DATASET}"
        )

        assert {family: answers(client, family, family) for family in FAMILIES} == before
        assert {model.model_id for model in client.list_models(DATASET)} == {*FAMILIES}
    finally:
        second.terminate()
        second.wait(timeout=30)
