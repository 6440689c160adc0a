from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.api_core.exceptions import NotFound
from google.cloud.bigquery import Client, Dataset, ExternalConfig, Table
from requests.exceptions import RequestException

from cloud.clients import bigquery_client, storage_client
from tests.conftest import ROOT, LocalCloud, attach, start_cloud

Start = Callable[[Path], tuple[LocalCloud, "subprocess.Popen[bytes]"]]


@pytest.fixture
def start() -> Iterator[Start]:
    processes: list[subprocess.Popen[bytes]] = []

    def begin(directory: Path) -> tuple[LocalCloud, subprocess.Popen[bytes]]:
        process = start_cloud(directory)
        processes.append(process)
        return attach(directory, process), process

    yield begin
    for process in processes:
        process.kill()
        process.wait(timeout=30)


def run_emulator(directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    ports = {name: "0" for name in ("BIGQUERY_PORT", "BIGQUERY_GRPC_PORT", "STORAGE_PORT")}
    return subprocess.run(
        [sys.executable, "-m", "emulator", "--data-dir", str(directory)],
        cwd=ROOT,
        env={**os.environ, **ports, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def fill(cloud: LocalCloud) -> None:
    bucket = storage_client(cloud.settings).create_bucket("kept")
    bucket.blob("a.csv").upload_from_string("n\n1\n2\n")
    client = bigquery_client(cloud.settings)
    dataset = Dataset(f"{client.project}.kept")
    dataset.labels = {"a": "b"}
    client.create_dataset(dataset)
    table = Table(f"{client.project}.kept.files")
    config = ExternalConfig("CSV")
    config.source_uris, config.autodetect = ["gs://kept/*.csv"], True
    table.external_data_configuration, table.labels = config, {"c": "d"}
    client.create_table(table)
    client.query_and_wait("create table kept.t cluster by n as select * from kept.files")
    client.query_and_wait("create view kept.v as select sum(n) as total from kept.files")
    client.query_and_wait("create schema made")


def check_kept(client: Client) -> None:
    assert client.get_dataset("kept").labels == {"a": "b"}
    assert {one.dataset_id for one in client.list_datasets()} == {"kept", "made"}
    files = client.get_table("kept.files")
    assert (files.table_type, files.labels) == ("EXTERNAL", {"c": "d"})
    assert files.external_data_configuration.source_uris == ["gs://kept/*.csv"]
    assert client.get_table("kept.t").clustering_fields == ["n"]
    assert next(iter(client.query_and_wait("select total from kept.v")))["total"] == 3
    assert next(iter(client.query_and_wait("select count(*) as n from kept.t")))["n"] == 2


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(signal.SIGTERM, marks=pytest.mark.soak),
        pytest.param(signal.SIGINT, marks=pytest.mark.soak),
        signal.SIGKILL,
    ],
)
def test_everything_is_there_after_a_restart(
    tmp_path: Path, start: Start, end: signal.Signals
) -> None:
    cloud, process = start(tmp_path)
    fill(cloud)

    process.send_signal(end)
    code = process.wait(timeout=30)
    again, _ = start(tmp_path)

    assert code == (-signal.SIGKILL if end is signal.SIGKILL else 0)
    check_kept(bigquery_client(again.settings))
    blob = storage_client(again.settings).bucket("kept").blob("a.csv")
    assert blob.download_as_bytes() == b"n\n1\n2\n"


def test_storage_server_dies_with_the_emulator(tmp_path: Path, start: Start) -> None:
    cloud, process = start(tmp_path)
    port = int(str(cloud.settings.storage_host).rpartition(":")[2])

    process.kill()
    process.wait(timeout=30)

    deadline = time.monotonic() + 10
    while _listens(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _listens(port)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_cloud_file_is_there_while_it_runs(tmp_path: Path, start: Start) -> None:
    _, process = start(tmp_path)

    content = json.loads((tmp_path / "cloud.json").read_text())
    process.terminate()
    process.wait(timeout=30)

    assert content["pid"] == process.pid
    assert set(content["ports"]) == {"bigquery", "bigquery_grpc", "storage"}
    assert content["data_dir"] == str(tmp_path)
    assert not (tmp_path / "cloud.json").exists()


def test_second_emulator_on_a_data_directory_says_who_runs(tmp_path: Path, start: Start) -> None:
    _, process = start(tmp_path)

    second = run_emulator(tmp_path)

    assert second.returncode == 75
    assert f"An emulator (process {process.pid}) already runs on '{tmp_path}'" in second.stderr
    assert (tmp_path / "cloud.json").exists()


@pytest.mark.parametrize("variable", ["BIGQUERY_PORT", "BIGQUERY_GRPC_PORT", "STORAGE_PORT"])
def test_port_held_by_a_stranger_is_named(tmp_path: Path, variable: str) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]

        ended = run_emulator(tmp_path, **{variable: str(port)})

    assert ended.returncode == 1
    assert f"Port {port} is held by another program" in ended.stderr
    assert f"{variable}=0 takes any free one" in ended.stderr
    assert not (tmp_path / "cloud.json").exists()


def test_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    ended = run_emulator(tmp_path / "file" / "data")

    assert ended.returncode == 1
    assert f"The data directory '{tmp_path}/file/data' cannot be written" in ended.stderr


def test_database_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bigquery").mkdir()
    (tmp_path / "bigquery" / "bqemulator.duckdb").write_bytes(b"no database" * 1000)

    ended = run_emulator(tmp_path)

    assert ended.returncode == 1
    assert f"BigQuery cannot open its state in '{tmp_path}/bigquery'" in ended.stderr


def test_what_a_killed_process_left_half_done_is_brought_in_line(
    tmp_path: Path, start: Start
) -> None:
    import duckdb

    cloud, process = start(tmp_path)
    fill(cloud)
    process.terminate()
    process.wait(timeout=30)
    with duckdb.connect(str(tmp_path / "bigquery" / "bqemulator.duckdb")) as database:
        database.execute('create table "vendas-local__kept"."unlisted" as select 1 as a')
        database.execute('create table "vendas-local__kept"."t__loading" as select 1 as a')
        database.execute('drop table "vendas-local__kept"."t"')

    again, _ = start(tmp_path)

    client = bigquery_client(again.settings)
    listed = {table.table_id for table in client.list_tables("kept")}
    assert listed == {"files", "v", "unlisted"}
    with pytest.raises(NotFound):
        client.query_and_wait("select * from kept.t")


def test_temporary_tables_of_a_killed_script_are_gone(tmp_path: Path, start: Start) -> None:
    cloud, process = start(tmp_path)
    client = bigquery_client(cloud.settings)
    script = "create temp table t as select 1 as n; while true do select n from t; end while"
    threading.Thread(target=_ask, args=(client, script), daemon=True).start()
    deadline = time.monotonic() + 30
    while not list(client.list_datasets()):
        assert time.monotonic() < deadline, "the script made no temporary table"
        time.sleep(0.05)
    process.kill()
    process.wait(timeout=30)

    again, _ = start(tmp_path)

    assert list(bigquery_client(again.settings).list_datasets()) == []


def _ask(client: Client, script: str) -> None:
    with contextlib.suppress(RequestException):
        client.query(script, retry=None, job_retry=None)
