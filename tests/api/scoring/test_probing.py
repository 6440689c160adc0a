"""Tables answer as their pipeline does, whatever its steps are."""

import pickle
from random import Random

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, PolynomialFeatures, StandardScaler

from api.errors import Entangled, LoadError
from api.scoring.compiled import compile_tables
from api.scoring.probing import tables_of
from api.scoring.proving import generated_rows
from export.artifact import Manifest, attributions, frame, predict
from export.families.clause import Buckets, Fill, Made, Scale, Vocabulary
from export.families.clause_steps import column_of
from export.families.design import designed, names_of
from export.families.weights import ColumnWeights
from export.families.weights import transplanted as linear_of
from export.pipelines import Columns
from export.transplant import Weights, transplanted
from tests.api.publishing import (
    CLASSES,
    FEATURES,
    TYPICAL,
    manifest_of,
    trained,
    training_rows,
    tree_pipeline,
)

BINS = ("bin_1", "bin_2", "bin_3", "bin_4")


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


def compiled(pipeline, stated):
    return compile_tables(tables_of(pipeline, stated), stated.features)


def values(row):
    return [row[feature.name] for feature in FEATURES]


@pytest.mark.parametrize("name", CLASSES)
def test_tables_equal_the_exported_pipelines(name):
    pipeline = trained(name)
    stated = manifest(name, pipeline)

    scorer = compiled(pipeline, stated)

    wanted = predict(pipeline, stated, [TYPICAL])[0]
    outputs = list(wanted["probabilities"].values()) if "label" in wanted else [wanted["value"]]
    if name != "trees":
        assert len(scorer.tables.baseline) == (3 if name == "class_many" else 1)
    near = 1e-6 if name == "trees" else 1e-12
    assert scorer.one(values(TYPICAL)) == pytest.approx(outputs, rel=near)


def test_vectors_are_the_estimators_weights_around_its_means():
    pipeline = make_pipeline(prepared([], handle_unknown="ignore"), LinearRegression())
    pipeline.fit(training_rows(), prices())
    columns = tables_of(pipeline, manifest("price", pipeline)).columns

    *_, mileage, year = pipeline[-1].coef_
    mean = training_rows().mileage_km.mean()

    assert columns["year"].slopes == ((pytest.approx(year, rel=1e-9),),)
    assert columns["mileage_km"].offsets == ((pytest.approx(-mileage * mean, rel=1e-9),),)
    assert columns["mileage_km"].null == (0.0,)
    assert columns["model"].null == columns["model"].unseen == (0.0,)
    assert set(columns["fuel_type"].known) == {"Diesel", "Petrol", "_null_filler"}
    assert columns["fuel_type"].null == columns["fuel_type"].known["_null_filler"]


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

    assert tables.columns["model"].known["X5"] == (pytest.approx(0.9),)


def test_a_category_that_only_the_pipeline_knows_is_in_the_tables():
    rows = training_rows().copy()
    rows.loc[rows.index[-40:], "model"] = "secret"
    pipeline = make_pipeline(prepared([], handle_unknown="ignore"), LinearRegression())
    pipeline.fit(rows, prices())

    tables = tables_of(pipeline, manifest("price", pipeline))

    assert "secret" in tables.columns["model"].known


@pytest.mark.parametrize(
    ("pipeline", "reason"),
    [
        (
            make_pipeline(
                prepared([PolynomialFeatures(2)], handle_unknown="ignore"), LinearRegression()
            ),
            "cannot repeat the pipeline: .* meets another column in one feature",
        ),
        (
            make_pipeline(
                prepared([], handle_unknown="ignore", sparse_output=False),
                GradientBoostingRegressor(n_estimators=2),
            ),
            "ends in GradientBoostingRegressor; linear models",
        ),
    ],
    ids=["columns multiplied", "trees"],
)
def test_a_pipeline_that_tables_cannot_repeat_is_told_from_a_broken_one(pipeline, reason):
    pipeline.fit(training_rows(), prices())

    with pytest.raises(Entangled, match=reason):
        tables_of(pipeline, manifest("price", pipeline))


def test_other_classes_than_the_manifest_says_are_refused():
    pipeline = make_pipeline(prepared([StandardScaler()]), LogisticRegression())
    pipeline.fit(training_rows(), np.where(prices() > 1e4, "Up", "Down"))
    stranger = manifest("class_two", trained("class_two"))

    with pytest.raises(LoadError, match=r"knows the classes \['Down', 'Up'\]"):
        tables_of(pipeline, stranger)


