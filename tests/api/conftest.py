import socket
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from api.gate.keys import new_key
from api.settings import Settings
from cloud import bigquery_client, storage_client
from emulator.storage import start_storage
from export.artifact import signing_key
from tests.api.prediction_table import TABLE
from tests.api.publishing import publish, version_files
from tests.api.serving import serving, wait_for

V1, V2 = "1" * 16, "2" * 16


@pytest.fixture(scope="session")
def signed_by(tmp_path_factory):
    """A key pair: the private key, and the file of the public one."""
    folder: Path = tmp_path_factory.mktemp("keys")
    key = signing_key(folder / "signing.pem", folder / "public.pem")
    return key, folder / "public.pem"


@pytest.fixture(scope="session")
def key(signed_by):
    return signed_by[0]


@pytest.fixture(scope="session")
def api_key(tmp_path_factory):
    """An API key, and the file of keys that open, which has it."""
    file = tmp_path_factory.mktemp("api-keys") / "keys"
    secret, line = new_key("ana")
    file.write_text(line)
    return secret, file


@pytest.fixture(scope="session")
def make_settings(local_cloud, signed_by):
    """Settings of an API on a new bucket of its own."""

    def make(**changes):
        bucket = f"models-{uuid.uuid4().hex[:12]}"
        cloud = replace(local_cloud.settings, bucket=bucket, public_key_file=signed_by[1])
        storage_client(cloud).create_bucket(bucket)
        return Settings(cloud=cloud, reload_seconds=0.1, **changes)

    return make


@pytest.fixture
def settings(make_settings):
    return make_settings()


@pytest.fixture
def bucket(settings):
    return storage_client(settings.cloud).bucket(settings.cloud.bucket)


@pytest.fixture(scope="session")
def api(make_settings, key):
    """A client of an API that serves `price`, `class_two`, `class_many` and `trees`."""
    settings = make_settings(max_rows=2000, max_body_bytes=1024 * 1024, default_model="price")
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    names = ("price", "class_two", "class_many", "trees")
    for name in names:
        publish(bucket, name, V1, version_files(name, V1, key))
    with serving(settings) as client:
        wait_for(client, **dict.fromkeys(names, V1))
        yield client


@pytest.fixture
def bigquery_here(local_cloud):
    client = bigquery_client(local_cloud.settings)
    client.create_dataset(TABLE.partition(".")[0], exists_ok=True)
    return client


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def storage(tmp_path):
    """Start and stop Cloud Storage on one port over one folder."""
    port, servers = free_port(), []

    def start():
        servers.append(start_storage(tmp_path / "buckets", port, tmp_path / "log"))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
