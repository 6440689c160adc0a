"""What a trigger starts: storms, holders that are killed, reports that vanish meanwhile.

Each trigger is `python -m pipeline inbox`, what the Cloud Run job runs.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from cloud import bigquery_client, storage_client
from pipeline.inbox import waiting
from pipeline.records import records
from tests.conftest import attach, start_cloud
from tests.e2e.desk import SAMPLE, Desk

LINES = SAMPLE.read_text().splitlines(keepends=True)
BOOT_ID = "/proc/sys/kernel/random/boot_id"
# Runs a command on what it takes for another machine: nobody here can see whether it lives.
ELSEWHERE = (
    *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c"),
    f'echo another-machine > boot_id && mount --bind boot_id {BOOT_ID} && exec "$@"',
    "sh",
)


def can_be_elsewhere():
    if not shutil.which("unshare"):
        return False
    with tempfile.TemporaryDirectory() as folder:
        return not subprocess.run([*ELSEWHERE, "true"], cwd=folder, capture_output=True).returncode


class Office:
    """A desk whose local cloud runs, with an inbox."""

    def __init__(self, folder):
        self.desk = Desk(folder)
        self.process = start_cloud(folder / ".local")
        self.settings = attach(folder / ".local", self.process).settings
        client = storage_client(self.settings)
        self.bucket = client.create_bucket(self.settings.bucket)
        self.inbox = client.create_bucket(self.settings.inbox)

    def put(self, name, content):
        self.inbox.blob(name).upload_from_string(content, content_type="text/csv")

    def put_parts(self, number):
        """Put the sample into the inbox in so many parts; return their names."""
        size = -(-(len(LINES) - 1) // number)
        for part in range(number):
            rows = LINES[1 + part * size : 1 + (part + 1) * size]
            self.put(f"part {part:02}.csv", "".join([LINES[0], *rows]))
        return [f"part {part:02}.csv" for part in range(number)]

    def trigger(self, *arguments, **more):
        return self.desk.pipeline("inbox", *arguments, **more)

    def names(self, prefix):
        return sorted(blob.name.split("/", 2)[-1] for blob in self.inbox.list_blobs(prefix=prefix))

    def records(self):
        return list(records(self.bucket))

    def sold(self):
        query = "select count(*) from `vendas_marts.sales`"
        return next(iter(bigquery_client(self.settings).query(query).result()))[0]


@pytest.fixture
def office(tmp_path):
    made = Office(tmp_path)
    yield made
    made.process.terminate()
    made.process.wait(timeout=30)


def sales_of_the_sample():
    """Count the sales of the whole sample as the README tells them."""
    return 9_993


def await_line(process, text):
    """Read a process's lines until one has the text."""
    seen = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return
    pytest.fail(f"{text!r} never came: {seen}")


@pytest.mark.soak
@pytest.mark.parametrize("triggers", [6, 50])
def test_a_storm_of_triggers_is_one_run_or_a_few_one_after_the_other(office, triggers):
    names = office.put_parts(triggers)
    processes = [office.trigger() for _ in range(triggers)]
    outputs = [process.communicate(timeout=600)[0] for process in processes]

    assert [process.returncode for process in processes] == [0] * triggers, outputs
    assert waiting(office.inbox) == []
    assert office.names("taken/") == names
    ran = sorted(office.records(), key=lambda record: record["started_at"])
    assert 1 <= len(ran) <= 3
    assert all(record["status"] == "ok" for record in ran)
    for earlier, later in itertools.pairwise(ran):
        assert earlier["finished_at"] <= later["started_at"], "two runs were at work at once"
    assert sorted(a["name"] for record in ran for a in record["arrivals"]) == names
    merged = [text for text in outputs if "What waits is taken by that run." in text]
    idle = [text for text in outputs if text.startswith("Nothing waits")]
    assert len(merged) + len(idle) >= triggers - len(ran)
    assert office.sold() == sales_of_the_sample()


@pytest.mark.soak
@pytest.mark.skipif(not can_be_elsewhere(), reason="this machine lets nobody mount a file")
def test_a_killed_holder_is_replaced_once_its_lease_expires(office):
    office.desk.environment["LEASE_SECONDS"] = "6"
    names = office.put_parts(2)
    holder = office.trigger(prefix=ELSEWHERE)
    await_line(holder, "Report")
    os.killpg(holder.pid, signal.SIGKILL)
    holder.communicate()
    killed = time.monotonic()

    early = office.trigger()
    output, _ = early.communicate(timeout=60)
    assert early.returncode == 0
    assert "is at work" in output
    assert [blob.name for blob in waiting(office.inbox)] == names
    time.sleep(max(0.0, 6.5 - (time.monotonic() - killed)))
    next_one = office.trigger()
    output, _ = next_one.communicate(timeout=300)

    assert next_one.returncode == 0, output
    last, dead = office.records()
    assert (dead["status"], dead["followed_by"]) == ("died", last["id"])
    assert (last["status"], last["took_over_from"]) == ("ok", dead["id"])
    assert office.names("taken/") == names
    assert office.sold() == sales_of_the_sample()


