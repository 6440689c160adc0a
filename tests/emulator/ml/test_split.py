import numpy as np
import pyarrow as pa
import pytest

from emulator.ml.data.training_data import make_training_set
from tests.emulator.ml.training import cars, collect, trained

LINEAR = {"model_type": "LINEAR_REG", "input_label_cols": ["y"]}


def numbers(rows, **columns):
    random = np.random.default_rng(rows)
    return pa.table({"x": random.normal(size=rows), "y": random.normal(size=rows), **columns})


def sizes(table, **options):
    rows = make_training_set(*collect(table, 100_000, **LINEAR, **options))
    return len(rows.training), len(rows.evaluation)


@pytest.mark.parametrize(
    ("rows", "evaluated"), [(499, 0), (500, 100), (50_000, 10_000), (60_000, 10_000)]
)
def test_automatic_split_depends_on_the_number_of_rows(rows, evaluated):
    assert sizes(numbers(rows)) == (rows - evaluated, evaluated)


def test_a_random_split_takes_the_fraction():
    split = sizes(numbers(1000), data_split_method="RANDOM", data_split_eval_fraction=0.3)

    assert split == (700, 300)


def test_a_custom_split_trains_on_false_alone():
    flags = pa.array([False] * 60 + [True] * 30 + [None] * 10)

    split = sizes(numbers(100, held=flags), data_split_method="CUSTOM", data_split_col="held")

    assert split == (60, 40)


def test_a_sequential_split_evaluates_the_last_rows_and_trains_on_nulls():
    day = pa.array([None] * 10 + list(range(90)))

    split = sizes(
        numbers(100, day=day),
        data_split_method="SEQ",
        data_split_col="day",
        data_split_eval_fraction=0.25,
    )

    assert split == (75, 25)


def test_the_split_column_is_no_feature():
    flags = pa.array([index % 3 == 0 for index in range(100)])

    model = trained(
        numbers(100, held=flags), **LINEAR, data_split_method="CUSTOM", data_split_col="HELD"
    )

    assert [feature.name for feature in model.features] == ["x"]
    assert model.iterations[0].eval_loss is not None


def test_metrics_are_those_of_the_evaluation_rows():
    flags = pa.array([index >= 60 for index in range(100)])
    table = numbers(100)

    model = trained(
        table.append_column("held", flags),
        **LINEAR,
        data_split_method="CUSTOM",
        data_split_col="held",
    )

    x, y = (table[name].to_numpy() for name in ("x", "y"))
    slope, offset = np.polyfit(x[:60], y[:60], 1)
    error = y[60:] - offset - slope * x[60:]
    assert model.metrics["mean_squared_error"] == pytest.approx((error**2).mean())


def test_statistics_are_those_of_the_training_rows():
    flags = pa.array([index >= 60 for index in range(100)])
    fuel = pa.array(["a", "b"] * 30 + ["c"] * 40)
    table = numbers(100, held=flags, fuel=fuel)

    model = trained(table, **LINEAR, data_split_method="CUSTOM", data_split_col="held")

    number, category = model.features
    assert number.mean == pytest.approx(table["x"].to_numpy()[:60].mean())
    assert category.categories == ("a", "b")


def test_equal_rows_in_another_order_are_split_alike():
    table = cars(900).select(["fuel", "year", "mileage", "price"])
    shuffled = table.take(np.random.default_rng(0).permutation(900))
    options = {"model_type": "LINEAR_REG", "input_label_cols": ["price"],
               "data_split_method": "RANDOM"}  # fmt: skip

    assert trained(table, **options).metrics == trained(shuffled, **options).metrics
