"""Queries around and inside of ML calls: one query each, in any statement, mentions left alone."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud.bigquery import QueryJobConfig

CHANGES = [
    "delete from precious where true",
    "update precious set n = 9 where true",
    "insert into precious select 2",
    "drop table precious",
    "create table surplus as select 1 as n",
    "truncate table precious",
    "with one as (select 1 as n) delete from precious where true",
    "select * from precious; drop table precious",  # outside of brackets this is a script
]
PLACES = [
    "create or replace model never options(model_type = 'linear_reg') as {}",
    "create or replace model never transform(n, label) options(model_type = 'linear_reg') as {}",
    "select * from ml.predict(model price, ({}))",
    "select * from ml.describe_data(({}))",
    "select * from ml.validate_data_drift((select 1 as n), ({}))",
    "select * from ml.validate_data_skew(model price, ({}))",
    "create or replace view never as select * from ml.evaluate(model price, ({}))",
]


@pytest.fixture
def precious(ask):
    ask("create or replace table precious as select 1 as n")
    yield
    assert ask("select * from precious") == [{"n": 1}]
    with pytest.raises(Exception, match="surplus"):
        ask("select * from surplus")


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[:30])
def test_no_statement_but_a_query_feeds_a_model(ask, precious, place):
    for change in CHANGES if "({})" in place else CHANGES[:-1]:
        with pytest.raises(BadRequest, match=r"Expected a query but got|yntax error"):
            ask(place.format(change))


def test_a_query_may_have_brackets_and_common_tables_and_words_of_other_statements(ask):
    for query in (
        "(select 1 as year)",
        "with one as (select 1 as year) select * from one",
        "(with one as (select 1 as year) (select * from one))",
        "select 1 as year, 'a; drop table b' as `delete`",
    ):
        assert len(ask(f"select * from ml.describe_data(({query}))")) == 1 + ("delete" in query)


def test_a_dry_run_trains_nothing_and_changes_nothing(client, ask, precious):
    config = QueryJobConfig(dry_run=True, default_dataset=f"{client.project}.ml_wire")
    client.query(
        "create model dry options(model_type = 'linear_reg') as select 1 as n, 2 as label",
        job_config=config,
    )

    with pytest.raises(Exception, match="Not found: Model"):
        ask("select * from ml.weights(model dry)")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 'see ML.EVALUATE (docs)' as n", "see ML.EVALUATE (docs)"),
        ("select 1 as n -- ml.predict(model m)", 1),
        ("select 1 as n /* ML.FORECAST(MODEL m) */", 1),
        (
            "execute immediate 'select count(*) as n from ml.predict(model price, "
            "(select * from cars limit 3))'",
            3,
        ),
        (
            "declare k int64; execute immediate 'select count(*) from ml.predict(model price, "
            "(select * from cars limit 3))' into k; select k as n",
            3,
        ),
        (
            "execute immediate 'select count(*) as n from ml.predict(model price, (select * from "
            "cars limit 3)) where 1 < ?' using 2",
            3,
        ),
        ("create temp function size(x array<float64>) as (ml.lp_norm(x, 2.0)); "
         "select size([3, 4]) as n", 5.0),
    ],
)  # fmt: skip
def test_ml_functions_stand_in_any_statement_and_their_names_in_any_text(ask, sql, expected):
    assert ask(sql) == [{"n": expected}]


@pytest.mark.parametrize("head", ["table function never(k int64)", "temp function never(k int64)"])
def test_a_function_over_an_ml_function_is_refused(ask, head):
    query = "select sum(predicted_price) from ml.predict(model price, table cars)"
    body = query if "table" in head else f"({query})"
    with pytest.raises(BadRequest, match=r"CREATE FUNCTION over ML.PREDICT"):
        ask(f"create {head} as ({body}); select 1")


def test_a_star_keeps_structs_whatever_stands_beside_it(ask):
    ask(
        "create or replace table wide as select 'x' as c, struct(1 as p) as s, "
        "[struct(2 as q)] as a, n as year from unnest(generate_array(1, 30)) as n"
    )
    columns = {"c", "s", "a", "year"}

    assert {*ask("select *, upper(c) as z from wide limit 1")[0]} == columns | {"z"}
    assert {*ask("select * from wide where farm_fingerprint(c) != 0 limit 1")[0]} == columns
    ask(
        "create or replace model with_struct options(model_type = 'linear_reg', "
        "input_label_cols = ['year']) as select * except (a) from wide where upper(c) = 'X'"
    )
    inputs = {row["processed_input"] for row in ask("select * from ml.weights(model with_struct)")}
    assert inputs == {"c", "s_p", "__INTERCEPT__"}
