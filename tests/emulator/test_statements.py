from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud.bigquery import (
    Client,
    Dataset,
    QueryJobConfig,
    ScalarQueryParameter,
    SchemaField,
    Table,
)
from google.cloud.bigquery_storage_v1 import BigQueryReadClient
from google.cloud.bigquery_storage_v1.types import ReadSession


def rows(client: Client, sql: str, **options: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in client.query_and_wait(sql, **options)]


def test_contract_casts_and_keeps_what_was_declared(client: Client, dataset: str) -> None:
    client.query_and_wait(
        f"create or replace table {dataset}.t "
        "(id int64 not null options(description='the key'), price numeric, name string) "
        "cluster by id options(labels=[('team', 'sales')]) as "
        "(select 1 as a, 2 as b, 'x' as c from (select 1))"
    )

    table = client.get_table(f"{dataset}.t")

    assert [(field.name, field.field_type, field.mode) for field in table.schema] == [
        ("id", "INTEGER", "REQUIRED"),
        ("price", "NUMERIC", "NULLABLE"),
        ("name", "STRING", "NULLABLE"),
    ]
    assert table.schema[0].description == "the key"
    assert table.clustering_fields == ["id"]
    assert table.labels == {"team": "sales"}
    assert rows(client, f"select id, name from {dataset}.t") == [(1, "x")]
    with pytest.raises(BadRequest):
        client.query_and_wait(f"insert into {dataset}.t (name) values ('no key')")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("(a int64, b string) as select 1 as a", "Number of columns"),
        ("(a int64) as select 'x' as a", "type INT64 which is not coercible"),
        ("(a int64) as select 1.5 as a", "type INT64 which is not coercible"),
        (
            "(a int64 not null) as select cast(null as int64) as a",
            "Required field a cannot be null",
        ),
    ],
)
def test_broken_contract_is_refused(
    client: Client, dataset: str, statement: str, message: str
) -> None:
    with pytest.raises(BadRequest, match=message):
        client.query_and_wait(f"create table {dataset}.t {statement}")

    with pytest.raises(NotFound):
        client.get_table(f"{dataset}.t")


@pytest.mark.parametrize("start", ["create table", "create or replace table"])
def test_a_sum_of_integers_is_stored_as_one(client: Client, dataset: str, start: str) -> None:
    client.query_and_wait(
        f"{start} {dataset}.sums as select sum(x) as units, sum(x) over () as of_all,"
        " count(*) as n, sum(numeric '1.5') as money from unnest([1, 2]) as x group by x"
    )

    types = {field.name: field.field_type for field in client.get_table(f"{dataset}.sums").schema}
    share = f"select safe_divide(units, of_all) as share from {dataset}.sums order by 1"
    result = client.query_and_wait(share)

    assert types == {"units": "INTEGER", "of_all": "INTEGER", "n": "INTEGER", "money": "NUMERIC"}
    assert [field.field_type for field in result.schema] == ["FLOAT"]
    assert [row.share for row in result] == pytest.approx([1 / 3, 2 / 3])


def test_dataset_made_in_sql_is_in_the_catalogue(client: Client, dataset: str) -> None:
    name = f"{dataset}_made"

    client.query_and_wait(
        f"create schema if not exists {name} options(description='words', labels=[('a', 'b')])"
    )

    made = client.get_dataset(name)
    assert name in [one.dataset_id for one in client.list_datasets()]
    assert (made.description, made.labels) == ("words", {"a": "b"})


@pytest.mark.parametrize("run", ["query", "query_and_wait"])
def test_default_dataset_holds_for_every_statement(client: Client, dataset: str, run: str) -> None:
    config = QueryJobConfig(default_dataset=f"{client.project}.{dataset}")

    def execute(sql: str) -> list[tuple[Any, ...]]:
        if run == "query":
            return [tuple(row.values()) for row in client.query(sql, job_config=config).result()]
        return rows(client, sql, job_config=config)

    execute("create table t (a int64 not null) as select 1 as a")
    execute("create view v as select a + 1 as b from t")
    execute("alter table t set options(description='words')")
    execute("insert into t values (5)")

    assert execute("with w as (select * from v) select b from w order by b") == [(2,), (6,)]
    assert execute("begin insert into t values (7); end; select max(a) from t") == [(7,)]
    assert client.get_table(f"{dataset}.t").description == "words"


