from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud.bigquery import Client, ExternalConfig, SchemaField, Table
from google.cloud.storage import Bucket

CARS = "Model,Year,Price,Since\ni8,2013,79.5,2013-05-01\nX1,2020,,2020-01-02\n"


def put(bucket: Bucket, name: str, content: str | bytes) -> None:
    bucket.blob(name).upload_from_string(content, content_type="text/csv")


def rows(client: Client, sql: str) -> list[dict[str, Any]]:
    return [dict(row) for row in client.query_and_wait(sql)]


def csv_config(bucket: Bucket, pattern: str = "*.csv", **options: Any) -> ExternalConfig:
    config = ExternalConfig("CSV")
    config.source_uris = [f"gs://{bucket.name}/{pattern}"]
    config.options.skip_leading_rows = 1
    for name, value in options.items():
        if name[0].islower() and name != name.lower():
            config._properties["csvOptions"][name] = value
        else:
            setattr(config.options if hasattr(config.options, name) else config, name, value)
    return config


def make(
    client: Client, dataset: str, config: ExternalConfig, *columns: str, name: str = "t"
) -> Table:
    schema = [SchemaField(*column.split(":")) for column in columns]
    table = Table(f"{client.project}.{dataset}.{name}", schema=schema or None)
    table.external_data_configuration = config
    return client.create_table(table)


def test_detects_columns_and_types(client: Client, dataset: str, bucket: Bucket) -> None:
    put(bucket, "cars.csv", CARS)

    table = make(client, dataset, csv_config(bucket, autodetect=True))

    assert table.table_type == "EXTERNAL"
    assert [(field.name, field.field_type) for field in table.schema] == [
        ("Model", "STRING"),
        ("Year", "INTEGER"),
        ("Price", "FLOAT"),
        ("Since", "DATE"),
    ]
    assert rows(client, f"select Model, Year, Price from {dataset}.t order by Year") == [
        {"Model": "i8", "Year": 2013, "Price": 79.5},
        {"Model": "X1", "Year": 2020, "Price": None},
    ]


def test_sees_a_file_that_is_added_replaced_or_deleted(
    client: Client, dataset: str, bucket: Bucket
) -> None:
    put(bucket, "raw/a.csv", "n\n1\n")
    make(client, dataset, csv_config(bucket, "raw/*.csv"), "n:INTEGER")
    client.query_and_wait(f"create view {dataset}.v as select sum(n) as total from {dataset}.t")
    total = f"select total from {dataset}.v"

    first = rows(client, total)
    put(bucket, "raw/b.csv", "n\n10\n")
    added = rows(client, total)
    put(bucket, "raw/b.csv", "n\n20\n")
    replaced = rows(client, total)
    bucket.blob("raw/a.csv").delete()
    deleted = rows(client, total)

    assert [result[0]["total"] for result in (first, added, replaced, deleted)] == [1, 11, 21, 20]


def test_no_matching_file_is_an_error_that_names_the_pattern(
    client: Client, dataset: str, bucket: Bucket
) -> None:
    make(client, dataset, csv_config(bucket, "none/*.csv"), "n:INTEGER")

    with pytest.raises(BadRequest, match=r"file pattern gs://.*/none/\*\.csv: matched no files"):
        client.query_and_wait(f"select * from {dataset}.t")


def test_file_name_is_there_only_for_who_asks(client: Client, dataset: str, bucket: Bucket) -> None:
    put(bucket, "a.csv", "n\n1\n")
    make(client, dataset, csv_config(bucket), "n:INTEGER")
    uri = f"gs://{bucket.name}/a.csv"

    assert rows(client, f"select * from {dataset}.t") == [{"n": 1}]
    assert rows(client, f"select *, _FILE_NAME as f from {dataset}.t") == [{"n": 1, "f": uri}]
    assert rows(client, f"select x.n from `{dataset}.t` as x where _FILE_NAME = '{uri}'") == [
        {"n": 1}
    ]


