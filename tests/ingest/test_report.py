"""Reports enter the bucket, are listed and taken back, over a real connection."""

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from cloud import storage_client
from ingest import IngestError, ingest, reports, withdraw
from ingest.report import write_normal_form
from tests.ingest.test_normalise import spelled


@pytest.fixture
def bucket(local_cloud):
    return storage_client(local_cloud.settings).create_bucket(f"ingest-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "report.csv"
    path.write_text(spelled())
    return path


def test_a_report_is_one_object_whatever_it_is_called(bucket, report):
    first = ingest(report, bucket)
    report.write_text(spelled(delimiter=";"))
    second = ingest(report, bucket)

    assert (first.created, second.created) == (True, False)
    assert first.uri == second.uri == f"gs://{bucket.name}/{first.object_name}"
    assert first.object_name.endswith("-n2.csv")
    assert [blob.name for blob in reports(bucket)] == [first.object_name]


def test_a_report_is_taken_back_by_its_file_name(bucket, report):
    name = ingest(report, bucket).object_name

    assert withdraw(name.rsplit("/", 1)[-1], bucket) == name
    assert reports(bucket) == []
    with pytest.raises(IngestError, match="it holds none"):
        withdraw(name, bucket)


def test_normalise_writes_the_object_that_ingest_uploads(bucket, report, tmp_path):
    command = [sys.executable, "-m", "ingest", "normalise", str(report), str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    written = Path(done.stdout.strip())
    name = ingest(report, bucket).object_name
    assert name == f"raw/vendas/{written.name}"
    assert bucket.blob(name).download_as_bytes() == written.read_bytes()


def test_normalise_names_a_folder_that_is_not_there(report, tmp_path):
    with pytest.raises(IngestError, match=r"cannot be written to '.*nowhere': No such file"):
        write_normal_form(report, tmp_path / "nowhere")


def test_a_bucket_that_is_gone_is_named(local_cloud, report):
    with pytest.raises(IngestError, match="bucket gs://gone-bucket does not exist"):
        ingest(report, storage_client(local_cloud.settings).bucket("gone-bucket"))


def test_the_command_says_what_it_recognised(local_cloud, bucket, report):
    report.write_text(spelled(delimiter=";").replace("Model;", "Modelo;"))
    command = [sys.executable, "-m", "ingest", str(report), "--bucket", bucket.name]

    done = subprocess.run(
        command, env={**os.environ, **local_cloud.environment}, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert "UTF-8, delimiter semicolon, decimal point" in done.stdout
    assert "Modelo → Model" in done.stdout
    assert "2 records, 0 with a wrong number of fields" in done.stdout


def test_the_command_fails_with_a_message_and_code_1(local_cloud, bucket, report):
    report.write_text("a;b\n1;2\n")
    command = [sys.executable, "-m", "ingest", str(report), "--bucket", bucket.name]

    done = subprocess.run(
        command, env={**os.environ, **local_cloud.environment}, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {report}, line 1: no column of the report")
    assert reports(bucket) == []
