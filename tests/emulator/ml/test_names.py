"""A model, a table and a view of one dataset cannot share a name, whichever came first."""

import io

import pytest
from google.api_core.exceptions import Conflict
from google.cloud import bigquery

from tests.emulator.ml.conftest import DATASET


@pytest.mark.parametrize(
    "statement",
    [
        "create table price (x int64)",
        "create table if not exists price (x int64)",
        "create or replace table `ml_wire.price` as select 1 as x",
        "create table price (x int64) as select 1 as x",
        "create or replace view ml_wire.price as select 1 as x",
        "create view price as select * from ml.weights(model dear)",
        "create materialized view price as select year from cars",
        "create external table price options(format = 'CSV', uris = ['gs://b/x.csv'])",
        "create snapshot table price clone cars",
        "begin create table price (x int64); end",
    ],
)
def test_no_statement_gives_a_model_s_name_to_a_table_or_view(ask, statement):
    with pytest.raises(Conflict, match=r"Already Exists: Model vendas-local:ml_wire\.price"):
        ask(statement)


def test_no_table_is_renamed_to_a_model_s_name(ask):
    ask("create or replace table renamed as select 1 as x")

    with pytest.raises(Conflict, match="Already Exists: Model"):
        ask("alter table renamed rename to price")


def test_the_rest_api_makes_no_table_or_view_of_a_model_s_name(client):
    path = f"{client.project}.{DATASET}.price"
    table = bigquery.Table(path, [bigquery.SchemaField("x", "INT64")])
    view = bigquery.Table(path)
    view.view_query = "select 1 as x"

    for one in (table, view):
        with pytest.raises(Conflict, match="Already Exists: Model"):
            client.create_table(one)


def test_no_job_writes_a_table_of_a_model_s_name(client):
    target = f"{client.project}.{DATASET}.price"
    load = bigquery.LoadJobConfig(autodetect=True, source_format="CSV")
    config = bigquery.QueryJobConfig(destination=target)

    for job in (
        lambda: client.load_table_from_file(io.BytesIO(b"x\n1\n"), target, job_config=load),
        lambda: client.query("select 1 as x", job_config=config, job_retry=None),
        lambda: client.copy_table(f"{client.project}.{DATASET}.cars", target),
    ):
        with pytest.raises(Conflict, match="Already Exists: Model"):
            job().result()


def test_names_that_differ_in_case_are_two(ask):
    ask("create or replace table Price as select 1 as x")

    assert ask("select x from Price") == [{"x": 1}]
    ask("drop table Price")