def test_script_runs_our_statements_with_its_variables(client: Client, dataset: str) -> None:
    result = rows(
        client,
        f"declare least int64 default 2; "
        f"create table {dataset}.t (a int64 not null) as select 3 as a; "
        f"alter table {dataset}.t set options(description='made by a script'); "
        f"select a from {dataset}.t where a > least",
    )

    assert result == [(3,)]
    assert client.get_table(f"{dataset}.t").description == "made by a script"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select [(select 1), 2]", [1, 2]),
        ("select [if(1 in (select 1), 'in', 'out'), 'more']", ["in", "more"]),
        (
            "select [if('a' in unnest(v), 'no', (select concat(x, '!') from unnest(v) as x)), 'b'] "
            "from (select ['c'] as v)",
            ["c!", "b"],
        ),
        ("select array(select a from unnest([3, 4]) as a order by a)", [3, 4]),
    ],
)
def test_array_literals_may_hold_queries(client: Client, query: str, expected: list) -> None:
    assert rows(client, query) == [(expected,)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("safe_cast('2020.5' as int64)", None),
        ("safe_cast('1e3' as int64)", None),
        ("safe_cast('1_000' as int64)", None),
        ("safe_cast('1_000' as float64)", None),
        ("safe_cast('' as int64)", None),
        ("safe_cast('nine' as float64)", None),
        ("cast(' +12 ' as int64)", 12),
        ("cast('0x1F' as int64)", 31),
        ("cast('1e3' as float64)", 1000.0),
        ("cast(0.5 as int64)", 1),
        ("cast(v as int64)", -3),
        ("cast(cast(v as string) as float64)", -2.5),
        ("safe_cast(true as int64)", 1),
        ("cast(null as int64)", None),
    ],
)
def test_numbers_are_cast_as_bigquery_casts_them(
    client: Client, expression: str, expected: float | None
) -> None:
    assert rows(client, f"select {expression} from (select -2.5 as v)") == [(expected,)]


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        (r"'\x41\u00e9\U0001F697\101'", "Aé🚗A"),
        (r"'\x1f'", "\x1f"),
        (r"'it\x27s'", "it's"),
        (r'"""a\x0ab"""', "a\nb"),
        (r"r'\x41'", r"\x41"),
        (r"'a\\x41'", r"a\x41"),
        (r"'x' /* '\x41' */", "x"),
    ],
)
def test_numeric_escapes_are_characters(client: Client, literal: str, expected: str) -> None:
    assert rows(client, f"select {literal}") == [(expected,)]


@pytest.mark.parametrize("text", ["2020.5", "1_000", "x"])
def test_a_text_that_is_no_integer_fails_the_query(client: Client, text: str) -> None:
    with pytest.raises(BadRequest, match=text):
        client.query(f"select cast(t as int64) from (select '{text}' as t)").result()


def test_named_parameters_reach_the_statement(client: Client) -> None:
    config = QueryJobConfig(
        query_parameters=[ScalarQueryParameter("least", "INT64", 2)],
    )

    found = rows(
        client, "select x from unnest([1, 2, 3]) as x where x >= @least", job_config=config
    )

    assert sorted(found) == [(2,), (3,)]


