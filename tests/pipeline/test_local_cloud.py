import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading

import pytest

from cloud import Settings
from pipeline.errors import DiskSpaceError, NoLocalCloudError
from pipeline.local_cloud import attached, require_space, running


def test_says_how_to_start_the_local_cloud_when_none_runs(tmp_path):
    with pytest.raises(NoLocalCloudError, match="make up"):
        attached(Settings(), tmp_path)


def test_a_state_file_of_a_dead_process_counts_as_none(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "cloud.json").write_text(json.dumps({"pid": dead.pid, "ports": {"bigquery": 1}}))

    with pytest.raises(NoLocalCloudError):
        attached(Settings(), tmp_path)


def test_attaches_to_the_one_that_runs_and_leaves_it_running(local_cloud):
    with running(Settings(), local_cloud.directory) as located:
        assert located.bigquery_host == local_cloud.settings.bigquery_host

    state = json.loads((local_cloud.directory / "cloud.json").read_text())
    os.kill(state["pid"], 0)


def test_google_cloud_is_never_started():
    settings = Settings(target="cloud", bigquery_host=None, storage_host=None)

    with running(settings) as located:
        assert located == settings


def test_a_disk_without_room_is_told_before_anything_is_written(tmp_path):
    report = tmp_path / "report.csv"
    with report.open("wb") as stream:
        stream.truncate(shutil.disk_usage(tmp_path).total)  # sparse: takes no space itself

    with pytest.raises(DiskSpaceError, match=r"MB free; '.*report.csv' needs about .* MB there"):
        require_space(report, tmp_path / "state")

    assert list((tmp_path / "state").iterdir()) == []


def test_a_report_that_fits_is_let_through(tmp_path):
    require_space(tmp_path / "none.csv", tmp_path / "state")


def test_the_cloud_of_a_killed_run_is_waited_for(tmp_path, monkeypatch):
    for name in ("BIGQUERY_PORT", "BIGQUERY_GRPC_PORT", "STORAGE_PORT"):
        monkeypatch.setenv(name, "0")
    with (tmp_path / "emulator.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        release = threading.Timer(4.0, fcntl.flock, (lock, fcntl.LOCK_UN))
        release.start()

        with running(Settings(), tmp_path):
            assert not release.is_alive()
            assert (tmp_path / "cloud.json").exists()
