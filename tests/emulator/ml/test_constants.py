"""Options that are expressions: computed once, or refused as what they are."""

import pytest
from google.api_core.exceptions import BadRequest

CREATE = (
    "create or replace model computed options(model_type = {kind}, input_label_cols = ['price'], "
    "max_iterations = {iterations}) as select year, price from cars"
)


def options_of(client):
    return client.get_model("ml_wire.computed").training_runs[0]["trainingOptions"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("10 + 5", "15"),
        ("cast(@n as int64)", "7"),
        ("cast('3' as int64)", "3"),
        ("greatest(2, 4)", "4"),
    ],
)
def test_a_constant_expression_is_computed(client, ask, expression, expected):
    ask(CREATE.format(kind="upper('linear_' || 'reg')", iterations=expression), n=7.0)

    assert options_of(client)["maxIterations"] == expected


def test_a_variable_of_a_script_is_computed(client, ask):
    statement = CREATE.format(kind="'linear_reg'", iterations="n")
    ask(f"declare n int64 default 9; {statement}")

    assert options_of(client)["maxIterations"] == "9"


def test_an_element_of_an_array_is_computed(client, ask):
    ask(
        "create or replace model computed options(model_type = 'logistic_reg', "
        "input_label_cols = ['dear'], class_weights = [(concat('Hi', 'gh'), 1 + 1), ('Low', 1)]) "
        "as select year, dear from cars"
    )

    assert options_of(client)["labelClassWeights"] == {"High": 2.0, "Low": 1.0}


@pytest.mark.parametrize(
    "expression",
    ["(select 3)", "count(*)", "year", "1 / 0", "9223372036854775807 + 1", "5 as x"],
)
def test_what_is_no_constant_is_refused(ask, expression):
    with pytest.raises(BadRequest, match=r"MAX_ITERATIONS: .*It cannot be computed") as found:
        ask(CREATE.format(kind="'linear_reg'", iterations=expression))

    assert "DuckDB" not in str(found.value) and "LINE 1" not in str(found.value)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("2.5 + 0.5", "MAX_ITERATIONS: 3.0. Expected an INT64"),
        ("date '2020-01-01'", "MAX_ITERATIONS: DATE '2020-01-01'. Expected an INT64"),
        ("cast('inf' as float64)", "MAX_ITERATIONS: inf. Expected an INT64"),
        ("cast(null as int64)", "MAX_ITERATIONS: NULL. Expected an INT64"),
        ("?", "positional . parameter in OPTIONS is not emulated"),
        ("@missing", "Query parameter 'missing' not found"),
    ],
)
def test_a_value_of_another_kind_is_refused_as_a_literal_is(ask, expression, message):
    with pytest.raises(BadRequest, match=message):
        ask(CREATE.format(kind="'linear_reg'", iterations=expression))


def test_a_parameter_that_was_not_given_is_named_wherever_it_stands(ask):
    options = "options(model_type = 'linear_reg', input_label_cols = ['price'])"
    for statement in (
        f"create model never transform(year + @p as x, price) {options} as select * from cars",
        f"create model never {options} as select year + @p as x, price from cars",
        "alter model price set options(description = @p)",
    ):
        with pytest.raises(BadRequest, match="Query parameter 'p' not found"):
            ask(statement, q=1.0)


def test_the_clauses_of_create_model_have_an_order(ask):
    options = "options(model_type = 'linear_reg', input_label_cols = ['price'])"

    with pytest.raises(BadRequest, match=r"TRANSFORM.* must stand before OPTIONS"):
        ask(f"create model never {options} transform(year, price) as select * from cars")
