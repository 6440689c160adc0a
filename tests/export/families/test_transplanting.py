"""Every family's pipeline against ML.PREDICT, row by row, with and without a TRANSFORM clause."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.pipeline import Pipeline

from export.attributions import _grown, _owners, attributions, leaves
from export.dataset import to_frame
from export.errors import UnsupportedError
from export.families.transplanting import FAMILIES, transplant
from export.parity import TOLERANCE, shapley_tolerance
from tests.emulator.ml.trees.penguins import needs_exact
from tests.emulator.ml.trees.shapley import replayed
from tests.export.conftest import FEATURES
from tests.export.families.conftest import CLAUSE, Train, Trained

TIERS, CLASSES = ("A", "B", "C"), ("High", "Low")
RANKS, CODES = (-1, 2, 10), (2, 10)
ONE_HOT = "category_encoding_method = 'one_hot_encoding'"
FOREST = "model_type = 'random_forest_classifier', num_parallel_tree = 20"


def cases(names: str, *given: Any, soon: int = 1) -> pytest.MarkDecorator:
    """Return cases, each plain and with a TRANSFORM clause; that of the later ones in the soak."""
    made = []
    for at, case in enumerate(given):
        cells = case if isinstance(case, tuple) else (case,)
        name = " ".join(str(cell) for cell in cells if cell)
        later = () if at < soon else pytest.mark.soak
        made.append(pytest.param(*cells, "", id=f"{name} plain"))
        made.append(pytest.param(*cells, CLAUSE, id=f"{name} transformed", marks=later))
    return pytest.mark.parametrize(f"{names}, clause", made)


def built(trained: Trained) -> Pipeline:
    return transplant(str(trained.sources.node.options["model_type"]).upper(), trained.sources)


def distance(actual: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return differences relative to values above 1, NULL on neither side."""
    assert np.isfinite(actual).all() and np.isfinite(expected).all()
    return np.abs(actual - expected) / np.maximum(1.0, np.abs(expected))


@cases("kind", "linear_reg", "boosted_tree_regressor", "random_forest_regressor", soon=3)
def test_values_are_bigquery_ml_s(train: Train, kind: str, clause: str) -> None:
    trained = train(f"model_type = '{kind}'", "price_usd", clause)
    found = trained.predict("predicted_price_usd")

    predicted = built(trained).predict(to_frame(found, FEATURES))

    expected = found.column("predicted_price_usd").to_numpy()
    assert distance(predicted, expected).max() <= TOLERANCE
    if kind != "linear_reg":  # its sums are of float32, and in BigQuery ML's order
        assert (predicted == expected).all()


@cases(
    "options, label, classes",
    ("model_type = 'logistic_reg'", "tier", TIERS),
    ("model_type = 'boosted_tree_classifier'", "tier", TIERS),
    (FOREST, "sales_class", CLASSES),
    ("model_type = 'logistic_reg'", "sales_class", CLASSES),
    (f"model_type = 'boosted_tree_classifier', {ONE_HOT}", "sales_class", CLASSES),
    (FOREST, "tier", TIERS),
    ("model_type = 'logistic_reg'", "rank", RANKS),
    ("model_type = 'logistic_reg'", "code", CODES),
    ("model_type = 'boosted_tree_classifier'", "rank", RANKS),
    ("model_type = 'boosted_tree_classifier'", "code", CODES),
    (FOREST, "rank", RANKS),
    (FOREST, "code", CODES),
    soon=3,
)
def test_probabilities_and_labels_are_bigquery_ml_s(
    train: Train, options: str, label: str, classes: tuple[Any, ...], clause: str
) -> None:
    trained = train(options, label, clause, classes)
    found = trained.predict(f"predicted_{label}, predicted_{label}_probs")
    frame, pipeline = to_frame(found, FEATURES), built(trained)

    cells = [{one["label"]: one["prob"] for one in row} for row in found.column(-1).to_pylist()]
    expected = np.array([[row[name] for name in classes] for row in cells])
    assert np.abs(pipeline.predict_proba(frame) - expected).max() <= TOLERANCE
    apart = pipeline.predict(frame) != np.array(found.column(f"predicted_{label}").to_pylist())
    best = np.sort(expected, axis=1)[:, -2:]
    assert not apart[best[:, 1] - best[:, 0] > 2 * TOLERANCE].any()
    assert pipeline.classes_.tolist() == list(classes)


