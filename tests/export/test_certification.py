"""Training and the parity gate, on studies read from the local cloud."""

from __future__ import annotations

import copy
import json
import pickle
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from export import artifact, certify, choose, read_model, save, train
from export.answers import hard_batch
from export.errors import DatasetError, DbtManifestError, ParityFailure, UnsupportedError
from export.examination import Candidate
from export.pipelines import fit, linear
from export.study import Study
from export.training import TrainingRows
from tests.export.conftest import FEATURES, MODELS, World, apart, write_dbt_manifest


@pytest.fixture(scope="module")
def studies(world: World, dbt_manifest: Path) -> dict[str, Study]:
    return {name: read_model(world.settings, name, dbt_manifest=dbt_manifest) for name in MODELS}


def sabotaged(candidate: Candidate, position: int, change: float) -> Candidate:
    pipeline = copy.deepcopy(candidate.pipeline)
    pipeline.named_steps["model"].coef_.flat[position] += change
    return replace(candidate, pipeline=pipeline)


def test_one_sabotaged_weight_is_caught(studies: dict[str, Study]) -> None:
    cases = (("price_linear", "retrained", 0.1), ("tier_logistic", "transplanted", 1e-4))
    for name, method, change in cases:
        honest = train(studies[name], method)
        size = honest.pipeline.named_steps["model"].coef_.size
        assert certify(studies[name], honest).within

        for position in range(size):
            certificate = certify(studies[name], sabotaged(honest, position, change))
            assert not certificate.within
            assert certificate.rows_apart


def test_a_weight_that_only_unseen_rows_show_is_caught_by_them(studies: dict[str, Study]) -> None:
    study = studies["price_linear"]
    candidate = train(study)
    block = len(study.columns.numeric)
    moved = sabotaged(candidate, block, 1.0)
    for position in range(block + 1, block + len(study.columns.categories["region"])):
        moved = sabotaged(moved, position, 1.0)
    moved.pipeline.named_steps["model"].intercept_ -= 1.0

    certificate = certify(study, moved)

    assert certificate.rows_apart
    assert all(key.startswith("hard:") for key in certificate.rows_apart)


def test_without_the_open_constants_only_unseen_categories_differ(
    studies: dict[str, Study],
) -> None:
    study = studies["price_linear"]
    pipeline = linear(study.columns, study.node.options)
    fit(pipeline, study.training.frame, study.training.label)

    plain = certify(study, Candidate("retrained", pipeline))
    followed = train(study)

    assert followed.open_constants == len(study.columns.categories)
    assert certify(study, followed).within
    kinds = {row.key: row.kind for row in study.hard}
    assert {kinds.get(key, "test") for key in plain.rows_apart} <= {"unseen", "extreme", "null"}
    trained = pipeline.predict(study.training.frame)
    assert followed.pipeline.predict(study.training.frame) == pytest.approx(trained, rel=1e-12)


def test_wrong_bigquery_weights_cannot_bend_what_training_determined(
    studies: dict[str, Study],
) -> None:
    study = studies["price_linear"]
    wrong = replace(study.weights, coefficients=study.weights.coefficients + 5.0)

    honest, bent = train(study), train(replace(study, weights=wrong))

    expected = honest.pipeline.predict(study.training.frame)
    assert bent.pipeline.predict(study.training.frame) == pytest.approx(expected, rel=1e-12)


def test_a_failure_names_rows_distance_key_tolerance_and_cause(studies: dict[str, Study]) -> None:
    study = studies["tier_logistic"]
    weights = replace(study.weights, intercepts=study.weights.intercepts + np.array([1e-3, 0, 0]))

    with pytest.raises(ParityFailure) as failure:
        choose(replace(study, weights=weights))

    text = str(failure.value)
    assert "'tier_logistic' is not published" in text
    assert "retrained: " in text and "transplanted: " in text
    assert f"of {study.facts.tests + len(study.hard)} rows are not within 1e-06" in text
    assert "worst is row '" in text
    assert "gradient descent stopped after" in text
    assert "ML.WEIGHTS is not of the model that ML.PREDICT used" in text


def test_a_linear_model_of_fewer_rows_is_not_within(studies: dict[str, Study]) -> None:
    study = studies["price_linear"]
    rows = TrainingRows(study.training.frame[1:], study.training.label[1:])
    fewer = replace(study, training=rows)

    assert not certify(study, train(fewer)).within
    assert choose(fewer).candidate.method == "transplanted"


def test_separable_classes_are_told_as_the_cause(studies: dict[str, Study]) -> None:
    study = studies["class_logistic"]
    label = np.where(study.training.frame["year"] > 2017, "High", "Low")

    choice = choose(replace(study, training=replace(study.training, label=label)))

    assert choice.candidate.method == "transplanted"
    assert choice.certificates.keys() == {"retrained", "transplanted"}


