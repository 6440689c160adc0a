"""ML.VALIDATE_DATA_DRIFT against distances computed by NumPy and SciPy from the same rows."""

import itertools

import numpy as np
import pytest
from google.api_core.exceptions import BadRequest
from scipy.spatial.distance import jensenshannon

BASE = (
    "(select mod(n * 7919, 97) / 3 as x, substr('abc', mod(n, 3) + 1, 1) as word, "
    "generate_array(1, mod(n, 4)) as items from unnest(generate_array(0, 399)) as n)"
)
STUDY = (
    "(select mod(n * 7919, 89) / 2 + 4 as x, substr('abda', mod(n, 4) + 1, 1) as word, "
    "generate_array(2, 2 + mod(n, 5)) as items from unnest(generate_array(0, 299)) as n)"
)


def drift(ask, base, study, settings=""):
    rows = ask(f"select * from ml.validate_data_drift({base}, {study}{settings})")
    return {row["input"]: row for row in rows}


def cut(values, edges, bins):
    """Return the shares of a histogram of equal bins between finer edges."""
    counts, own = np.histogram(values, bins)
    out = []
    for low, high in itertools.pairwise(edges):
        at = np.searchsorted(own, (low + high) / 2, side="right") - 1
        inside = 0 <= at < bins
        out.append(counts[at] * (high - low) / (own[at + 1] - own[at]) if inside else 0)
    return np.array(out) / len(values)


def expected_divergence(first, second, bins):
    edges = np.union1d(np.histogram(first, bins)[1], np.histogram(second, bins)[1])
    return jensenshannon(cut(first, edges, bins), cut(second, edges, bins), base=2) ** 2


@pytest.mark.parametrize("bins", [1, 10, 37])
def test_numbers_differ_by_the_divergence_of_their_histograms(ask, bins):
    settings = f", struct({bins} as num_histogram_buckets)"
    found = drift(ask, BASE, STUDY, settings)
    for name, column in (("x", "x"), ("items", "item")):
        source = "{}, unnest(items) as item" if name == "items" else "{}"
        first, second = (
            np.array([float(row["v"]) for row in ask(f"select {column} as v from {rows}")])
            for rows in (source.format(BASE), source.format(STUDY))
        )

        assert found[name]["metric"] == "JENSEN_SHANNON_DIVERGENCE"
        assert found[name]["value"] == pytest.approx(
            expected_divergence(first, second, bins), abs=1e-9
        )


def test_words_differ_by_their_largest_share_or_their_divergence(ask):
    first, second = [134 / 400, 133 / 400, 133 / 400, 0], [150 / 300, 75 / 300, 0, 75 / 300]

    plain = drift(ask, BASE, STUDY)["word"]
    assert (plain["metric"], plain["threshold"], plain["is_anomaly"]) == ("L_INFTY", 0.3, True)
    assert plain["value"] == pytest.approx(np.abs(np.subtract(first, second)).max())
    settings = (
        ", struct('JENSEN_SHANNON_DIVERGENCE' as categorical_metric_type, "
        "0.9 as categorical_default_threshold)"
    )
    bits = drift(ask, BASE, STUDY, settings)["word"]
    assert bits["value"] == pytest.approx(jensenshannon(first, second, base=2) ** 2)
    assert (bits["threshold"], bits["is_anomaly"]) == (0.9, False)


def test_only_the_most_frequent_words_are_compared(ask):
    base = "(select w from unnest(['a', 'a', 'a', 'b']) as w)"
    study = "(select w from unnest(['a', 'b', 'b', 'b']) as w)"

    assert drift(ask, base, study)["w"]["value"] == 0.5
    assert drift(ask, base, study, ", struct(1 as num_rank_histogram_buckets)")["w"]["value"] == 1


def test_the_same_rows_do_not_differ_and_others_wholly(ask):
    assert {row["value"] for row in drift(ask, "table cars", "table cars").values()} == {0}
    one, two = "(select 1.0 as x, 'a' as w)", "(select 2.0 as x, 'b' as w)"
    assert {row["value"] for row in drift(ask, one, two).values()} == {1}
    assert {row["value"] for row in drift(ask, one, one).values()} == {0}
    many = "(select x from unnest([1.0, 2.0, 3.0]) as x)"
    apart, inside = "(select 9.0 as x)", "(select 3.0 as x)"
    assert drift(ask, many, apart)["x"]["value"] == pytest.approx(1)
    assert 0 < drift(ask, many, inside)["x"]["value"] < 1