@needs_exact
@pytest.mark.parametrize(
    ("options", "label", "classes", "clause"),
    [
        ("model_type = 'boosted_tree_regressor'", "price_usd", None, ""),
        ("model_type = 'boosted_tree_regressor'", "price_usd", None, CLAUSE),
        ("model_type = 'random_forest_regressor'", "price_usd", None, ""),
        ("model_type = 'random_forest_regressor'", "price_usd", None, CLAUSE),
        ("model_type = 'boosted_tree_classifier'", "tier", TIERS, ""),
        ("model_type = 'boosted_tree_classifier'", "rank", RANKS, CLAUSE),
        ("model_type = 'boosted_tree_classifier'", "code", CODES, ""),
        (FOREST, "tier", TIERS, ""),
        (FOREST, "sales_class", CLASSES, CLAUSE),
    ],
)
def test_explanations_are_bigquery_ml_s_once_added_up_in_its_order(
    train: Train, options: str, label: str, classes: tuple[Any, ...] | None, clause: str
) -> None:
    """What is left between XGBoost 0.90's and the pipeline's is the order of float32 additions."""
    trained = train(options, label, clause, classes)
    found = trained.explain(f"predicted_{label}, top_feature_attributions")
    pipeline = built(trained)
    own, expected = explained(pipeline, found, label, classes)

    apart = np.abs(own - expected).max(axis=1)
    assert len(apart) > 300
    sizes = np.maximum(1.0, np.abs(expected).max(axis=1))
    assert (apart <= shapley_tolerance(leaves(pipeline)) * sizes).all()

    few = told_rows(found)
    wanted, told = few.column(f"predicted_{label}").to_pylist(), to_frame(few, FEATURES)
    design = np.asarray(pipeline[0].transform(told), dtype=np.float32)
    booster = _grown(pipeline).get_booster()
    sums = replayed(booster, design, max(1, len(set(trees_of(booster))))).astype(np.float64)
    columns = _owners(pipeline[0])[1]
    parts = np.stack([sums[:, :, columns == at].sum(axis=2) for at in range(own.shape[1])], axis=2)
    chosen = of_predicted(parts, wanted, classes)
    assert distance(chosen, explained(pipeline, few, label, classes)[1]).max() <= TOLERANCE


def told_rows(found: pa.Table) -> pa.Table:
    """Return some rows: without mileage, far outside of what training saw, and usual ones."""
    mileage = np.array([x if x is not None else np.nan for x in found["mileage_km"].to_pylist()])
    kinds = (np.isnan(mileage), np.abs(mileage) >= 1e9, np.abs(mileage) < 1e9)
    return found.take(np.concatenate([np.flatnonzero(kind)[:2] for kind in kinds]))


def trees_of(booster: Any) -> list[int]:
    """Return the class that each tree is of."""
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]
    return list(model["tree_info"])


def of_predicted(
    parts: np.ndarray, predicted: list[Any], classes: tuple[Any, ...] | None
) -> np.ndarray:
    """Return the parts of each row's predicted class; of two, with its sign."""
    if parts.shape[1] == 2:
        parts = parts[:, 1:] - parts[:, :1]
    if classes is None:
        return parts[:, 0]
    places = np.array([classes.index(label) for label in predicted])
    if parts.shape[1] == 1:
        return parts[:, 0] * np.where(places == 1, 1.0, -1.0)[:, None]
    return parts[np.arange(len(parts)), places]


