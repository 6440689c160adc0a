"""The one command, as a user calls it, on the sample report."""

import signal
import time

import pytest

from tests.e2e.desk import SAMPLE, Desk


def test_the_sample_becomes_three_published_models(first_run):
    run = first_run.told

    assert first_run.code == 0, first_run.output
    assert run["ok"] is True
    assert [m["name"] for m in run["models"]] == [
        "price_linear",
        "sales_class_logistic",
        "sales_volume_linear",
    ]
    assert all(m["trained"] and m["parity"]["within"] for m in run["models"])
    assert all(m["parity"]["label_disagreements"] == 0 for m in run["models"])


def test_the_sample_has_signal(first_run):
    statuses = {m["name"]: m["verdict"]["status"] for m in first_run.told["models"]}

    assert set(statuses.values()) == {"signal"}, statuses


def test_no_record_of_the_sample_is_lost(first_run):
    report = first_run.told["report"]

    assert report["lines"] == report["clean"] + report["rejected"] + report["duplicates"]
    assert report["rejected"] > 0
    assert report["duplicates"] > 0


def test_a_second_run_trains_and_uploads_nothing(tmp_path, first_run):
    desk = first_run.continued(tmp_path / "moved")

    code, output, run = desk.run(SAMPLE)

    assert code == 0, output
    status = {step["name"]: step["status"] for step in run["steps"]}
    assert (status["ingest"], status["export"]) == ("skipped", "skipped")
    assert not any(m["trained"] for m in run["models"])
    assert [m["version"] for m in run["models"]] == [m["version"] for m in first_run.told["models"]]


@pytest.mark.soak
def test_a_run_killed_in_dbt_is_finished_by_the_next(tmp_path, first_run):
    desk = Desk(tmp_path)
    process = desk.start(SAMPLE)
    log = tmp_path / "logs" / "dbt.log"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (
        log.exists() and "int_sales_checked" in log.read_text()
    ):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    code, output, run = desk.run(SAMPLE)

    assert code == 0, output
    assert run["report"] == first_run.told["report"]
    assert len(run["models"]) == 3


def test_a_missing_report_is_named_and_nothing_is_uploaded(tmp_path):
    code, output, run = Desk(tmp_path).run(tmp_path / "none.csv")

    assert code == 1
    assert "none.csv" in output
    assert run["ok"] is False
    assert not list(tmp_path.glob(".local/buckets/*/raw/**/*.csv"))
