from __future__ import annotations

import gzip
import io
import uuid
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud.bigquery import Client, LoadJob, LoadJobConfig, SchemaField, SourceFormat
from google.cloud.storage import Bucket


def rows(client: Client, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in client.query_and_wait(sql)]


def test_loads_json_with_and_without_schema(client: Client, dataset: str) -> None:
    table = f"{client.project}.{dataset}.t"
    people = [{"name": "Ana", "age": 41, "tags": ["a", "b"]}, {"name": "Bo", "age": None}]

    client.load_table_from_json(people, table).result()
    client.load_table_from_json(
        [{"n": "1", "x": 0.5}],
        f"{dataset}.u",
        job_config=LoadJobConfig(schema=[SchemaField("n", "INT64"), SchemaField("x", "FLOAT64")]),
    ).result()

    assert rows(client, f"select name, age, array_length(tags) from {table} order by name") == [
        ("Ana", 41, 2),
        ("Bo", None, 0),
    ]
    assert rows(client, f"select n + 1, x from {dataset}.u") == [(2, 0.5)]


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_loads_a_data_frame_and_replaces_it(client: Client, dataset: str) -> None:
    table = f"{client.project}.{dataset}.t"
    first = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    second = pd.DataFrame({"c": [True]})

    job = client.load_table_from_dataframe(first, table)
    job.result()
    client.load_table_from_dataframe(first, table).result()
    appended = rows(client, f"select count(*), sum(a) from {table}")
    client.load_table_from_dataframe(
        second, table, job_config=LoadJobConfig(write_disposition="WRITE_TRUNCATE")
    ).result()

    assert job.output_rows == 2
    assert appended == [(4, 6)]
    assert rows(client, f"select * from {table}") == [(True,)]
    assert [field.name for field in client.get_table(table).schema] == ["c"]


def test_loads_csv_with_its_options(client: Client, dataset: str) -> None:
    config = LoadJobConfig(
        source_format="CSV",
        skip_leading_rows=1,
        field_delimiter=";",
        schema=[SchemaField("n", "INT64"), SchemaField("t", "STRING")],
    )

    client.load_table_from_file(
        io.BytesIO(b"n;t\n1;a\n2;\n"), f"{client.project}.{dataset}.t", job_config=config
    ).result()

    assert rows(client, f"select * from {dataset}.t order by n") == [(1, "a"), (2, None)]


def test_loads_files_of_a_bucket(client: Client, dataset: str, bucket: Bucket) -> None:
    for name in ("a", "b"):
        bucket.blob(f"in/{name}.csv").upload_from_string(f"letter,n\n{name},1\n")
    config = LoadJobConfig(source_format="CSV", autodetect=True)

    client.load_table_from_uri(
        f"gs://{bucket.name}/in/*.csv", f"{client.project}.{dataset}.t", job_config=config
    ).result()

    assert rows(client, f"select letter, n from {dataset}.t order by 1") == [("a", 1), ("b", 1)]


def test_bad_value_fails_the_job_and_leaves_the_table_as_it_was(
    client: Client, dataset: str
) -> None:
    table = f"{client.project}.{dataset}.t"
    config = LoadJobConfig(source_format="CSV", schema=[SchemaField("n", "INT64")])
    client.load_table_from_file(io.BytesIO(b"1\n"), table, job_config=config).result()

    with pytest.raises(BadRequest, match="Could not parse 'x' as INT64 for field n"):
        client.load_table_from_file(io.BytesIO(b"2\nx\n"), table, job_config=config).result()

    assert rows(client, f"select n from {table}") == [(1,)]


def test_refusals_have_google_s_reasons(client: Client, dataset: str) -> None:
    config = LoadJobConfig(
        source_format="CSV",
        schema=[SchemaField("n", "INT64")],
        write_disposition="WRITE_EMPTY",
    )
    table = f"{client.project}.{dataset}.t"
    client.load_table_from_file(io.BytesIO(b"1\n"), table, job_config=config).result()

    with pytest.raises(Conflict):
        client.load_table_from_file(io.BytesIO(b"1\n"), table, job_config=config).result()
    with pytest.raises(NotFound, match="nowhere"):
        client.load_table_from_file(
            io.BytesIO(b"1\n"), f"{client.project}.nowhere.t", job_config=config
        ).result()


@pytest.mark.parametrize("autodetect", [True, None])
def test_a_parquet_file_makes_the_missing_table_with_its_own_schema(
    client: Client, dataset: str, autodetect: bool | None
) -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({"n": [1, 2], "name": ["a", None], "list": [[1.5], []]}), file)
    file.seek(0)
    config = LoadJobConfig(source_format=SourceFormat.PARQUET, autodetect=autodetect)

    client.load_table_from_file(file, f"{client.project}.{dataset}.t", job_config=config).result()

    schema = [(f.name, f.field_type, f.mode) for f in client.get_table(f"{dataset}.t").schema]
    assert schema[:2] == [("n", "INTEGER", "NULLABLE"), ("name", "STRING", "NULLABLE")]
    assert schema[2][1:] == ("FLOAT", "REPEATED")
    assert rows(client, f"select * from {dataset}.t order by n") == [
        (1, "a", [1.5]),
        (2, None, []),
    ]


@pytest.mark.parametrize("size", [None, 18], ids=["resumable", "multipart"])
def test_a_job_id_is_taken_once(client: Client, dataset: str, size: int | None) -> None:
    table, job_id = f"{client.project}.{dataset}.t", f"mine_{uuid.uuid4().hex}"
    config = LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON", autodetect=True)

    def load() -> LoadJob:
        content = io.BytesIO(b'{"a": 1}\n{"a": 2}\n')
        return client.load_table_from_file(
            content, table, size=size, job_id=job_id, job_config=config
        )

    load().result()
    with pytest.raises(Conflict, match=f"Already Exists: Job {client.project}:US.{job_id}"):
        load()

    assert client.get_job(job_id).output_rows == 2
    assert rows(client, f"select sum(a) from {table}") == [(3,)]


def test_compressed_files_are_known_by_their_content(client: Client, dataset: str) -> None:
    lines = gzip.compress(b'{"a": 1}\n') + gzip.compress(b'{"a": 2}\n')
    table = f"{client.project}.{dataset}.t"
    for content, kind in ((lines, "NEWLINE_DELIMITED_JSON"), (gzip.compress(b"3\n4\n"), "CSV")):
        config = LoadJobConfig(source_format=kind, schema=[SchemaField("a", "INT64")])
        client.load_table_from_file(io.BytesIO(content), table, job_config=config).result()

    assert rows(client, f"select sum(a), count(*) from {table}") == [(10, 4)]


def test_compressed_and_plain_files_are_not_loaded_together(
    client: Client, dataset: str, bucket: Bucket
) -> None:
    bucket.blob("a.json").upload_from_string(b'{"a": 1}\n')
    bucket.blob("b.json").upload_from_string(gzip.compress(b'{"a": 2}\n'))
    config = LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON", autodetect=True)

    with pytest.raises(BadRequest, match="compressed and uncompressed"):
        client.load_table_from_uri(
            f"gs://{bucket.name}/*.json", f"{client.project}.{dataset}.t", job_config=config
        ).result()