def test_view_with_the_file_name_keeps_its_text_and_stays_fresh(
    client: Client, dataset: str, bucket: Bucket
) -> None:
    put(bucket, "a.csv", "n\n1\n")
    make(client, dataset, csv_config(bucket), "n:INTEGER")

    client.query_and_wait(
        f"create view {dataset}.v as with s as (select n, _FILE_NAME as f from {dataset}.t) "
        "select * from s"
    )
    put(bucket, "b.csv", "n\n2\n")

    assert rows(client, f"select n, right(f, 5) as f from {dataset}.v order by n") == [
        {"n": 1, "f": "a.csv"},
        {"n": 2, "f": "b.csv"},
    ]
    assert "_FILE_NAME AS f" in str(client.get_table(f"{dataset}.v").view_query)


def test_matches_columns_by_name(client: Client, dataset: str, bucket: Bucket) -> None:
    put(bucket, "a.csv", "x,y\n1,one\n")
    put(bucket, "b.csv", "Y,X\ntwo,2\n")

    make(client, dataset, csv_config(bucket, sourceColumnMatch="NAME"), "x:INTEGER", "y:STRING")

    assert rows(client, f"select x, y from {dataset}.t order by x") == [
        {"x": 1, "y": "one"},
        {"x": 2, "y": "two"},
    ]


def test_matches_columns_by_position_without_it(
    client: Client, dataset: str, bucket: Bucket
) -> None:
    put(bucket, "b.csv", "y,x\ntwo,2\n")

    make(client, dataset, csv_config(bucket), "x:STRING", "y:STRING")

    assert rows(client, f"select * from {dataset}.t") == [{"x": "two", "y": "2"}]


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        ("n;t\n1;a\n", {"field_delimiter": ";"}, [(1, "a")]),
        ("n\tt\n1\ta\n", {"field_delimiter": "\t"}, [(1, "a")]),
        ('n,t\n1,"a\nb"\n', {"allow_quoted_newlines": True}, [(1, "a\nb")]),
        ('n,t\n1,"say ""a"""\n', {}, [(1, 'say "a"')]),
        ("n,t\n1,'a,b'\n", {"quote_character": "'"}, [(1, "a,b")]),
        ("n,t\n1,é\n".encode("latin-1"), {"encoding": "ISO-8859-1"}, [(1, "é")]),
        ("n,t\n1,é\n".encode("utf-16-le"), {"encoding": "UTF-16LE"}, [(1, "é")]),
        ("\ufeffn,t\n1,é\n", {}, [(1, "é")]),
        ("n,t\n1,é\n".encode("latin-1"), {}, [(1, "\ufffd")]),
        ("n,t\n1\n2,b\n", {"allow_jagged_rows": True}, [(1, None), (2, "b")]),
        ("n,t\n1,a,extra\n", {"ignore_unknown_values": True}, [(1, "a")]),
        ("n,t\nx,a\n2,b\n", {"max_bad_records": 1}, [(2, "b")]),
        ('n,t\n,\n2,""\n', {}, [(None, None), (2, "")]),
        ("n,t\n1,NA\n", {"nullMarker": "NA"}, [(1, None)]),
        ("n,t\r\n1,a\r\n", {}, [(1, "a")]),
        ("n,t\n1,a", {}, [(1, "a")]),
        ("n,t\n\n1,a\n\n", {}, [(1, "a")]),
        ("", {}, []),
        ("n,t\n", {}, []),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, str | bytes) else "",
)
def test_reads_csv_as_bigquery_does(
    client: Client,
    dataset: str,
    bucket: Bucket,
    content: str | bytes,
    options: dict[str, Any],
    expected: list[tuple[Any, ...]],
) -> None:
    put(bucket, "a.csv", content)

    make(client, dataset, csv_config(bucket, **options), "n:INTEGER", "t:STRING")

    found = client.query_and_wait(f"select n, t from {dataset}.t order by n")
    assert [tuple(row.values()) for row in found] == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "n,t\n1,a\nx,b\n",
            "Could not parse 'x' as INT64 for field n (position 0) starting at location 8 with "
            "message 'Unable to parse'; line_number: 3",
        ),
        ("n,t\n1\n", "line contains only 1 columns"),
        ("n,t\n1,a,b\n", "Too many values in line. Found 3 column(s) while expected 2"),
        ('n,t\n1,"a"b\n', 'Data between close quote character (") and field separator'),
        ('n,t\n1,"a\nb"\n', "allow_quoted_newlines"),
        ('n,t\n1,"a\n', 'Missing close quote character (")'),
        ("n,t\n1,a\0b\n", "Bad character (ASCII 0)"),
        ("n,t\n99999999999999999999,a\n", "Could not parse '99999999999999999999' as INT64"),
        ("n,t\n1.5,a\n", "Could not parse '1.5' as INT64"),
        ("n,t\n{x},a\n", "Could not parse '{x}' as INT64"),
    ],
)
def test_names_what_is_wrong_with_a_record(
    client: Client, dataset: str, bucket: Bucket, content: str, message: str
) -> None:
    put(bucket, "bad.csv", content)
    make(client, dataset, csv_config(bucket), "n:INTEGER", "t:STRING")

    with pytest.raises(BadRequest) as caught:
        client.query_and_wait(f"select sum(n), max(t) from {dataset}.t")

    assert message in caught.value.message
    assert f"Error while reading table: {dataset}.t" in caught.value.message
    assert f"File: gs://{bucket.name}/bad.csv" in caught.value.message
    assert caught.value.errors[0]["reason"] == "invalidQuery"