CLAUSE = (
    (Made("km", "mileage_km", "STANDARD_SCALER"), Scale(90_000.0, 50_000.0, False)),
    (Made("place", "year", "MIN_MAX_SCALER"), Scale(2010.0, 14.0, True)),
    (Made("fifth", "mileage_km", "QUANTILE_BUCKETIZE"), Buckets((4e4, 8e4, 1.2e5), BINS)),
    (Made("era", "year", "BUCKETIZE"), Buckets((2012.0, 2016.0, 2020.0), BINS)),
    (Made("home", "model", "ONE_HOT_ENCODER"), Vocabulary(("M3", "X1", "X5"), 2)),
    (Made("fuel", "fuel_type", "LABEL_ENCODER"), Vocabulary(("Diesel", "Petrol"))),
    (Made("driven", "mileage_km", "IMPUTER"), Fill(75_000.0)),
    (Made("model", "model", ""), None),
)
TEXTS = ("model", "fuel_type")


def clause_columns():
    """Return the columns of the clause, each with steps of its own."""
    return [column_of(made, learned, is_text=made.source in TEXTS) for made, learned in CLAUSE]


def clause_pipeline(classes):
    categories = {"fifth": BINS, "era": ("_null_filler", *BINS), "model": ("M3", "X5")}
    statistics = {"km": (0.1, 1.1), "place": (0.5, 0.3), "fuel": (1.2, 0.5), "driven": (8e4, 5e4)}
    features = designed(clause_columns(), categories, statistics)
    random = np.random.default_rng(5)
    outputs = 1 if classes is None or len(classes) == 2 else len(classes)
    weights = random.normal(size=(outputs, len(names_of(features))))
    return linear_of(ColumnWeights(features, weights, random.normal(size=outputs)), classes)


@pytest.mark.parametrize("name", ["price", "class_two", "class_many"])
def test_a_transform_clause_bends_lines_at_its_edges(name):
    pipeline = clause_pipeline(CLASSES[name])
    stated = manifest(name, pipeline)

    scorer = compiled(pipeline, stated)

    year, mileage = scorer.tables.columns["year"], scorer.tables.columns["mileage_km"]
    assert set(year.edges) == {2010.0, 2012.0, 2016.0, 2020.0, 2024.0}
    assert {part.feature for part in mileage.parts} == {"km", "fifth", "driven"}
    for number in (2009.0, 2010.0, 2011.9, 2012.0, 2015.0, 2016.0, 2020.0, 2024.0, 2030.0):
        row = TYPICAL | {"year": number}
        (wanted,) = predict(pipeline, stated, [row])
        outputs = list(wanted["probabilities"].values()) if "label" in wanted else [wanted["value"]]
        assert scorer.one(values(row)) == pytest.approx(outputs, rel=1e-9, abs=1e-12)


def test_attributions_are_those_that_the_certificate_compared():
    pipeline = clause_pipeline(None)
    stated = manifest("price", pipeline)
    scorer = compiled(pipeline, stated)
    rows = generated_rows(FEATURES, Random(11))[:200]

    wanted = attributions(pipeline, frame(rows, FEATURES))

    for at, row in enumerate(rows):
        baseline, parts = scorer.parts(values(row))
        assert baseline == pytest.approx(wanted.baseline)
        given = [parts.get(name, [0.0])[0] for name in wanted.features]
        assert given == pytest.approx(wanted.parts[at, 0], rel=1e-9, abs=1e-9)


def grown(classes, columns=None, method="LABEL_ENCODING"):
    label = prices()
    if classes is not None:
        parts = np.digitize(label, np.quantile(label, np.linspace(0, 1, len(classes) + 1)[1:-1]))
        label = np.array([classes[part] for part in parts])
    return tree_pipeline(training_rows(), label, classes, columns, method)


@pytest.mark.parametrize("method", ["LABEL_ENCODING", "ONE_HOT_ENCODING"])
@pytest.mark.parametrize("name", CLASSES)
def test_trees_answer_in_onnx_as_in_xgboost(name, method):
    pipeline = pickle.loads(pickle.dumps(grown(CLASSES[name], method=method)))
    stated = manifest(name, pipeline)

    scorer = compiled(pipeline, stated)

    assert scorer.tables.trees is not None
    (wanted,) = predict(pipeline, stated, [TYPICAL])
    outputs = list(wanted["probabilities"].values()) if "label" in wanted else [wanted["value"]]
    assert scorer.one(values(TYPICAL)) == pytest.approx(outputs, rel=1e-6)


def test_trees_behind_a_transform_clause_are_compiled():
    pipeline = grown((1, 2, 3), clause_columns())

    assert compiled(pipeline, manifest("class_many", pipeline)).tables.trees is not None


def test_one_row_and_many_get_the_same_answers():
    for pipeline, name in ((clause_pipeline((1, 2, 3)), "class_many"), (trained("price"), "price")):
        scorer = compiled(pipeline, manifest(name, pipeline))
        rows = [values(row) for row in generated_rows(FEATURES, Random(2))]

        many = scorer.many(scorer.columns(list(zip(*rows, strict=True))))

        assert [scorer.one(row) for row in rows] == [
            pytest.approx(outputs, rel=1e-14) for outputs in many.tolist()
        ]