def test_an_option_that_scikit_learn_does_not_minimise_is_transplanted(
    studies: dict[str, Study],
) -> None:
    study = studies["price_linear"]
    node = replace(study.node, options=study.node.options | {"l1_reg": 0.1})
    with_l1 = replace(study, identity=replace(study.identity, node=node))

    choice = choose(with_l1)

    assert choice.candidate.method == "transplanted"
    assert "L1_REG is 0.1" in choice.reason
    with pytest.raises(UnsupportedError, match="L1_REG"):
        train(with_l1)


@pytest.mark.parametrize("method", ["retrained", "transplanted"])
def test_a_method_that_is_forced_is_published_with_the_figures_of_both(
    studies: dict[str, Study], method: str
) -> None:
    study = studies["price_linear"]
    node = replace(study.node, method=method)

    choice = choose(replace(study, identity=replace(study.identity, node=node)))

    assert choice.candidate.method == method
    assert choice.certificates.keys() == {"retrained", "transplanted"}


def test_why_the_other_method_was_not_tried_is_told(studies: dict[str, Study]) -> None:
    study = studies["price_linear"]
    options = study.node.options | {"l1_reg": 0.1}
    node = replace(study.node, options=options, method="transplanted")

    choice = choose(replace(study, identity=replace(study.identity, node=node)))

    assert choice.certificates.keys() == {"transplanted"}
    assert choice.reason.startswith("Published is the pipeline made of ML.WEIGHTS")
    assert "L1_REG is 0.1" in choice.reason


def test_hard_rows_may_come_in_parts(studies: dict[str, Study]) -> None:
    whole = studies["tier_logistic"].hard_batch
    halves = [
        replace(whole, frame=whole.frame[rows], expected=whole.expected.at(whole.keys[rows]))
        for rows in (slice(20, None), slice(0, 20))
    ]

    found = hard_batch(halves, studies["tier_logistic"].hard)

    pd.testing.assert_frame_equal(found.frame, whole.frame)
    assert found.keys == whole.keys and found.kinds == whole.kinds
    assert found.expected.labels == whole.expected.labels
    assert np.array_equal(found.expected.values, whole.expected.values)


def test_test_split_and_hard_rows_are_all_certified(
    studies: dict[str, Study], world: World
) -> None:
    (count,) = world.run(
        f"select count(*) as rows from `{world.relation('features')}` where split = 'test'"
    )

    for study in studies.values():
        certificate = certify(study, train(study, "transplanted"))
        assert certificate.rows == count["rows"] + len(study.hard)


def test_training_rows_are_the_train_split_alone(studies: dict[str, Study], world: World) -> None:
    (count,) = world.run(
        f"select count(*) as rows from `{world.relation('features')}` where split = 'train'"
    )

    assert {len(study.training.frame) for study in studies.values()} == {count["rows"]}


def test_training_again_gives_the_same_weights_to_the_last_bit(
    studies: dict[str, Study], world: World, dbt_manifest: Path
) -> None:
    for name, study in studies.items():
        again = read_model(world.settings, name, dbt_manifest=dbt_manifest)

        first, second = (train(one).pipeline[-1].coef_ for one in (study, again))
        assert np.array_equal(first, second)


def test_saves_a_pickle_that_plain_pickle_and_pandas_can_use(
    studies: dict[str, Study], world: World, tmp_path: Path
) -> None:
    study = studies["price_linear"]
    candidate = train(study)

    paths = save(world.settings, study, candidate, certify(study, candidate), tmp_path / "out")

    pipeline = pickle.loads(paths[0].read_bytes())
    table = pd.DataFrame(
        {
            "mileage_km": [1000, None],
            "fuel_type": ["Petrol", None],
            "region": ["Asia", "unheard of"],
            "year": [2020, 2021],
        }
    )
    assert paths[0].name == "model.pkl"
    assert np.isfinite(pipeline.predict(table)).all()
    parity = json.loads((tmp_path / "out" / "parity.json").read_text())
    assert parity["retrained"]["within"] is True
    assert parity["test_rows"] + parity["hard_rows"] == parity["retrained"]["rows"]
    assert set(artifact.FILES) <= {path.name for path in paths}
    assert artifact.load(
        {path.name: path.read_bytes() for path in paths},
        artifact.trusted_keys(world.settings.public_key_file),
        model="price_linear",
        version=study.identity.version,
    )


