"""Jobs that take long: they run on while their client waits, and stop when cancelled."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import pytest
from google.api_core.exceptions import BadRequest, Conflict, GoogleAPICallError, NotFound
from google.cloud.bigquery import Client, QueryJob, QueryJobConfig

from cloud.clients import bigquery_client
from emulator.bigquery import STOP_SECONDS
from tests.conftest import LocalCloud, attach, start_cloud

DATASET = "running"
# Many seconds of DuckDB's time, in one statement.
SLOW = (
    "select sum(mod(a * b, 7)) as n from unnest(generate_array(1, 200000)) as a, "
    "unnest(generate_array(1, 100000)) as b"
)
# A second or two.
WHILE = (
    "select count(*) as n from unnest(generate_array(1, 10000)) as a, "
    "unnest(generate_array(1, 20000)) as b where mod(a + b, 7) = 0"
)
EXPECTED = 28571428
SHORT_SECONDS = 20.0


@pytest.fixture(scope="module")
def client(local_cloud: LocalCloud) -> Client:
    client = bigquery_client(local_cloud.settings)
    client.create_dataset(DATASET)
    return client


def wait_for(client: Client, job: QueryJob, state: str) -> None:
    deadline = time.monotonic() + SHORT_SECONDS
    while client.get_job(job.job_id).state != state:
        assert time.monotonic() < deadline, f"the job did not become {state}"
        time.sleep(0.05)


def is_cancelled(job: QueryJob) -> None:
    with pytest.raises(GoogleAPICallError, match="User requested cancellation"):
        job.result(timeout=SHORT_SECONDS)


def test_a_long_query_is_running_until_it_is_cancelled(client: Client) -> None:
    job = client.query(SLOW)

    assert job.state == "RUNNING"
    assert job.job_id in [one.job_id for one in client.list_jobs(state_filter="running")]
    assert job.cancel()
    is_cancelled(job)
    done = client.get_job(job.job_id)
    assert done.state == "DONE"
    assert done.error_result["reason"] == "stopped"
    assert job.job_id not in [one.job_id for one in client.list_jobs(state_filter="running")]


def test_a_query_that_takes_a_while_is_waited_for(client: Client) -> None:
    job = client.query(WHILE)

    assert job.state == "RUNNING"
    assert [row.n for row in job.result()] == [EXPECTED]
    assert job.ended > job.started


def test_a_dry_run_is_answered_when_it_is_done(client: Client) -> None:
    training = (
        f"create or replace model {DATASET}.dry options(model_type = 'kmeans') as "
        "select n as x from unnest(generate_array(1, 100)) as n"
    )
    client.query(training).result()
    source = f"(select count(*) as x from ({WHILE}))"
    config = QueryJobConfig(dry_run=True)
    job = client.query(
        f"select * from ml.predict(model {DATASET}.dry, {source})", job_config=config
    )

    assert (job.state, job.statement_type) == ("DONE", "SELECT")
    assert next(field.name for field in job.schema) == "CENTROID_ID"


def test_query_and_wait_outlasts_its_own_time_limit(client: Client) -> None:
    url = f"{client._connection.API_BASE_URL}/bigquery/v2/projects/{client.project}/queries"
    body = {"query": WHILE, "useLegacySql": False, "timeoutMs": 1}
    answer = client._http.post(url, json=body).json()

    assert answer["jobComplete"] is False
    job = client.get_job(answer["jobReference"]["jobId"])
    assert job.state == "RUNNING"
    assert [row.n for row in job.result()] == [EXPECTED]
    assert [row.n for row in client.query_and_wait(WHILE)] == [EXPECTED]


def test_a_late_error_is_the_statement_s_own(client: Client) -> None:
    job = client.query(f"{WHILE}; select error('too late')")

    assert job.state == "RUNNING"
    with pytest.raises(BadRequest, match="too late"):
        job.result()
    assert client.get_job(job.job_id).error_result["reason"] == "invalidQuery"


def test_a_cancelled_table_is_not_there_and_a_replaced_one_is_as_it_was(client: Client) -> None:
    client.query(f"create or replace table {DATASET}.kept as select 1 as n").result()
    for statement in (f"create table {DATASET}.never", f"create or replace table {DATASET}.kept"):
        job = client.query(f"{statement} as {SLOW}")
        wait_for(client, job, "RUNNING")
        job.cancel()
        is_cancelled(job)

    assert [row.n for row in client.query(f"select n from {DATASET}.kept").result()] == [1]
    with pytest.raises(NotFound):
        client.get_table(f"{DATASET}.never")


def test_a_cancelled_script_runs_no_further_statement(client: Client) -> None:
    script = f"""
    create or replace table {DATASET}.steps as select 1 as step;
    begin
      execute immediate "{SLOW}";
    exception when error then
      insert into {DATASET}.steps values (2);
    end;
    insert into {DATASET}.steps values (3);
    """
    job = client.query(script)
    wait_for(client, job, "RUNNING")
    time.sleep(0.5)
    job.cancel()
    is_cancelled(job)

    assert [row.step for row in client.query(f"select step from {DATASET}.steps").result()] == [1]


def test_a_cancelled_job_s_neighbours_finish(client: Client) -> None:
    cancelled = client.query(SLOW)
    others = [client.query(WHILE) for _ in range(3)]
    cancelled.cancel()

    assert [row.n for job in others for row in job.result()] == [EXPECTED] * 3
    is_cancelled(cancelled)


def test_an_endless_loop_is_cancelled(client: Client) -> None:
    job = client.query("declare n int64 default 0; while true do set n = n + 1; end while;")
    wait_for(client, job, "RUNNING")
    job.cancel()

    is_cancelled(job)


def test_cancelling_a_job_that_is_done_changes_nothing(client: Client) -> None:
    job = client.query("select 1 as n")
    job.result()

    job.cancel()

    assert client.get_job(job.job_id).error_result is None
    with pytest.raises(NotFound, match="no_such_job"):
        client.cancel_job("no_such_job")


def test_a_job_s_name_is_used_once(client: Client) -> None:
    name = uuid.uuid4().hex
    client.query("select 1", job_id=name, job_retry=None).result()

    with pytest.raises(Conflict, match=f"Already Exists: Job .*{name}"):
        client.query("select 2", job_id=name, job_retry=None)


def test_a_stopped_cloud_waits_for_no_query(tmp_path: Path) -> None:
    process = start_cloud(tmp_path)
    try:
        client = bigquery_client(attach(tmp_path, process).settings)
        job = client.query(SLOW)
        wait_for(client, job, "RUNNING")
        asked = time.monotonic()
        process.terminate()
        process.wait(timeout=30)
    finally:
        process.kill()

    assert time.monotonic() - asked < STOP_SECONDS
