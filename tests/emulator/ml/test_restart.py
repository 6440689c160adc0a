"""Models outlive the emulator; a training that is killed leaves the model that was there."""

import threading
import time
from contextlib import suppress
from pathlib import Path

import requests

from cloud.clients import bigquery_client
from tests.conftest import attach, start_cloud

SMALL = "options(model_type = 'linear_reg', input_label_cols = ['y']) as select"
ROWS = "x, 2.0 * x + 1 as y from unnest(generate_array(1, 300)) as x"
MANY_ROWS = "mod(x, 997) as x, x * 0.5 as y from unnest(generate_array(1, 4000000)) as x"


def test_a_model_survives_a_restart_and_a_killed_replacement(tmp_path: Path):
    first = start_cloud(tmp_path)
    try:
        client = bigquery_client(attach(tmp_path, first).settings)
        client.create_dataset("kept")
        client.query(f"create model kept.m {SMALL} {ROWS}").result()
        before = list(client.query("select * from ml.weights(model kept.m)").result())
        training = threading.Thread(
            target=_send, args=(client, f"create or replace model kept.m {SMALL} {MANY_ROWS}")
        )
        training.start()
        time.sleep(0.4)
        assert training.is_alive()
    finally:
        first.kill()
        first.wait(timeout=30)
    training.join(timeout=30)

    (tmp_path / "cloud.json").unlink(missing_ok=True)
    second = start_cloud(tmp_path)
    try:
        client = bigquery_client(attach(tmp_path, second).settings)

        assert list(client.query("select * from ml.weights(model kept.m)").result()) == before
        assert [model.model_id for model in client.list_models("kept")] == ["m"]
    finally:
        second.terminate()
        second.wait(timeout=30)


def _send(client, sql):
    with suppress(requests.ConnectionError):
        client.query(sql, retry=None, job_retry=None, timeout=20)