def test_nothing_is_saved_without_a_certificate(
    studies: dict[str, Study], world: World, tmp_path: Path
) -> None:
    study = studies["price_linear"]
    honest = train(study)
    wrong = sabotaged(honest, 0, 1.0)

    for certificate in (certify(study, wrong), certify(study, honest)):
        with pytest.raises(ParityFailure, match="is not saved"):
            save(world.settings, study, wrong, certificate, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("split", ["auto_split", "random"])
@pytest.mark.parametrize(
    ("kind", "label"), [("linear_reg", "price_usd"), ("boosted_tree_classifier", "tier")]
)
def test_of_a_split_that_nobody_knows_the_model_itself_is_taken(
    world: World, tmp_path: Path, kind: str, label: str, split: str
) -> None:
    here = apart(world, tmp_path)
    study = own_study(here, tmp_path, kind, label, {"data_split_method": split})

    choice = choose(study)

    assert choice.candidate.method == "transplanted"
    assert choice.certificates.keys() == {"transplanted"}
    assert f"which rows DATA_SPLIT_METHOD '{split}' takes" in choice.reason


def test_behind_a_clause_such_a_split_leaves_the_means_unknown(
    world: World, tmp_path: Path
) -> None:
    clause = "year, region, ml.standard_scaler(mileage_km) over () as km"
    options = {"data_split_method": "random"}
    study = own_study(world, tmp_path, "linear_reg", "price_usd", options, clause)

    with pytest.raises(ParityFailure, match="TRANSFORM clause and a DATA_SPLIT_METHOD that takes"):
        choose(study)


@pytest.mark.parametrize(
    ("kind", "label", "options"),
    [
        ("linear_reg", "price_usd", {"fit_intercept": False}),
        ("linear_reg", "price_usd", {"category_encoding_method": "dummy_encoding"}),
        ("linear_reg", "price_usd", {"l1_reg": 50.0}),
        ("linear_reg", "price_usd", {"l2_reg": 10.0}),
        ("logistic_reg", "sales_class", {"auto_class_weights": True}),
        ("logistic_reg", "tier", {"category_encoding_method": "dummy_encoding", "l2_reg": 1.0}),
        ("logistic_reg", "tier", {"l1_reg": 5.0}),
    ],
    ids=str,
)
def test_an_option_of_training_is_in_what_bigquery_holds(
    world: World, tmp_path: Path, kind: str, label: str, options: dict[str, Any]
) -> None:
    study = own_study(world, tmp_path, kind, label, {"data_split_method": "no_split"} | options)

    choice = choose(study)

    assert choice.certificates["transplanted"].within


def own_study(
    world: World,
    directory: Path,
    kind: str,
    label: str,
    options: dict[str, Any],
    clause: str = "",
) -> Study:
    """Return the study of a model with these options."""
    name = f"{kind}_{uuid.uuid4().hex[:8]}"
    kept = f"transform({clause}, {label})" if clause else ""
    given = {"model_type": kind, "input_label_cols": [label]} | options
    world.run(
        f"create model `{world.relation(name)}` {kept} "
        f"options({', '.join(f'{key} = {value!r}' for key, value in given.items())}) as "
        f"select {', '.join(FEATURES)}, {label} from `{world.relation('features')}` "
        "where split != 'test'"
    )
    world.run(
        f"alter model `{world.relation(name)}` set options(labels = [('sql_hash', '{'a' * 40}'), "
        f"('options_hash', '{'b' * 40}'), ('data_hash', '{'d' * 40}')])"
    )
    file = write_dbt_manifest(world, directory / "dbt.json", {name: (kind, label)})
    content = json.loads(file.read_text())
    content["nodes"][f"model.test.{name}"]["config"]["meta"]["ml_config"] = given
    file.write_text(json.dumps(content))
    return read_model(world.settings, name, dbt_manifest=file)


def test_a_feature_that_is_not_in_the_table_is_named(world: World, tmp_path: Path) -> None:
    features = ["year", "horsepower"]
    manifest = write_dbt_manifest(world, tmp_path / "dbt.json", MODELS, features=features)

    with pytest.raises(DatasetError, match="horsepower"):
        read_model(world.settings, "price_linear", dbt_manifest=manifest)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label": ""}, "lacks 'label'"),
        ({"task": "guess"}, "has task 'guess'"),
        ({"method": "magic"}, "has method 'magic'"),
        ({"features": ["year", "year"]}, "expected different names"),
        ({"features": ["price_usd"]}, "has its label 'price_usd' among its features"),
    ],
)
def test_a_wrong_export_block_is_refused(
    change: dict[str, object], words: str, world: World, tmp_path: Path
) -> None:
    models = {"price_linear": MODELS["price_linear"]}
    manifest = write_dbt_manifest(world, tmp_path / "dbt.json", models, **change)

    with pytest.raises(DbtManifestError, match=words):
        read_model(world.settings, "price_linear", dbt_manifest=manifest)