def test_more_bad_records_than_allowed_are_refused(
    client: Client, dataset: str, bucket: Bucket
) -> None:
    put(bucket, "a.csv", "n\nx\n1\ny\n")
    make(client, dataset, csv_config(bucket, max_bad_records=1), "n:INTEGER")

    with pytest.raises(BadRequest, match="Could not parse 'y' as INT64"):
        client.query_and_wait(f"select * from {dataset}.t")


def test_required_column_refuses_null(client: Client, dataset: str, bucket: Bucket) -> None:
    put(bucket, "a.csv", "n,t\n,a\n")
    make(client, dataset, csv_config(bucket), "n:INTEGER:REQUIRED", "t:STRING")

    with pytest.raises(BadRequest, match=r'Required column value .* column_name: "n"'):
        client.query_and_wait(f"select n from {dataset}.t")


def test_what_was_sent_comes_back(client: Client, dataset: str, bucket: Bucket) -> None:
    put(bucket, "a.csv", "n,t\n1,a\n")
    table = Table(
        f"{client.project}.{dataset}.t",
        schema=[SchemaField("n", "INTEGER", description="number"), SchemaField("t", "STRING")],
    )
    config = csv_config(bucket, allow_quoted_newlines=True, field_delimiter=",")
    table.external_data_configuration = config
    table.labels, table.description, table.friendly_name = {"team": "x"}, "words", "Name"
    sent = config.to_api_repr()

    client.create_table(table)
    got = client.get_table(f"{dataset}.t")

    assert got.external_data_configuration.to_api_repr() == sent
    assert (got.labels, got.description, got.friendly_name) == ({"team": "x"}, "words", "Name")
    assert [field.description for field in got.schema] == ["number", None]
    assert got.location == "US"
    listed = next(iter(client.list_tables(dataset)))
    assert (listed.table_id, listed.table_type) == ("t", "EXTERNAL")


def test_update_changes_the_definition(client: Client, dataset: str, bucket: Bucket) -> None:
    put(bucket, "a.csv", "n\n1\n")
    put(bucket, "b.txt", "n\n2\n")
    table = make(client, dataset, csv_config(bucket), "n:INTEGER")

    table.description = "other files"
    config = table.external_data_configuration
    config.source_uris = [f"gs://{bucket.name}/b.txt"]
    table.external_data_configuration = config
    client.update_table(table, ["description", "external_data_configuration"])

    assert rows(client, f"select n from {dataset}.t") == [{"n": 2}]
    assert client.get_table(f"{dataset}.t").description == "other files"


def test_is_deleted_and_its_files_stay(client: Client, dataset: str, bucket: Bucket) -> None:
    put(bucket, "a.csv", "n\n1\n")
    make(client, dataset, csv_config(bucket), "n:INTEGER")

    client.delete_table(f"{dataset}.t")

    assert list(client.list_tables(dataset)) == []
    assert bucket.blob("a.csv").exists()
    with pytest.raises(NotFound):
        client.query_and_wait(f"select * from {dataset}.t")