@pytest.mark.parametrize(
    ("statement", "error", "reason"),
    [
        ("select * from {d}.missing", NotFound, "notFound"),
        ("select nothing from (select 1 as a)", BadRequest, "invalidQuery"),
        ("selec 1", BadRequest, "invalidQuery"),
        ("select 'a", BadRequest, "invalidQuery"),
        ("select 1 / 0", BadRequest, "invalidQuery"),
        ("select cast('x' as int64)", BadRequest, "invalidQuery"),
        ("select error('told you')", BadRequest, "invalidQuery"),
        ("drop table {d}.missing", NotFound, "notFound"),
        ("create table no_dataset.t as select 1 as a", NotFound, "notFound"),
        ("create schema {d}", Conflict, "duplicate"),
        ("create or replace table {d}.view_there as select 1 as a", BadRequest, "invalidQuery"),
        ("alter table {d}.missing set options(description='x')", NotFound, "notFound"),
        ("create table {d}.there as select 1 as a", Conflict, "duplicate"),
        ("create snapshot table {d}.s clone {d}.missing", NotFound, "notFound"),
        ("export data options(format='XML') as select 1", BadRequest, "invalidQuery"),
    ],
)
@pytest.mark.parametrize("run", ["query", "query_and_wait"])
def test_what_is_refused_is_a_4xx_with_google_s_reason(
    client: Client, dataset: str, statement: str, error: type[Exception], reason: str, run: str
) -> None:
    client.query_and_wait(f"create table {dataset}.there as select 1 as a")
    client.query_and_wait(f"create view {dataset}.view_there as select 1 as a")

    with pytest.raises(error) as caught:
        if run == "query":
            client.query(statement.format(d=dataset)).result()
        else:
            client.query_and_wait(statement.format(d=dataset))

    assert caught.value.errors[0]["reason"] == reason


def test_eight_threads_write_and_read_at_once(client: Client, dataset: str) -> None:
    client.query_and_wait(f"create table {dataset}.log (n int64)")

    def work(n: int) -> int:
        client.query_and_wait(
            f"create or replace table {dataset}.t{n % 4} as select {n} as n; "
            f"insert into {dataset}.log values ({n}); "
        )
        client.query_and_wait(f"create or replace view {dataset}.v as select {n} as n")
        return int(rows(client, f"select count(*) from {dataset}.log")[0][0])

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(work, range(24)))

    assert max(counts) == 24
    assert rows(client, f"select count(distinct n) from {dataset}.log") == [(24,)]


def test_view_over_the_rest_api_shows_its_query(client: Client, dataset: str) -> None:
    view = Table(f"{client.project}.{dataset}.v")
    view.view_query = "select 1 as one"
    view.description, view.labels = "words", {"a": "b"}

    client.create_table(view)
    got = client.get_table(f"{dataset}.v")

    assert (got.table_type, got.view_query, got.description) == ("VIEW", "select 1 as one", "words")
    assert got.labels == {"a": "b"}
    assert rows(client, f"select one from {dataset}.v") == [(1,)]
    client.delete_table(f"{dataset}.v")
    assert list(client.list_tables(dataset)) == []


def test_table_keeps_labels_descriptions_and_new_columns(client: Client, dataset: str) -> None:
    table = client.create_table(
        Table(f"{client.project}.{dataset}.t", schema=[SchemaField("a", "INT64")])
    )

    table.schema = [
        SchemaField("a", "INT64", description="old"),
        SchemaField("b", "STRING", description="new"),
    ]
    table.labels, table.description = {"x": "y"}, "words"
    client.update_table(table, ["schema", "labels", "description"])
    client.query_and_wait(f"insert into {dataset}.t values (1, 'one')")

    got = client.get_table(f"{dataset}.t")
    assert [(field.name, field.description) for field in got.schema] == [("a", "old"), ("b", "new")]
    assert (got.labels, got.description, got.num_rows) == ({"x": "y"}, "words", 1)


def test_column_added_and_table_renamed_in_sql_are_in_the_catalogue(
    client: Client, dataset: str
) -> None:
    client.query_and_wait(f"create table {dataset}.t (a int64 options(description='first'))")

    client.query_and_wait(f"alter table {dataset}.t add column b string")
    client.query_and_wait(f"alter table {dataset}.t rename to u")

    got = client.get_table(f"{dataset}.u")
    assert [(field.name, field.description) for field in got.schema] == [
        ("a", "first"),
        ("b", None),
    ]
    assert [table.table_id for table in client.list_tables(dataset)] == ["u"]