def explained(
    pipeline: Pipeline, found: pa.Table, label: str, classes: tuple[Any, ...] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pipeline's attributions and BigQuery ML's, of each row's predicted class."""
    own = attributions(pipeline, to_frame(found, FEATURES))
    assert own is not None
    told = [
        {one["feature"]: one["attribution"] for one in row}
        for row in found.column("top_feature_attributions").to_pylist()
    ]
    assert all(row.keys() == set(own.features) for row in told)
    expected = np.array([[row[name] for name in own.features] for row in told])
    predicted = found.column(f"predicted_{label}").to_pylist()
    return of_predicted(own.parts, predicted, classes), expected


@cases(
    "options",
    "num_clusters = 4",
    "num_clusters = 3, standardize_features = false",
    "num_clusters = 4, distance_type = 'cosine'",
    "num_clusters = 4, distance_type = 'cosine', standardize_features = false",
)
def test_clusters_and_distances_are_bigquery_ml_s(train: Train, options: str, clause: str) -> None:
    trained = train(f"model_type = 'kmeans', {options}", clause=clause)
    found = trained.predict("CENTROID_ID, NEAREST_CENTROIDS_DISTANCE")
    frame, pipeline = to_frame(found, FEATURES), built(trained)

    given = pipeline.transform(frame)
    expected = np.full(given.shape, np.nan)
    for at, row in enumerate(found.column("NEAREST_CENTROIDS_DISTANCE").to_pylist()):
        for one in row:
            expected[at, one["CENTROID_ID"] - 1] = one["DISTANCE"]
    assert distance(given, expected).max() <= TOLERANCE
    assert (pipeline.predict(frame) + 1 == found.column("CENTROID_ID").to_numpy()).all()


@cases("options", "", ", scale_features = false")
def test_principal_components_are_bigquery_ml_s(train: Train, options: str, clause: str) -> None:
    trained = train(f"model_type = 'pca', num_principal_components = 3{options}", clause=clause)
    names = [f"principal_component_{number}" for number in (1, 2, 3)]
    found = trained.predict(", ".join(names))

    given = built(trained).transform(to_frame(found, FEATURES))

    expected = np.stack([found.column(name).to_numpy() for name in names], axis=1)
    assert distance(given, expected).max() <= TOLERANCE


def test_a_wrong_frozen_statistic_shows(train: Train) -> None:
    trained = train("model_type = 'linear_reg'", "price_usd", CLAUSE)
    found = trained.predict("predicted_price_usd")
    pipeline = built(trained)
    (scaler,) = [
        step
        for name, frozen, _ in pipeline.named_steps["prepare"].transformers_
        if name == "km"
        for key, step in frozen.estimator.steps
        if key == "scale"
    ]
    scaler.mean_ = scaler.mean_ * (1 + 1e-4)

    predicted = pipeline.predict(to_frame(found, FEATURES))

    assert distance(predicted, found.column("predicted_price_usd").to_numpy()).max() > TOLERANCE


@pytest.mark.parametrize(
    ("clause", "message"),
    [
        ("sqrt(year) as root, region", r'makes "root" by `.*year.*`; the export rebuilds'),
        ("ml.polynomial_expand(struct(year, mileage_km)) as p", "POLYNOMIAL_EXPAND"),
        ("ml.imputer(region, 'most_frequent') over () as r, year", 'fills "region" with'),
    ],
)
def test_an_expression_without_a_step_is_refused(train: Train, clause: str, message: str) -> None:
    trained = train("model_type = 'linear_reg'", "price_usd", clause)

    with pytest.raises(UnsupportedError, match=f"(?i){message}"):
        built(trained)


def test_no_file_of_an_export_is_left_in_the_bucket(train: Train) -> None:
    trained = train("model_type = 'boosted_tree_regressor'", "price_usd")
    built(trained)

    assert list(trained.sources.bucket.list_blobs()) == []


def test_a_family_without_a_twin_is_refused(train: Train) -> None:
    trained = train("model_type = 'linear_reg'", "price_usd")

    with pytest.raises(UnsupportedError, match="is a ARIMA_PLUS model; the export rebuilds"):
        transplant("ARIMA_PLUS", trained.sources)
    assert len(FAMILIES) == 8