def test_made_twice_is_a_conflict(client: Client, dataset: str, bucket: Bucket) -> None:
    put(bucket, "a.csv", "n\n1\n")
    make(client, dataset, csv_config(bucket), "n:INTEGER")

    with pytest.raises(Conflict, match="Already Exists"):
        make(client, dataset, csv_config(bucket), "n:INTEGER")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sourceFormat": "PARQUET"}, "format 'PARQUET' are not emulated"),
        ({"sourceUris": []}, "Required parameter is missing: sourceUris"),
        ({"sourceUris": ["gs://b/*/x/*.csv"]}, "one '\\*' is allowed"),
        ({"hivePartitioningOptions": {"mode": "AUTO"}}, "hivePartitioningOptions is not emulated"),
        ({"csvOptions": {"encoding": "EBCDIC"}}, "Invalid encoding: 'EBCDIC'"),
        ({"csvOptions": {"fieldDelimiter": "||"}}, "Invalid field delimiter"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_refuses_a_definition_that_it_does_not_read(
    client: Client, dataset: str, bucket: Bucket, change: dict[str, Any], message: str
) -> None:
    config = ExternalConfig.from_api_repr({**csv_config(bucket).to_api_repr(), **change})

    with pytest.raises(BadRequest, match=message):
        make(client, dataset, config, "n:INTEGER")


def test_autodetection_needs_something_in_the_file(
    client: Client, dataset: str, bucket: Bucket
) -> None:
    put(bucket, "empty.csv", "")

    with pytest.raises(BadRequest, match=r"Schema has no fields\. Table: "):
        make(client, dataset, csv_config(bucket, autodetect=True))

    assert rows(client, "select 1 as one") == [{"one": 1}], "no other query is disturbed"


def test_autodetection_needs_a_file(client: Client, dataset: str, bucket: Bucket) -> None:
    with pytest.raises(BadRequest, match="matched no files"):
        make(client, dataset, csv_config(bucket, autodetect=True))


def test_created_replaced_and_dropped_in_sql(client: Client, dataset: str, bucket: Bucket) -> None:
    put(bucket, "a.csv", "x|y\n1|a\n")
    uris = f"uris=['gs://{bucket.name}/*.csv']"

    client.query_and_wait(
        f"create external table {dataset}.t (x int64 options(description='a number'), y string) "
        f"options(format='CSV', {uris}, skip_leading_rows=1, field_delimiter='|', "
        "description='told')"
    )
    created = client.get_table(f"{dataset}.t")
    client.query_and_wait(f"create external table if not exists {dataset}.t options({uris})")
    job = client.query(
        f"create or replace external table {dataset}.t options(format='CSV', {uris})"
    )
    job.result()

    assert created.description == "told"
    assert created.schema[0].description == "a number"
    assert (job.statement_type, job.ddl_operation_performed) == ("CREATE_EXTERNAL_TABLE", "REPLACE")
    assert rows(client, f"select * from {dataset}.t") == [{"x": 1, "y": "a"}]
    with pytest.raises(BadRequest, match="A table was expected"):
        client.query_and_wait(f"drop table {dataset}.t")
    client.query_and_wait(f"drop external table {dataset}.t")
    with pytest.raises(NotFound):
        client.get_table(f"{dataset}.t")
    client.query_and_wait(f"drop external table if exists {dataset}.t")


def test_hidden_view_is_in_no_list(client: Client, dataset: str, bucket: Bucket) -> None:
    put(bucket, "a.csv", "n\n1\n")
    make(client, dataset, csv_config(bucket), "n:INTEGER")

    listed = rows(client, f"select table_name, table_type from {dataset}.INFORMATION_SCHEMA.TABLES")

    assert listed == [{"table_name": "t", "table_type": "EXTERNAL"}]
    assert [table.table_id for table in client.list_tables(dataset)] == ["t"]


def test_joins_itself_and_native_tables(client: Client, dataset: str, bucket: Bucket) -> None:
    put(bucket, "a.csv", "n,t\n1,a\n2,b\n")
    make(client, dataset, csv_config(bucket), "n:INTEGER", "t:STRING")

    client.query_and_wait(f"create table {dataset}.copy as select * from {dataset}.t where n > 1")

    found = rows(
        client,
        f"select l.t, r.t as other from {dataset}.t as l left join {dataset}.copy as r using (n) "
        "order by n",
    )
    assert found == [{"t": "a", "other": None}, {"t": "b", "other": "b"}]
