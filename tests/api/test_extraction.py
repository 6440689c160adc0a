"""Tables answer as their pipeline does, whatever its steps are."""

import pickle

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, PolynomialFeatures, StandardScaler

from api.errors import LoadError
from api.extraction import tables_of
from export.artifact import Manifest, predict
from export.pipelines import Columns
from export.transplant import Weights, transplanted
from tests.api.publishing import CLASSES, TYPICAL, manifest_of, trained, training_rows


def manifest(name, pipeline):
    return Manifest(**manifest_of(name, "1" * 16, pipeline))


def prepared(numbers, **encoder):
    fill = SimpleImputer(missing_values=None, strategy="constant", fill_value="_null_filler")
    return ColumnTransformer(
        [
            ("t", make_pipeline(fill, OneHotEncoder(**encoder)), ["model", "fuel_type"]),
            ("n", make_pipeline(SimpleImputer(), *numbers), ["mileage_km", "year"]),
        ]
    )


def prices():
    return trained("price").predict(training_rows())


@pytest.mark.parametrize("name", CLASSES)
def test_tables_equal_the_exported_pipelines(name):
    pipeline = trained(name)

    tables = tables_of(pipeline, manifest(name, pipeline))

    assert len(tables.equations) == (3 if name == "class_many" else 1)
    wanted = predict(pipeline, manifest(name, pipeline), [TYPICAL])[0]
    outputs = list(wanted["probabilities"].values()) if "label" in wanted else [wanted["value"]]
    assert tables.answer(TYPICAL)[1] == pytest.approx(outputs, rel=1e-12)


def test_weights_are_the_estimators_own():
    pipeline = make_pipeline(prepared([], handle_unknown="ignore"), LinearRegression())
    pipeline.fit(training_rows(), prices())
    equation = tables_of(pipeline, manifest("price", pipeline)).equations[0]

    *_, mileage, year = pipeline[-1].coef_
    mean = training_rows().mileage_km.mean()

    assert equation.numeric["year"].weight == pytest.approx(year, rel=1e-12)
    assert equation.numeric["mileage_km"].null == pytest.approx(mileage * mean, rel=1e-9)
    assert equation.categorical["model"].null == 0
    assert set(equation.categorical["fuel_type"].weights) == {"Diesel", "Petrol", "_null_filler"}
    assert equation.categorical["fuel_type"].null == pytest.approx(
        equation.categorical["fuel_type"].weights["_null_filler"], rel=1e-9
    )


@pytest.mark.parametrize(
    "pipeline",
    [
        make_pipeline(prepared([StandardScaler()], handle_unknown="ignore"), LinearRegression()),
        make_pipeline(prepared([MinMaxScaler()], handle_unknown="ignore"), Ridge(alpha=3.0)),
        make_pipeline(
            prepared([], handle_unknown="ignore", sparse_output=False), LinearRegression()
        ),
    ],
    ids=["scaled", "min-max and ridge", "dense"],
)
def test_other_linear_pipelines_can_be_served(pipeline):
    pipeline.fit(training_rows(), prices())

    tables = tables_of(pipeline, manifest("price", pipeline))

    assert tables.link == "identity"


def test_a_transplanted_pipeline_can_be_served():
    columns = Columns(
        ("year", "mileage_km"),
        {"model": ("M3", "X1", "X5", "série 3"), "fuel_type": ("Diesel", "Petrol", "_null_filler")},
    )
    weights = Weights(
        columns,
        {"year": 2017.0, "mileage_km": 90_000.0},
        np.array([[0.3, -1e-5, 0.1, 0.2, 0.9, -0.4, 0.0, 0.7, -1.2]]),
        np.array([-604.0]),
    )
    pipeline = transplanted(weights, ["model", "fuel_type", "year", "mileage_km"], ["High", "Low"])
    pipeline = pickle.loads(pickle.dumps(pipeline))

    tables = tables_of(pipeline, manifest("class_two", pipeline))

    assert tables.equations[0].categorical["model"].weights["X5"] == pytest.approx(0.9)


def test_a_category_that_only_the_pipeline_knows_is_in_the_tables():
    rows = training_rows().copy()
    rows.loc[rows.index[-40:], "model"] = "secret"
    pipeline = make_pipeline(prepared([], handle_unknown="ignore"), LinearRegression())
    pipeline.fit(rows, prices())

    tables = tables_of(pipeline, manifest("price", pipeline))

    assert "secret" in tables.equations[0].categorical["model"].weights


@pytest.mark.parametrize(
    ("pipeline", "reason"),
    [
        (
            make_pipeline(
                prepared([PolynomialFeatures(2)], handle_unknown="ignore"), LinearRegression()
            ),
            "looks? at each column by itself",
        ),
        (
            make_pipeline(
                prepared([], handle_unknown="ignore", sparse_output=False),
                GradientBoostingRegressor(n_estimators=2),
            ),
            "GradientBoostingRegressor, which has no weights",
        ),
    ],
    ids=["columns multiplied", "trees"],
)
def test_a_pipeline_that_tables_cannot_repeat_is_refused(pipeline, reason):
    pipeline.fit(training_rows(), prices())

    with pytest.raises(LoadError, match=reason):
        tables_of(pipeline, manifest("price", pipeline))


def test_other_classes_than_the_manifest_says_are_refused():
    pipeline = make_pipeline(prepared([StandardScaler()]), LogisticRegression())
    pipeline.fit(training_rows(), np.where(prices() > 1e4, "Up", "Down"))
    stranger = manifest("class_two", trained("class_two"))

    with pytest.raises(LoadError, match=r"knows the classes \['Down', 'Up'\]"):
        tables_of(pipeline, stranger)
