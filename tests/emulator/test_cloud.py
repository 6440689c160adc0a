from google.cloud.bigquery import Dataset

from cloud.clients import bigquery_client, storage_client
from tests.conftest import LocalCloud


def test_query_over_the_wire(local_cloud: LocalCloud) -> None:
    client = bigquery_client(local_cloud.settings)

    rows = list(client.query_and_wait("select 1 as one, 'ä' as letter"))

    assert [dict(row) for row in rows] == [{"one": 1, "letter": "ä"}]


def test_objects_are_plain_files(local_cloud: LocalCloud) -> None:
    bucket = storage_client(local_cloud.settings).create_bucket("plain")

    bucket.blob("a/b.csv").upload_from_string("x\n1\n", content_type="text/csv")
    large = bucket.blob("large")
    large.chunk_size = 262_144
    large.upload_from_string(b"7" * 600_000)

    assert bucket.blob("a/b.csv").download_as_bytes() == b"x\n1\n"
    assert len(bucket.blob("large").download_as_bytes()) == 600_000
    assert (local_cloud.directory / "buckets" / "plain" / "a" / "b.csv").read_text() == "x\n1\n"


def test_created_table_is_there(local_cloud: LocalCloud) -> None:
    client = bigquery_client(local_cloud.settings)
    client.create_dataset(Dataset(f"{client.project}.first"), exists_ok=True)

    client.query_and_wait("create or replace table first.t as select 1 as x")

    assert [table.table_id for table in client.list_tables("first")] == ["t"]
