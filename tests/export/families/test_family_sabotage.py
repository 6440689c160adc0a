"""What the gate says of trees, clusters and components that were tampered with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sklearn.pipeline import Pipeline

from export import read_model, train
from export.study import Study
from tests.export.conftest import World, copied, make_verdicts, write_dbt_manifest
from tests.export.conftest import train as train_model
from tests.export.families.conftest import CLAUSE
from tests.export.test_sabotage import caught, changed

MODELS = {
    "price_trees": ("boosted_tree_regressor", "price_usd", ""),
    "tier_forest": ("random_forest_classifier", "tier", ""),
    "groups": ("kmeans", "", ""),
    "axes": ("pca", "", ""),
    "axes_transformed": ("pca", "", CLAUSE),
}


@pytest.fixture(scope="module")
def studies(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Study]:
    here = copied(world, tmp_path_factory.mktemp("keys"), "sabotaged")
    for name, (kind, label, clause) in MODELS.items():
        train_model(here, name, kind, label, clause)
    pairs = {name: (kind, label) for name, (kind, label, _) in MODELS.items()}
    make_verdicts(here, pairs)
    manifest = tmp_path_factory.mktemp("dbt") / "manifest.json"
    write_dbt_manifest(here, manifest, pairs)
    return {name: read_model(here.settings, name, dbt_manifest=manifest) for name in MODELS}


def grown(pipeline: Pipeline) -> Any:
    model = pipeline[-1]
    return model if hasattr(model, "get_booster") else model.estimators_[0]


def flip_a_leaf(pipeline: Pipeline) -> None:
    """Turn the sign of the first tree's first leaf."""
    booster = grown(pipeline).get_booster()
    content = json.loads(booster.save_raw("json"))
    tree = content["learner"]["gradient_booster"]["model"]["trees"][0]
    leaf = tree["left_children"].index(-1)
    tree["split_conditions"][leaf] *= -1
    tree["base_weights"][leaf] *= -1
    booster.load_model(bytearray(json.dumps(content).encode()))


def steps_of(pipeline: Pipeline, feature: str) -> dict[str, Any]:
    (frozen,) = [frozen for name, frozen, _ in pipeline[0].transformers_ if name == feature]
    return dict(frozen.estimator.steps)


def exchange_places(pipeline: Pipeline) -> None:
    """Let two fuels take each other's place."""
    (encoder,) = [s for s in steps_of(pipeline, "fuel_type").values() if hasattr(s, "categories_")]
    encoder.categories_[0][[0, 1]] = encoder.categories_[0][[1, 0]]


def move_a_centroid(pipeline: Pipeline) -> None:
    pipeline[-1].cluster_centers_[2, 0] += 0.01


def flip_a_loading(pipeline: Pipeline) -> None:
    pipeline[-1].components_[1, 0] *= -1


def move_a_scale(pipeline: Pipeline) -> None:
    steps_of(pipeline, "km")["scale"].scale_ *= 1.001


@pytest.mark.parametrize(
    ("name", "tamper", "cause"),
    [
        ("price_trees", flip_a_leaf, "the booster is not of the model that ML.PREDICT used"),
        ("tier_forest", flip_a_leaf, "the booster is not of the model that ML.PREDICT used"),
        ("price_trees", exchange_places, "'Electric' and 'Hybrid' of 'fuel_type' are exchanged"),
        ("groups", move_a_centroid, "ML.CENTROIDS is not of the model"),
        ("axes", flip_a_loading, "ML.PRINCIPAL_COMPONENTS is not of the model"),
        ("axes_transformed", move_a_scale, "or a statistic of the TRANSFORM clause, is not of"),
    ],
)
def test_what_was_tampered_with_is_caught_and_its_part_named(
    studies: dict[str, Study], name: str, tamper: Callable[[Pipeline], None], cause: str
) -> None:
    study = studies[name]

    text = caught(study, changed(train(study, "transplanted"), tamper))

    assert cause in text


@pytest.mark.parametrize(
    ("name", "option", "value", "then"),
    [
        ("groups", "distance_type", "euclidean", "COSINE"),
        ("groups", "standardize_features", False, "TRUE"),
        ("axes", "scale_features", False, "TRUE"),
    ],
)
def test_an_option_that_bigquery_ml_did_not_train_with_is_named(
    studies: dict[str, Study], name: str, option: str, value: Any, then: str
) -> None:
    study = studies[name]
    node = replace(study.node, options=study.node.options | {option: value})
    sources = replace(study.sources, node=node)
    other = replace(study, identity=replace(study.identity, node=node), sources=sources)

    text = caught(other, train(other, "transplanted"))

    told = f"the option {option} is {value} in dbt's project, and BigQuery ML trained with {then}"
    assert told in text
