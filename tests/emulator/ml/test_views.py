"""Views over ML functions over the wire: computed when they are read."""

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery


@pytest.fixture
def predicted(ask):
    ask("create or replace table v_cars as select * from cars where year > 2015")
    ask(
        "create or replace view v_predicted options(description = 'prices') as "
        "select year, price, predicted_price from ml.predict(model price, table v_cars)"
    )


def test_a_view_over_a_prediction_follows_its_table_and_its_model(ask, predicted):
    before = ask("select count(*) as n from v_predicted")[0]["n"]
    ask("insert into v_cars select * from cars where year = 2010 limit 5")

    assert ask("select count(*) as n from v_predicted")[0]["n"] == before + 5
    ask(
        "create or replace model v_model options(model_type = 'linear_reg', "
        "input_label_cols = ['price'], data_split_method = 'no_split') "
        "as select year, price from cars"
    )
    ask("create or replace view v_other as select * from ml.predict(model v_model, table v_cars)")
    first = ask("select sum(predicted_price) as s from v_other")[0]["s"]
    ask(
        "create or replace model v_model options(model_type = 'linear_reg', "
        "input_label_cols = ['price'], data_split_method = 'no_split') "
        "as select year, price * 2 as price from cars"
    )
    assert ask("select sum(predicted_price) as s from v_other")[0]["s"] == pytest.approx(2 * first)


def test_the_view_has_columns_a_query_and_a_description(client, predicted):
    view = client.get_table("ml_wire.v_predicted")

    assert [(field.name, field.field_type) for field in view.schema] == [
        ("year", "INTEGER"), ("price", "FLOAT"), ("predicted_price", "FLOAT"),
    ]  # fmt: skip
    assert view.table_type == "VIEW" and view.description == "prices"
    assert view.view_query.startswith("select year, price, predicted_price from ml.predict(")


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) as n from ml_wire.v_predicted",
        "select count(*) as n from `vendas-local.ml_wire.v_predicted` as p where p.year > 0",
        "select count(v_predicted.year) as n from v_predicted",
        "select count(*) as n from (select 1 as one) join v_predicted p on p.year > one",
        "with x as (select * from v_predicted) select count(*) as n from x",
        "select count(*) as n from ml.predict(model price, (select *, 'Petrol' as fuel, "
        "'Manual' as box, 1.0 as mileage from (select year from v_predicted)))",
        "select (select count(*) from v_predicted) as n",
        "select count(v_predicted.year) as n from (v_predicted cross join (select 1 as one))",
        "select count(*) as n from ((select 1 as one) cross join v_predicted)",
        "declare n int64; set n = (select count(*) from v_predicted); select n as n",
    ],
)
def test_a_view_stands_wherever_a_table_may(ask, predicted, query):
    (row,) = ask("select count(*) as n from v_cars")

    assert ask(query) == [row]


def test_a_view_over_the_view_and_a_table_from_it(ask, predicted):
    ask("create or replace view v_outer as select avg(predicted_price) as p from v_predicted")
    ask("create or replace table v_kept as select * from v_outer")

    (outer,) = ask("select p from v_outer")
    assert outer["p"] > 0
    assert ask("select p from v_kept") == [outer]


def test_a_view_that_is_read_around_sql_fails_and_does_not_seem_empty(client, ask, predicted):
    with pytest.raises(BadRequest, match="The view cannot be read here"):
        list(client.list_rows("ml_wire.v_predicted", selected_fields=[]))


def test_a_common_table_expression_of_the_name_goes_first(ask, predicted):
    assert ask("with v_predicted as (select 7 as n) select n from v_predicted") == [{"n": 7}]


def test_probabilities_of_a_view_keep_their_type(client, ask):
    ask("create or replace view v_probs as select * from ml.predict(model dear, table cars)")

    (field,) = [f for f in client.get_table("ml_wire.v_probs").schema if "probs" in f.name]
    assert (field.field_type, field.mode) == ("RECORD", "REPEATED")
    rows = ask("select p.prob from v_probs, unnest(predicted_dear_probs) as p limit 4")
    assert all(0 <= row["prob"] <= 1 for row in rows)


def test_the_rest_api_makes_such_a_view_too(client, ask):
    path = f"{client.project}.ml_wire.v_rest"
    client.delete_table(path, not_found_ok=True)
    table = bigquery.Table(path)
    table.view_query = "select * from ml.weights(model ml_wire.price)"

    client.create_table(table)

    assert ask("select * from v_rest") == ask("select * from ml.weights(model price)")
    assert client.get_table(path).view_query == table.view_query


def test_a_dropped_view_is_gone_and_a_plain_one_may_follow(ask, predicted):
    ask("drop view v_predicted")
    ask("create view v_predicted as select 1 as one")

    assert ask("select * from v_predicted") == [{"one": 1}]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("create view never (a) as select 1 from ml.weights(model price)", "list of columns"),
        ("create view never as select * from ml.weights(model nope)", "Not found: Model"),
        ("create materialized view never as select * from ml.weights(model price)", "MATERIALIZED"),
        ("create view never as select * from ml.nope(model price)", "not found: ML.NOPE"),
    ],
)
def test_views_that_cannot_be_are_refused(ask, statement, message):
    with pytest.raises(Exception, match=message):
        ask(statement)


def test_parameters_cannot_stand_in_a_view(ask):
    with pytest.raises(BadRequest, match="parameters cannot be used inside views"):
        ask(
            "create view never as select * from ml.predict(model price, "
            "(select * from cars where year > @y))",
            y=2000.0,
        )