@pytest.mark.soak
def test_a_job_that_is_told_to_stop_gives_the_lease_back(office):
    office.put_parts(1)
    process = office.trigger()
    await_line(process, "Report")
    process.terminate()
    process.communicate(timeout=60)

    assert process.returncode == 143
    assert [record["status"] for record in office.records()] == ["stopped"]
    again = office.trigger()
    output, _ = again.communicate(timeout=300)
    assert again.returncode == 0, output
    assert office.records()[0]["took_over_from"] is None


@pytest.mark.soak
def test_a_report_that_is_withdrawn_while_the_run_reads_it_is_left_out(office):
    first, second = office.put_parts(2)
    process = office.trigger()
    await_line(process, "Report")
    raw = next(
        blob
        for blob in office.bucket.list_blobs(prefix="raw/vendas/")
        if key_of(LINES[1]) == key_of(blob.download_as_text().splitlines()[1])
    )
    raw.delete()
    output, _ = process.communicate(timeout=600)

    assert process.returncode == 0, output
    told = office.records()
    assert told[0]["status"] == "ok"
    assert raw.name not in {report["uri"].split("/", 3)[-1] for report in told[0]["reports"]}
    assert office.names("taken/") == sorted([first, second])
    assert 0 < office.sold() < sales_of_the_sample()


def key_of(line):
    """Return what of a record ingest writes as it came: model and mileage."""
    row = next(csv.reader([line]))
    return row[0], row[7]


@pytest.mark.soak
def test_a_run_that_fails_leaves_what_waits_and_says_so_in_one_line(office):
    office.desk.environment |= {"LOG_FORM": "json", "BQ_PROJECT": "no such project!"}
    office.put_parts(1)

    process = office.trigger()
    output, _ = process.communicate(timeout=300)

    assert process.returncode == 1
    line = json.loads(output.strip().splitlines()[-1])
    assert line["severity"] == "ERROR"
    assert office.records()[0]["status"] == "failed"
    assert [blob.name for blob in waiting(office.inbox)] == ["part 00.csv"]


@pytest.mark.soak
def test_a_refused_report_keeps_no_other_from_being_taken(office):
    """The second report lands while the run that refuses the first is at work."""
    office.put("bad.csv", "a;b\n1;2\n")
    office.put_parts(2)
    process = office.trigger()
    await_line(process, "Report")
    office.put("late.csv", "".join(LINES[:50]))
    merged = office.trigger()
    assert "What waits is taken by that run." in merged.communicate(timeout=60)[0]
    output, _ = process.communicate(timeout=300)

    assert process.returncode == 1, output
    assert [r["status"] for r in office.records()] == ["ok", "failed"]
    assert office.names("taken/") == ["late.csv", "part 00.csv", "part 01.csv"]
    assert office.names("refused/") == ["bad.csv", "bad.csv.txt"]


@pytest.mark.soak
def test_commands_tell_what_a_service_answers(office):
    for command in (["analyses"], ["cost"]):
        process = office.desk.pipeline(*command)
        output, _ = process.communicate(timeout=60)

        assert process.returncode == 1
        assert "Traceback" not in output
        assert output.startswith("Error: "), output


@pytest.mark.soak
def test_watch_runs_the_pipeline_when_a_report_lands(tmp_path):
    desk = Desk(tmp_path)
    watcher = desk.pipeline("watch", "--every", "0.5")
    try:
        await_line(watcher, "Watching gs://vendas-bmw-local-inbox")
        dropped = desk.pipeline("drop", str(SAMPLE))
        assert dropped.communicate(timeout=60)[0].strip().endswith("-inbox/sample_sales.csv")
        await_line(watcher, "ok: gs://vendas-bmw-local/runs/")
        shown = desk.pipeline("runs").communicate(timeout=60)[0]
        assert "watch" in shown
        assert "ok" in shown
    finally:
        os.killpg(watcher.pid, signal.SIGINT)
        watcher.communicate(timeout=60)
