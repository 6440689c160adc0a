import json
from itertools import islice

import pytest

from pipeline.records import Record, mark_died, records
from pipeline.summary import Run, log_line


def content(record):
    blob = record.bucket.blob(f"runs/{record.id}.json")
    return json.loads(blob.download_as_bytes())


def test_a_run_is_seen_from_its_start(bucket):
    record = Record(bucket, "inbox")
    record.begin()

    assert content(record)["status"] == "running"
    assert content(record)["trigger"] == "inbox"


def test_a_run_that_ended_tells_all_that_the_contract_has(bucket, tmp_path):
    (tmp_path / "manifest.json").write_text('{"nodes": {}}')
    (tmp_path / "run_results.json").write_text("{}")
    record = Record(bucket, "command")
    record.begin()
    run = Run("local", reports=[{"uri": "gs://b/o.csv", "lines": 1}], errors=["no"], dbt_ran=True)

    record.end(run, [{"name": "o.csv"}], tmp_path)

    told = content(record)
    assert told.items() >= run.to_json().items()
    assert (told["status"], told["arrivals"]) == ("failed", [{"name": "o.csv"}])
    names = [uri.removeprefix(f"gs://{bucket.name}/") for uri in told["dbt_artifacts"]]
    assert names == [f"runs/{record.id}/dbt/{n}" for n in ("manifest.json", "run_results.json")]
    assert bucket.blob(names[0]).download_as_bytes() == b'{"nodes": {}}'


def test_artifacts_of_an_earlier_run_are_not_taken_for_its_own(bucket, tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    record = Record(bucket, "command")

    record.end(Run("local"), [], tmp_path)

    assert content(record)["dbt_artifacts"] == []


def test_a_run_that_died_is_marked_by_the_next(bucket):
    dead = Record(bucket, "inbox")
    dead.begin()
    heir = Record(bucket, "schedule", took_over_from=dead.id)

    heir.begin()

    assert content(dead) == content(dead) | {"status": "died", "followed_by": heir.id}
    assert content(heir)["took_over_from"] == dead.id


def test_a_run_that_told_its_end_did_not_die(bucket, tmp_path):
    done = Record(bucket, "inbox")
    done.end(Run("local"), [], tmp_path)

    mark_died(bucket, done.id, "next")

    assert content(done)["status"] == "ok"


def test_a_run_without_a_record_is_no_obstacle(bucket):
    mark_died(bucket, "never-began", "next")

    assert list(records(bucket)) == []


def test_records_come_newest_first_and_nothing_else_does(bucket, tmp_path):
    ids = ["20261101T000000Z-00000000", "20261103T000000Z-00000000", "20261102T000000Z-00000000"]
    for name in ids:
        Record(bucket, "inbox", id=name).end(Run("local"), [], tmp_path)
    bucket.blob("runs/lease.json").upload_from_string('{"run": "x"}')
    bucket.blob("runs/broken.json").upload_from_string("{")
    bucket.blob(f"runs/{ids[0]}/dbt/manifest.json").upload_from_string('{"id": "no run"}')

    assert [r["id"] for r in islice(records(bucket), 9)] == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    ("errors", "severity", "message"),
    [([], "INFO", "Run r is done: 0 reports, 0 models."), (["A.", "B."], "ERROR", "failed: A. B.")],
)
def test_the_log_line_is_one_that_cloud_logging_reads(errors, severity, message):
    line = log_line(Run("cloud", errors=errors), "r")

    assert "\n" not in line
    assert json.loads(line)["severity"] == severity
    assert message in json.loads(line)["message"]
