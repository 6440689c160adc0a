"""Features of every type that Google documents, trained and predicted over the wire."""

import pytest
from google.api_core.exceptions import BadRequest

LINEAR = (
    "options(model_type = 'linear_reg', input_label_cols = ['y'], data_split_method='no_split')"
)
ROWS = "(select n, cast(n as float64) as y from unnest(generate_array(1, 400)) as n)"


@pytest.fixture
def train(ask):
    """Train a linear model on columns over numbers and return ML.WEIGHTS by input."""

    def run(columns: str, label: str = "y") -> dict:
        ask(f"create or replace model typed {LINEAR} as select {columns}, {label} as y from {ROWS}")
        return {one["processed_input"]: one for one in ask("select * from ml.weights(model typed)")}

    return run


def categories(row):
    return [one["category"] for one in row["category_weights"]]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            "date_add(date '2024-01-30', interval mod(n, 3) day)",
            ["2024-01-30", "2024-01-31", "2024-02-01"],
        ),
        (
            "datetime_add(datetime '2024-01-01 23:59:59', interval mod(n, 2) second)",
            ["2024-01-01 23:59:59", "2024-01-02 00:00:00"],
        ),
        (
            "time_add(time '10:00:00', interval mod(n, 2) * 1500 millisecond)",
            ["10:00:00", "10:00:01.500"],
        ),
        ("if(mod(n, 2) = 0, b'a', b'b')", ["YQ==", "Yg=="]),
        ("mod(n, 2) = 0", ["false", "true"]),
    ],
)
def test_simple_types_are_categories(train, ask, expression, expected):
    weights = train(f"{expression} as x")

    assert categories(weights["x"]) == sorted(expected)
    rows = ask(f"select * from ml.predict(model typed, (select {expression} as x from {ROWS}))")
    assert len(rows) == 400
    assert ask(
        f"select r2_score from ml.evaluate(model typed, (select {expression} as x, y from {ROWS}))"
    )


def test_a_timestamp_is_seconds_and_seven_categories(train, ask):
    weights = train("timestamp_add(timestamp '2023-12-30 22:30:00+00', interval n hour) as t")

    parts = {f"_TS_{name}_t" for name in ("DOM", "DOW", "MOY", "HOD", "MOH", "WOY", "YEAR")}
    assert set(weights) == {"t", "__INTERCEPT__"} | parts
    assert weights["t"]["weight"] is not None
    assert categories(weights["_TS_YEAR_t"]) == ["2023", "2024"]
    assert set(categories(weights["_TS_DOW_t"])) == set("1234567")
    assert categories(weights["_TS_MOH_t"]) == ["30"]
    (one,) = ask(
        "select extract(dayofweek from t) as dow, extract(week from t) as week from "
        "(select timestamp '2024-01-06 00:00:00+00' as t)"
    )
    assert (one["dow"], one["week"]) == (7, 0)
    assert "0" in categories(weights["_TS_WOY_t"])
    (row,) = ask(
        "select predicted_y from ml.predict(model typed, "
        "(select timestamp '2023-12-31 22:30:00+00' as t))"
    )
    assert row["predicted_y"] == pytest.approx(24.0, abs=0.5)


def test_a_null_timestamp_has_its_own_categories(train):
    weights = train("if(mod(n, 5) = 0, null, timestamp_seconds(n * 86400)) as t")

    assert "_null_filler" in categories(weights["_TS_DOM_t"])


def test_a_struct_is_one_feature_for_each_field(train, ask):
    weights = train("struct(n as number, if(mod(n, 2) = 0, 'even', 'odd') as parity) as s")

    assert weights["s_number"]["weight"] == pytest.approx(1.0)
    assert categories(weights["s_parity"]) == ["even", "odd"]
    (row,) = ask(
        "select predicted_y from ml.predict(model typed, "
        "(select struct(7 as number, 'odd' as parity) as s))"
    )
    assert row["predicted_y"] == pytest.approx(7.0)


def test_an_array_of_texts_is_multi_hot(train, ask):
    weights = train(
        "case mod(n, 4) when 0 then ['a'] when 1 then ['a', 'b', 'b'] when 2 then ['b', 'c'] "
        "else [] end as tags",
        "10.0 * if(mod(n, 4) < 2, 1, 0) + 3.0 * if(mod(n, 4) in (1, 2), 1, 0)",
    )  # fmt: skip

    assert categories(weights["tags"]) == ["a", "b", "c", "_null_filler"]
    rows = ask(
        "select tags, predicted_y from ml.predict(model typed, (select tags from unnest(["
        "struct(['a'] as tags), struct(['b', 'a', 'z'])])))"
    )
    assert [row["predicted_y"] for row in rows] == pytest.approx([10.0, 13.0])


def test_an_array_of_numbers_is_a_vector(train, ask):
    weights = train("[n, n * n, 5] as v", "2.0 * n + 3.0 * n * n")

    pairs = {one["category"]: one["weight"] for one in weights["v"]["category_weights"]}
    assert pairs["0"] == pytest.approx(2.0, rel=1e-6)
    assert pairs["1"] == pytest.approx(3.0, rel=1e-6)
    (info,) = ask("select dimension from ml.feature_info(model typed)")
    assert info["dimension"] == 3
    with pytest.raises(BadRequest, match="2 elements in one row and 3 in another"):
        ask("select * from ml.predict(model typed, (select [1, 2] as v))")


def test_an_array_of_structs_is_a_sparse_vector(train, ask):
    train("[struct(0 as i, cast(n as float64) as v), struct(7, 1.0)] as sparse")

    (row,) = ask(
        "select predicted_y from ml.predict(model typed, "
        "(select [struct(7 as i, 1.0 as v), struct(0, 5.0), struct(99, 1.0)] as sparse))"
    )
    assert row["predicted_y"] == pytest.approx(5.0)


@pytest.mark.parametrize(
    "label",
    [
        "date_add(date '2024-01-01', interval mod(n, 3) day)",
        "time_add(time '10:00:00', interval mod(n, 2) hour)",
        "mod(n, 3)",
        "if(n > 200, b'x', b'y')",
    ],
)
def test_a_class_keeps_its_type(ask, client, label):
    query = f"select n, {label} as c from {ROWS}"
    ask(
        "create or replace model typed_class options(model_type = 'logistic_reg', "
        f"input_label_cols = ['c'], data_split_method = 'no_split') as {query}"
    )

    rows = client.query(
        f"select predicted_c, c from ml.predict(model ml_wire.typed_class, ({query}))"
    ).result()

    assert rows.schema[0].field_type == rows.schema[1].field_type
    values = [tuple(row.values()) for row in rows]
    assert {predicted for predicted, _ in values} <= {actual for _, actual in values}


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("interval 1 day", "INTERVAL"),
        ("struct(struct(1 as a) as b)", "STRUCT<b STRUCT<a INT64>>"),
        ("[timestamp '2024-01-01']", "ARRAY<TIMESTAMP>"),
    ],
)
def test_other_types_are_refused_by_name(ask, expression, kind):
    with pytest.raises(BadRequest, match=f'A feature of type {kind} .column "x'):
        ask(f"create model never {LINEAR} as select {expression} as x, y from {ROWS}")


def test_a_column_of_another_type_is_refused(train, ask):
    train("date_add(date '2024-01-01', interval mod(n, 3) day) as x")

    with pytest.raises(BadRequest, match=r'"x" has type STRING in the input; .* with DATE'):
        ask("select * from ml.predict(model typed, (select '2024-01-01' as x))")
