"""What the parity gate catches, and whether its message points at the cause."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from export import choose, read_model, train
from export.causes import failure
from export.dataset import rows_where, to_frame
from export.errors import ParityFailure
from export.examination import Candidate, examine
from export.study import Study
from export.training import TrainingRows
from tests.export.conftest import MODELS, World, ml_config, write_dbt_manifest
from tests.export.conftest import train as train_model

CLAUSE = "ml.bucketize(year, [2012, 2016, 2020]) as era, region, fuel_type, mileage_km"


@pytest.fixture(scope="module")
def studies(world: World, dbt_manifest: Path) -> dict[str, Study]:
    return {name: read_model(world.settings, name, dbt_manifest=dbt_manifest) for name in MODELS}


def caught(study: Study, candidate: Candidate) -> str:
    """Return what the gate says of a candidate that it must not let through."""
    found = examine(study, [candidate]).found[candidate.method]
    assert not found.certificate.within
    return failure(study, candidate, found)


def changed(candidate: Candidate, change: Callable[[Pipeline], Any]) -> Candidate:
    pipeline = copy.deepcopy(candidate.pipeline)
    change(pipeline)
    return replace(candidate, pipeline=pipeline)


def flip(place: int) -> Callable[[Pipeline], None]:
    def change(pipeline: Pipeline) -> None:
        pipeline[-1].coef_.flat[place] *= -1

    return change


@pytest.mark.parametrize("method", ["retrained", "transplanted"])
def test_a_flipped_weight_is_named(studies: dict[str, Study], method: str) -> None:
    study = studies["price_linear"]
    place = study.columns.numeric.index("mileage_km")

    text = caught(study, changed(train(study, method), flip(place)))

    assert "Likely cause: the weight of 'mileage_km': what it adds is up to" in text


def test_the_flipped_weight_of_a_category_is_told_by_its_rows(studies: dict[str, Study]) -> None:
    study = studies["class_logistic"]
    place = len(study.columns.numeric) + study.columns.categories["region"].index("Europe")

    text = caught(study, changed(train(study, "transplanted"), flip(place)))

    assert "only rows with 'region' = 'Europe' differ: its weight" in text


def test_a_dropped_category_is_named(studies: dict[str, Study]) -> None:
    study = studies["price_linear"]

    def drop(pipeline: Pipeline) -> None:
        encoder = pipeline[0].named_transformers_["categorical"].named_steps["one_hot"]
        block = encoder.categories_[list(study.columns.categories).index("fuel_type")]
        block[block == "Hybrid"] = "Hybrids"

    text = caught(study, changed(train(study, "transplanted"), drop))

    assert "the pipeline lacks the category 'Hybrid' of 'fuel_type': only its rows differ" in text


def test_a_changed_option_is_named(world: World, tmp_path: Path) -> None:
    name, (kind, label) = "class_penalised", MODELS["class_logistic"]
    train_model(world, name, kind, label)
    manifest = write_dbt_manifest(world, tmp_path / "dbt.json", {name: (kind, label)})
    study = read_model(world.settings, name, dbt_manifest=manifest)
    options = ml_config(kind, label) | {"l2_reg": 5.0}
    node = replace(study.node, options=options, method="retrained")

    with pytest.raises(ParityFailure) as refusal:
        choose(replace(study, identity=replace(study.identity, node=node)))

    assert "the option l2_reg is 5.0 in dbt's project, and BigQuery ML trained with 0" in str(
        refusal.value
    )


def test_another_split_is_told_by_the_means_of_its_rows(studies: dict[str, Study]) -> None:
    study = studies["price_linear"]
    names = [*study.node.features, study.node.label]
    parts = list(rows_where(study.sources.warehouse, study.node, names, "split != 'test'"))
    table = pa.Table.from_batches(parts)
    rows = TrainingRows(
        to_frame(table, study.node.features), table.column(study.node.label).to_numpy()
    )

    other = replace(study, training=rows)
    text = caught(other, train(other))

    assert "Likely cause: other training rows: the mean of 'year' is" in text
    assert "Is it another split?" in text


def test_exchanged_columns_are_named(studies: dict[str, Study]) -> None:
    study = studies["price_linear"]

    honest = train(study, "transplanted").pipeline
    turned = FunctionTransformer(
        lambda rows: rows.rename(columns={"year": "mileage_km", "mileage_km": "year"})[
            list(study.node.features)
        ]
    )

    text = caught(study, Candidate("transplanted", Pipeline([("turn", turned), *honest.steps])))

    assert "the columns 'year' and 'mileage_km' are exchanged." in text


def test_exchanged_classes_are_named(studies: dict[str, Study]) -> None:
    study = studies["tier_logistic"]

    def exchange(pipeline: Pipeline) -> None:
        pipeline[-1].coef_ = pipeline[-1].coef_[[1, 0, 2]]
        pipeline[-1].intercept_ = pipeline[-1].intercept_[[1, 0, 2]]

    text = caught(study, changed(train(study, "transplanted"), exchange))

    assert "the classes 'A', 'B' are exchanged." in text


def test_another_threshold_is_told_with_the_range_that_it_turns(
    studies: dict[str, Study],
) -> None:
    study = studies["class_logistic"]
    candidate = train(study, "transplanted")

    def move(pipeline: Pipeline) -> None:
        model = FixedThresholdClassifier(pipeline[-1], threshold=0.4, pos_label="Low")
        model.estimator_ = pipeline[-1]
        model.coef_, model.intercept_ = pipeline[-1].coef_, pipeline[-1].intercept_
        pipeline.steps[-1] = ("model", model)

    text = caught(study, changed(candidate, move))

    assert "another decision threshold: the probabilities agree, and labels differ" in text
    assert "that of 'Low' is between 0.4" in text


def test_a_bucket_that_begins_a_year_late_is_told_by_its_rows(world: World, tmp_path: Path) -> None:
    name = "price_by_era"
    world.run(
        f"create or replace model `{world.relation(name)}` transform({CLAUSE}, price_usd, is_eval) "
        "options(model_type = 'linear_reg', input_label_cols = ['price_usd'], data_split_method = "
        "'custom', data_split_col = 'is_eval') as select year, region, fuel_type, mileage_km, "
        f"price_usd, split = 'eval' as is_eval from `{world.relation('features')}` "
        "where split != 'test'"
    )
    world.run(
        f"alter model `{world.relation(name)}` set options(labels = [('sql_hash', '{'a' * 40}'), "
        f"('options_hash', '{'b' * 40}'), ('data_hash', '{'d' * 40}')])"
    )
    models = {name: ("linear_reg", "price_usd")}
    manifest = write_dbt_manifest(world, tmp_path / "dbt.json", models)
    study = read_model(world.settings, name, dbt_manifest=manifest)

    def shift(pipeline: Pipeline) -> None:
        (bucket,) = [
            step
            for feature, frozen, _ in pipeline[0].transformers_
            for key, step in frozen.estimator.steps
            if (feature, key) == ("era", "bucket")
        ]
        bucket.bin_edges_[0][3] += 1  # 2016 becomes 2017

    text = caught(study, changed(train(study, "transplanted"), shift))

    assert "only rows with 'year' from 2016 to 2016 differ: a bucket or a step begins" in text


def test_float32_is_told_by_the_size_of_the_differences(studies: dict[str, Study]) -> None:
    study = studies["price_linear"]
    honest = train(study, "transplanted").pipeline
    narrow = FunctionTransformer(np.float32, feature_names_out="one-to-one").fit([[0.0]])
    pipeline = Pipeline([("prepare", honest[0]), ("narrow", narrow), ("model", honest[-1])])
    pipeline[-1].coef_ = pipeline[-1].coef_.astype("float32")

    text = caught(study, Candidate("transplanted", pipeline))

    assert "numbers in float32 where BigQuery ML has float64" in text


def test_a_missing_null_value_is_named(studies: dict[str, Study]) -> None:
    study = studies["price_linear"]

    def shift(pipeline: Pipeline) -> None:
        imputer = pipeline[0].named_transformers_["numeric"]
        imputer.statistics_[study.columns.numeric.index("mileage_km")] += 1000.0

    text = caught(study, changed(train(study, "transplanted"), shift))

    assert "only rows where 'mileage_km' is NULL differ: the value that stands in for it" in text


def test_explanations_alone_hold_a_pipeline_back(studies: dict[str, Study]) -> None:
    study = studies["tier_logistic"]

    def share(pipeline: Pipeline) -> None:
        pipeline[-1].coef_ += 0.01  # the same for all classes: no probability moves

    candidate = changed(train(study, "transplanted"), share)
    found = examine(study, [candidate]).found["transplanted"]

    assert found.certificate.alike and not found.certificate.within
    assert "transplanted: explanations of " in failure(study, candidate, found)
