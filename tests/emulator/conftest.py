from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from google.cloud.bigquery import Client, Dataset
from google.cloud.bigquery_storage_v1 import BigQueryReadClient
from google.cloud.storage import Bucket

from cloud.clients import bigquery_client, bigquery_read_client, storage_client
from tests.conftest import LocalCloud


@pytest.fixture(scope="session")
def client(local_cloud: LocalCloud) -> Iterator[Client]:
    with bigquery_client(local_cloud.settings) as client:
        yield client


@pytest.fixture(scope="session")
def reader(local_cloud: LocalCloud) -> BigQueryReadClient:
    return bigquery_read_client(local_cloud.settings)


@pytest.fixture
def dataset(client: Client) -> str:
    """A dataset of this test alone."""
    name = f"d_{uuid.uuid4().hex[:12]}"
    client.create_dataset(Dataset(f"{client.project}.{name}"))
    return name


@pytest.fixture
def bucket(local_cloud: LocalCloud) -> Bucket:
    """A bucket of this test alone."""
    storage = storage_client(local_cloud.settings)
    return storage.create_bucket(f"b-{uuid.uuid4().hex[:12]}")
