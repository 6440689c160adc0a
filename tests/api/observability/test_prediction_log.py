"""Predictions on their way to BigQuery: all of them, once, within bounds, and nobody waits."""

import logging
import time
from dataclasses import replace

import pytest
from google.cloud import bigquery

from api.inference.predictor import Answers
from api.observability.prediction_lines import Entry
from api.observability.prediction_log import Bounds, PredictionLog
from cloud import storage_client
from tests.api.conftest import V1
from tests.api.doors.asking import ALL
from tests.api.observability.test_metrics import of, read
from tests.api.prediction_table import TABLE, make_table, rows_in
from tests.api.publishing import TYPICAL, publish, served, version_files
from tests.api.serving import serving, wait_for, wait_until
from tests.api.test_batch import REPORT


@pytest.fixture
def name(request):
    return TABLE.format(request.node.name.split("[")[0])


def entry(rows: int, request_id: str = "r") -> Entry:
    batch = [("X5", None, 2020.0, 50_000.5)] * rows
    return Entry(1.5, request_id, "own", served("price"), batch, Answers([[7.5] * rows], None, {}))


@pytest.fixture
def started():
    """Give a function that starts a log; it is stopped at the end."""
    logs = []

    def start(name, connect, **bounds):
        log = PredictionLog(name, connect, replace(Bounds(seconds=0.1, stop_seconds=5), **bounds))
        logs.append(log)
        log.start()
        return log

    yield start
    for log in logs:
        log.stop()


def test_what_every_door_answered_is_logged_and_what_was_refused_is_not(
    make_settings, key, bigquery_here, name
):
    make_table(bigquery_here, name)
    settings = make_settings(default_model="price", prediction_log=name, prediction_log_seconds=600)
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    for model in ("price", "class_two"):
        publish(bucket, model, V1, version_files(model, V1, key))
    asked = [TYPICAL | {"fuel_type": None, "mileage_km": None}] * 20 + [TYPICAL]
    with serving(settings) as client:
        wait_for(client, price=V1, class_two=V1)
        for way, (address, kind, body) in ALL.items():
            given = {"content-type": kind, "x-request-id": way.replace(" ", "-")}
            answer = client.post(address.format("price"), content=body(asked), headers=given)
            assert answer.status_code == 200
        told = client.post(
            "/models/price/report", content=REPORT, headers={"x-request-id": "a-report"}
        )
        assert told.status_code == 200
        answer = client.post("/models/class_two/predict", json={"rows": [TYPICAL]})
        found = answer.json()["predictions"][0]
        assert client.post("/models/price/predict", json={"rows": [{}]}).status_code == 422

        waiting = of(read(client), "sales_api_prediction_log_waiting")
        assert waiting == len(ALL) * 21 + 3 + 1

    rows = rows_in(bigquery_here, name)
    assert len(rows) == waiting
    (one,) = [row for row in rows if row["model_name"] == "class_two"]
    assert one["predicted_label"] == found["label"]
    assert one["predicted_probability"] == found["probabilities"][found["label"]]
    assert one["predicted_value"] is None
    assert one["features"] == TYPICAL
    assert 0 <= time.time() - one["logged_at"].timestamp() < 60
    for way in ALL:
        mine = [row for row in rows if row["request_id"] == way.replace(" ", "-")]
        assert sorted(row["row_index"] for row in mine) == list(range(21))
        assert {row["model_version"] for row in mine} == {V1}
        unknown = next(row for row in mine if row["row_index"] == 0)
        assert unknown["features"] == asked[0]
        assert unknown["predicted_value"] is not None and unknown["predicted_label"] is None
    reported = {row["row_index"]: row for row in rows if row["request_id"] == "a-report"}
    assert set(reported) == {0, 1, 4}, "the third and fourth record have no answer"
    assert reported[1]["features"] == {
        "model": "Fusca",
        "fuel_type": "Hybrid",
        "year": 1999,
        "mileage_km": None,
    }
    assert {row["door"] for row in rows} == {"own", "open-inference", "mlflow", "vertex"}


def test_a_table_that_is_not_there_yet_costs_no_row(bigquery_here, name, started, caplog):
    log = started(name, lambda: bigquery_here)
    log.put(entry(3))
    assert wait_until(lambda: log.failing)
    assert (log.logged, log.dropped, log.waiting) == (0, 0, 3)
    log.put(entry(2))
    time.sleep(0.5)
    make_table(bigquery_here, name)

    assert wait_until(lambda: log.logged == 5)
    assert not log.failing and log.waiting == 0
    assert len(rows_in(bigquery_here, name)) == 5
    told = [one.message for one in caplog.records if one.levelno >= logging.ERROR]
    assert len(told) == 1 and "Not found" in told[0] and "dbt build" in told[0]


class Lossy(bigquery.Client):
    """A client whose first answer to a load is lost on the way."""

    lost = 0

    def load_table_from_file(self, *arguments, **options):
        job = super().load_table_from_file(*arguments, **options)
        if not self.lost:
            self.lost += 1
            job.result()
            raise ConnectionError("the connection was reset")
        return job


def test_a_load_whose_answer_was_lost_is_not_done_twice(bigquery_here, name, started):
    make_table(bigquery_here, name)
    bigquery_here.__class__ = Lossy
    log = started(name, lambda: bigquery_here)
    log.put(entry(3))

    assert wait_until(lambda: log.logged == 3)
    assert bigquery_here.lost == 1
    assert len(rows_in(bigquery_here, name)) == 3


def test_rows_beyond_the_queue_are_dropped_and_counted(bigquery_here, name):
    log = PredictionLog(name, lambda: bigquery_here, Bounds(rows=10))
    for _ in range(4):
        log.put(entry(4))

    assert (log.waiting, log.dropped) == (8, 8)


def test_lines_beyond_their_bound_are_dropped_and_counted(name, started):
    def away():
        raise OSError("no route to host")

    log = started(name, away, size=2_000, stop_seconds=0.5)
    for n in range(400):
        log.put(entry(50, f"{n * 7919:x}"))
    assert wait_until(lambda: log.dropped > 0)
    assert log.failing and log.logged == 0
    assert 0 < log.waiting < 20_000
    assert log.waiting + log.dropped == 20_000
    log.stop()
    assert (log.waiting, log.dropped) == (0, 20_000)