def test_what_is_no_number_counts_too(ask):
    base = "(select cast(x as float64) as x from unnest(['1', '2', 'nan', 'inf']) as x)"
    study = "(select cast(x as float64) as x from unnest(['1', '2', 'nan', '-inf']) as x)"
    shares = [[0, 0.5, 0.25, 0.25], [0.25, 0.5, 0, 0.25]]

    value = drift(ask, base, study, ", struct(1 as num_histogram_buckets)")["x"]["value"]
    assert value == pytest.approx(jensenshannon(*shares, base=2) ** 2)
    nothing = drift(ask, "(select cast(null as int64) as x)", "(select 1 as x)")["x"]
    assert (nothing["value"], nothing["is_anomaly"]) == (None, None)


def test_columns_of_another_type_are_compared_as_text_or_left_out(ask):
    base = "(select 1 as x, 'a' as word, 2 as same, [1] as list)"
    study = "(select '1' as x, 2 as word, 2.0 as same, ['a'] as list)"

    texts = drift(ask, base, study)
    assert {name: row["value"] for name, row in texts.items()} == {"x": 0, "word": 1, "same": 0}
    assert [row["metric"] for row in texts.values()] == [
        "L_INFTY", "L_INFTY", "JENSEN_SHANNON_DIVERGENCE",
    ]  # fmt: skip
    divergence = ", struct('JENSEN_SHANNON_DIVERGENCE' as categorical_metric_type)"
    assert list(drift(ask, base, study, divergence)) == ["same"]


def test_a_column_of_one_side_is_left_out(ask):
    assert list(drift(ask, "(select 1 as a, 2 as b)", "(select 2 as B, 3 as c)")) == ["b"]
    assert drift(ask, "(select 1 as a)", "(select json '1' as b)") == {}


def test_a_column_may_have_a_threshold_of_its_own(ask):
    found = drift(ask, BASE, STUDY, ", struct([('x', 0.01), ('word', 0.99)] as thresholds)")
    named = ", struct([struct('x' as name, 0.005 + 0.005 as t), ('word', 0.99)] as thresholds)"

    assert drift(ask, BASE, STUDY, named) == found
    assert [found[name]["threshold"] for name in ("x", "word", "items")] == [0.01, 0.99, 0.3]
    assert [found[name]["is_anomaly"] for name in ("x", "word")] == [True, False]


def test_a_view_over_it_is_fresh(ask):
    ask("create or replace table drifting as select 1.0 as x")
    ask(
        "create or replace view drifted as select input, value from ml.validate_data_drift("
        "table drifting, (select 1.0 as x))"
    )
    assert ask("select value from drifted") == [{"value": 0}]
    ask("create or replace table drifting as select 2.0 as x")
    assert ask("select value from drifted") == [{"value": 1}]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("table cars", "needs two tables"),
        ("table cars, table cars, struct(1.0 as numerical_default_threshold)", "below 1"),
        ("table cars, table cars, struct('L_INFTY' as numerical_metric_type)", "JENSEN_SHANNON"),
        ("table cars, table cars, struct('L2' as categorical_metric_type)", "L_INFTY or JENSEN"),
        ("table cars, table cars, struct([('x', 0.1)] as thresholds)", "name the column x"),
        ("table cars, table cars, struct([('fuel', 2.0)] as thresholds)", "thresholds"),
        ("table cars, table cars, struct(0 as num_histogram_buckets)", "from 1 to 1000"),
        ("table cars, table cars, model price", "does not take the argument model price"),
        ("(select st_geogpoint(1, 2) as g), (select 'a' as g)", 'Column "g" has type GEOGRAPHY'),
        ("(select 'a' as j), (select json '1' as j)", 'Column "j" has type JSON'),
    ],
)
def test_what_cannot_be_compared_is_refused(ask, call, message):
    with pytest.raises(BadRequest, match=message):
        ask(f"select * from ml.validate_data_drift({call})")


def test_other_functions_take_one_table(ask):
    with pytest.raises(BadRequest, match="second table"):
        ask("select * from ml.predict(model price, table cars, table cars)")