def test_dataset_s_tables_are_listed_in_sql(client: Client, dataset: str) -> None:
    client.query_and_wait(f"create table {dataset}.t as select 1 as a union all select 2")
    client.query_and_wait(f"create view {dataset}.v as select * from {dataset}.t")
    client.query_and_wait(f'alter table {dataset}.t set options(description="it\'s \\"quoted\\"")')

    listed = rows(client, f"select table_id, row_count, type from {dataset}.__TABLES__ order by 1")
    described = rows(
        client,
        "select o.table_name, json_value(o.option_value), count(*) from "
        f"`{client.project}`.{dataset}.INFORMATION_SCHEMA.TABLE_OPTIONS as o "
        f"join {dataset}.INFORMATION_SCHEMA.COLUMNS as c using (table_name) group by 1, 2",
    )

    assert listed == [("t", 2, 1), ("v", 0, 2)]
    assert described == [("t", 'it\'s "quoted"', 1)]


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_results_of_queries_are_read_over_the_storage_api(
    client: Client, dataset: str, reader: BigQueryReadClient
) -> None:
    sql = "select n, repeat('x', 500) as text from unnest(generate_array(1, 60000)) as n"

    frame = client.query(sql).result().to_dataframe(bqstorage_client=reader)
    arrow = client.query("select 1 as a where false").result().to_arrow(bqstorage_client=reader)

    assert (len(frame), int(frame["n"].sum())) == (60_000, 60_000 * 60_001 // 2)
    assert (arrow.num_rows, arrow.column_names) == (0, ["a"])


def test_tables_are_read_over_the_storage_api_and_views_are_not(
    client: Client, dataset: str, reader: BigQueryReadClient
) -> None:
    client.query_and_wait(f"create table {dataset}.t as select 1 as a, 'x' as b")
    client.query_and_wait(f"create view {dataset}.v as select * from {dataset}.t")

    def read(name: str) -> list[dict[str, Any]]:
        session = reader.create_read_session(
            parent=f"projects/{client.project}",
            read_session=ReadSession(
                table=f"projects/{client.project}/datasets/{dataset}/tables/{name}",
                data_format="ARROW",
                read_options=ReadSession.TableReadOptions(selected_fields=["b", "a"]),
            ),
            max_stream_count=1,
        )
        return list(reader.read_rows(session.streams[0].name).rows(session))

    found = [{name: str(value) for name, value in row.items()} for row in read("t")]
    assert found == [{"b": "x", "a": "1"}]
    with pytest.raises(Exception, match="cannot be read with the Storage API"):
        read("v")


def test_project_with_dashes_needs_no_backticks(client: Client, dataset: str) -> None:
    client.query_and_wait(f"create table {client.project}.{dataset}.t as select 1 as a")

    assert rows(client, f"select a from {client.project}.{dataset}.t") == [(1,)]


def test_dataset_is_made_and_deleted_with_its_contents(client: Client, dataset: str) -> None:
    made = Dataset(f"{client.project}.{dataset}_x")
    made.labels, made.friendly_name, made.description = {"a": "b"}, "Name", "words"
    client.create_dataset(made)
    client.query_and_wait(f"create view {dataset}_x.v as select 1 as a")

    got = client.get_dataset(f"{dataset}_x")
    client.delete_dataset(f"{dataset}_x", delete_contents=True)

    assert (got.labels, got.friendly_name, got.description) == ({"a": "b"}, "Name", "words")
    with pytest.raises(NotFound):
        client.get_dataset(f"{dataset}_x")


def test_missing_and_full_datasets_are_refused(client: Client, dataset: str) -> None:
    client.query_and_wait(f"create table {dataset}.t as select 1 as a")

    with pytest.raises(NotFound, match="nowhere"):
        list(client.list_tables("nowhere"))
    with pytest.raises(BadRequest, match="is still in use"):
        client.delete_dataset(dataset)


def test_result_is_written_to_the_destination(client: Client, dataset: str) -> None:
    def write(sql: str, disposition: str) -> list[tuple[Any, ...]]:
        config = QueryJobConfig(
            destination=f"{client.project}.{dataset}.target", write_disposition=disposition
        )
        client.query(sql, job_config=config).result()
        return rows(client, f"select a from {dataset}.target order by a")

    assert write("select 1 as a", "WRITE_EMPTY") == [(1,)]
    assert write("select 2 as a", "WRITE_APPEND") == [(1,), (2,)]
    assert write("select 'x' as a", "WRITE_TRUNCATE") == [("x",)]
    with pytest.raises(Conflict):
        write("select 'y' as a", "WRITE_EMPTY")
    assert client.get_table(f"{dataset}.target").schema[0].field_type == "STRING"


def test_a_result_is_a_table_and_a_destination_is_the_job_s(client: Client, dataset: str) -> None:
    job = client.query("select 7 as n, ['a'] as words")
    job.result()

    result = job.destination
    assert rows(client, f"select r.n + 1, word from `{result}` as r, unnest(words) as word") == [
        (8, "a")
    ]
    assert client.get_table(result).location == "US"
    config = QueryJobConfig(destination=f"{client.project}.{dataset}.kept")
    written = client.query(f"select n from {result.dataset_id}.{result.table_id}", config)
    written.result()
    assert client.get_job(written.job_id).destination.table_id == "kept"
    assert rows(client, f"select n from {dataset}.kept") == [(7,)]


def test_the_time_may_have_an_alias_of_its_own_name(client: Client) -> None:
    ((moment, today),) = rows(
        client, "select current_timestamp() as current_timestamp, current_date as `current_date`"
    )

    assert abs(moment - datetime.now(UTC)) < timedelta(minutes=1)
    assert abs(today - date.today()) <= timedelta(days=1)


def test_a_row_is_a_struct(client: Client) -> None:
    ((row, several),) = rows(
        client,
        "with t as (select 1 as a, 'x' as b union all select 2, 'y') select "
        "(select as struct * from t where a = 1) as row, "
        "array(select as struct *, a + 1 as c from t order by a) as several",
    )

    assert row == {"a": 1, "b": "x"}
    assert several == [{"a": 1, "b": "x", "c": 2}, {"a": 2, "b": "y", "c": 3}]


@pytest.mark.parametrize(
    ("subscript", "expected"),
    [
        ("offset(n)", ["a", "b", "c"]),
        ("offset(mod(n + 1, 3))", ["b", "c", "a"]),
        ("safe_offset(n + 1)", ["b", "c", None]),
        ("offset(cast(n as int64))", ["a", "b", "c"]),
        ("ordinal(n + 1)", ["a", "b", "c"]),
        ("offset(1)", ["b", "b", "b"]),
        ("offset(if(['x', 'y', 'z'][offset(n)] = 'x', 2, 0))", ["c", "a", "a"]),
    ],
)
def test_array_subscripts_count_as_they_say(
    client: Client, subscript: str, expected: list[str | None]
) -> None:
    rows = client.query(
        f"select ['a', 'b', 'c'][{subscript}] as w from unnest([0, 1, 2]) as n order by n"
    ).result()

    assert [row.w for row in rows] == expected


def test_countif_counts_over_a_window(client: Client) -> None:
    found = rows(
        client,
        "select n, countif(n > 1) over (order by n) as so_far, "
        "countif(n > 1) over (order by n rows between 2 preceding and 2 preceding) as before, "
        "(select countif(m > 9) from unnest([1]) as m) as none "
        "from unnest([1, 2, 3]) as n order by n",
    )

    assert found == [(1, 0, 0, 0), (2, 1, 0, 0), (3, 2, 0, 0)]
