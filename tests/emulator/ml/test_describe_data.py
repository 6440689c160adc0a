"""ML.DESCRIBE_DATA against Python's own statistics of the same rows."""

import statistics
from collections import Counter

import pytest
from google.api_core.exceptions import BadRequest, NotFound

MANY = (
    "(select if(mod(n, 10) = 0, null, mod(n * 7919, 97)) as x, "
    "if(mod(n, 7) = 0, null, ['a', 'bb', 'ccc', 'bb'][offset(mod(n, 4))]) as word, "
    "generate_array(1, mod(n, 4)) as items, n "
    "from unnest(generate_array(0, 499)) as n)"
)


def described(ask, source, settings=""):
    rows = ask(f"select * from ml.describe_data({source}{settings})")
    return {row["name"]: row for row in rows}


def test_numbers_are_described_as_python_does(ask):
    found = described(ask, MANY, ", struct(4 as num_quantiles)")["x"]
    given = [row["x"] for row in ask(f"select x from {MANY}")]
    known = sorted(value for value in given if value is not None)

    assert (found["num_rows"], found["num_values"]) == (500, len(known))
    assert found["num_nulls"] == given.count(None)
    assert found["num_zeros"] == known.count(0)
    assert (found["min"], found["max"]) == (str(known[0]), str(known[-1]))
    assert found["mean"] == pytest.approx(statistics.mean(known))
    assert found["stdev"] == pytest.approx(statistics.stdev(known))
    assert found["median"] == statistics.median_low(known)
    assert len(found["quantiles"]) == 5
    assert (found["quantiles"][0], found["quantiles"][-1]) == (known[0], known[-1])
    for share, value in zip((0.25, 0.5, 0.75), found["quantiles"][1:-1], strict=True):
        assert sum(one < value for one in known) <= share * len(known)
        assert sum(one <= value for one in known) >= share * len(known)
    for name in ("unique", "avg_string_length", "min_array_length", "dimension"):
        assert found[name] is None
    assert found["top_values"] == []


def test_words_are_described_as_python_does(ask):
    found = described(ask, MANY, ", struct(2 as top_k)")["word"]
    given = [row["word"] for row in ask(f"select word from {MANY}")]
    known = [word for word in given if word is not None]

    assert found["num_nulls"] == given.count(None)
    assert (found["min"], found["max"], found["unique"]) == ("a", "ccc", 3)
    assert found["avg_string_length"] == pytest.approx(statistics.mean(map(len, known)))
    ranked = sorted(Counter(known).items(), key=lambda one: (-one[1], one[0]))
    assert [(one["value"], one["count"]) for one in found["top_values"]] == ranked[:2]
    assert [found[name] for name in ("num_zeros", "mean", "stdev", "median")] == [None] * 4


def test_arrays_are_described_by_values_and_lengths(ask):
    found = described(ask, MANY, ", struct(2 as num_array_length_quantiles)")["items"]
    lengths = [n % 4 for n in range(500)]
    values = [value for length in lengths for value in range(1, length + 1)]

    assert (found["num_rows"], found["num_values"]) == (500, len(values))
    assert found["mean"] == pytest.approx(statistics.mean(values))
    assert (found["min_array_length"], found["max_array_length"]) == (0, 3)
    assert found["avg_array_length"] == pytest.approx(statistics.mean(lengths))
    assert found["total_array_length"] == sum(lengths)
    assert found["array_length_quantiles"] == [0, 1, 3]


def test_sparse_arrays_have_a_dimension(ask):
    source = "(select [struct(4 as i, 1.5 as v), struct(9 as i, 0.0 as v)] as sparse)"
    found = described(ask, source)["sparse"]

    assert found["dimension"] == 10
    assert (found["num_values"], found["num_zeros"], found["max"]) == (2, 1, "1.5")


def test_fields_and_other_types_are_described_as_text_or_numbers(ask):
    source = (
        "(select struct(1 as a, 'x' as b) as s, true as flag, date '2024-02-29' as day, "
        "datetime '2024-02-29 10:00:00' as noon, timestamp '2024-02-29 10:00:00+00' as moment, "
        "time '10:00:00' as clock, b'abc' as bytes, numeric '2.50' as price)"
    )
    found = described(ask, source)

    assert {name: row["min"] for name, row in found.items()} == {
        "s_a": "1", "s_b": "x", "flag": "true", "day": "2024-02-29", "bytes": "abc",
        "noon": "2024-02-29 10:00:00", "moment": "2024-02-29 10:00:00+00", "clock": "10:00:00",
        "price": "2.5",
    }  # fmt: skip
    assert found["flag"]["unique"] == 1
    assert found["price"]["mean"] == 2.5


def test_tables_views_and_common_tables_are_described(ask):
    ask("create or replace view described as select * from ml.describe_data(table cars)")

    names = {row["name"] for row in ask("select name from described")}
    assert {"fuel", "year", "mileage"} <= names
    ask("create or replace table kept as select name, num_rows from ml.describe_data(table cars)")
    assert {row["name"] for row in ask("select name from kept")} == names
    rows = ask(
        "with t as (select 1 as n) select name, mean from ml.describe_data((select n from t))"
    )
    assert rows == [{"name": "n", "mean": 1.0}]


def test_columns_without_values_are_described(ask):
    empty = described(ask, "(select 1.0 as x, 'a' as w, [1] as a from cars where false)")
    assert [(row["num_rows"], row["min"], row["num_values"]) for row in empty.values()] == [
        (0, None, 0)
    ] * 3
    null = described(ask, "(select cast(null as float64) as x, cast(null as string) as w)")
    assert [(row["num_nulls"], row["max"]) for row in null.values()] == [(1, None)] * 2
    odd = described(ask, "(select cast('nan' as float64) as x union all select 1)")["x"]
    assert (odd["num_values"], odd["min"], str(odd["stdev"])) == (2, "1", "nan")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("table cars, struct(0 as num_quantiles)", "num_quantiles.*from 1 to 100000"),
        ("table cars, struct(10001 as top_k)", "top_k.*from 1 to 10000"),
        ("table cars, struct('x' as num_array_length_quantiles)", "num_array_length_quantiles"),
        ("table cars, struct(1 as trees)", "does not take the setting trees"),
        ("struct(1 as top_k)", "needs TABLE"),
        ("model price, table cars", "does not take the argument MODEL|model price"),
        ("(select interval 1 day as wait)", 'Column "wait" has type INTERVAL'),
        ("(select [struct('a' as i, 1 as v)] as pairs)", 'Column "pairs" has type'),
        ("(select st_geogpoint(1, 2) as place)", 'Column "place" has type GEOGRAPHY, which ML'),
        ("(select json '1' as note)", 'Column "note" has type JSON'),
        ("(select [json '1'] as notes)", 'Column "notes" has type ARRAY<JSON>'),
        ("(select struct('x' as a, json '1' as b) as s)", 'Column "s_b" has type JSON'),
        ("table no_such_table", "no_such_table"),
    ],
)
def test_what_cannot_be_described_is_refused(ask, call, message):
    with pytest.raises((BadRequest, NotFound), match=message):
        ask(f"select * from ml.describe_data({call})")
