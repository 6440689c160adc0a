import pyarrow as pa
import pytest

from emulator.ml.errors import ModelError, NotEmulated, TrainingDataError
from tests.emulator.ml.training import trained

Y = pa.array([1.0, 2.0, 3.0, 4.0])


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"x": Y}, {}, 'label column "y" is not among the columns of the training query: x'),
        ({"x": Y, "y": Y.slice(0, 0)}, {}, "zero rows"),
        ({"x": Y, "y": pa.nulls(4, pa.float64())}, {}, '"y" is NULL in every training row'),
        ({"x": Y, "y": [1.0, None, 2.0, 3.0]}, {}, '"y" contains NULL values .1 of 4 rows'),
        ({"x": Y, "y": ["a", "b", "a", "b"]}, {}, '"y" has type STRING'),
        ({"y": Y}, {}, "has no feature"),
        ({"x": pa.nulls(4, pa.float64()), "y": Y}, {}, 'feature column "x" is NULL in every'),
        ({"x": pa.nulls(4, pa.string()), "y": Y}, {}, 'feature column "x" is NULL in every'),
        ({"x": [1.0, float("nan"), 2.0, 3.0], "y": Y}, {}, '"x" holds NaN or infinite'),
        ({"x": Y, "y": [1.0, float("inf"), 2.0, 3.0]}, {}, '"y" holds NaN or infinite'),
        (
            {"x": Y, "y": Y, "s": [1, 0, 1, 0]},
            {"data_split_method": "CUSTOM", "data_split_col": "s"},
            "needs BOOL",
        ),
        (
            {"x": Y, "y": Y, "s": [True, True, None, True]},
            {"data_split_method": "CUSTOM", "data_split_col": "s"},
            "zero training rows",
        ),
        (
            {"x": Y, "y": Y},
            {"data_split_method": "CUSTOM", "data_split_col": "s"},
            'data split column "s" is not among',
        ),
    ],
)
def test_a_linear_model_refuses_by_column(columns, options, message):
    shortest = min(len(values) for values in columns.values())
    table = pa.table({name: values[:shortest] for name, values in columns.items()})

    with pytest.raises(TrainingDataError, match=message):
        trained(table, model_type="LINEAR_REG", input_label_cols=["y"], **options)


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (["a"] * 4, 'single class, "a"'),
        ([f"c{number}" for number in range(51)], "51 classes"),
        ([None, None], "is NULL in every training row"),
        (["a", None, "b"], "contains NULL values .1 of 3 rows"),
    ],
    ids=["one class", "51 classes", "all null", "some null"],
)
def test_a_classification_refuses_by_label(label, message):
    table = pa.table({"x": range(len(label)), "y": pa.array(label, pa.string())})

    with pytest.raises(TrainingDataError, match=message):
        trained(table, model_type="LOGISTIC_REG", input_label_cols=["y"])


def test_the_same_column_twice_is_refused():
    table = pa.table([Y, Y, Y], names=["x", "X", "y"])

    with pytest.raises(TrainingDataError, match="Duplicate column names"):
        trained(table, model_type="LINEAR_REG", input_label_cols=["y"])


def test_a_feature_of_another_type_is_refused_by_name():
    table = pa.table({"x": pa.array([None] * 4, pa.month_day_nano_interval()), "y": Y})

    with pytest.raises(NotEmulated, match=r'type INTERVAL .column "x"'):
        trained(table, model_type="LINEAR_REG", input_label_cols=["y"])


def test_class_weights_must_name_every_class():
    table = pa.table({"x": [1, 2, 3], "y": ["a", "b", "c"]})

    with pytest.raises(ModelError, match="a weight for every label"):
        trained(
            table, model_type="LOGISTIC_REG", input_label_cols=["y"],
            class_weights=[("a", 1.0), ("b", 1.0)],
        )  # fmt: skip


def test_booleans_whole_numbers_and_decimals_are_features():
    import decimal

    table = pa.table(
        {
            "flag": [True, False, None, True] * 5,
            "count": list(range(20)),
            "cost": [decimal.Decimal(number) / 4 for number in range(20)],
            "y": [float(number % 7) for number in range(20)],
        }
    )

    model = trained(table, model_type="LINEAR_REG", input_label_cols=["Y"])

    assert [(f.name, f.type) for f in model.features] == [
        ("flag", "BOOL"), ("count", "INT64"), ("cost", "NUMERIC"),
    ]  # fmt: skip
    assert model.features[0].categories == ("false", "true", "_null_filler")
