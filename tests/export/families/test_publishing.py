"""Trees and models with a TRANSFORM clause, published, verified and rolled back like any other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud import storage_client
from export import list_versions, publish_models, verify_version
from export.publication import Publication
from tests.export.conftest import DATA_HASH, FEATURES, World, apart, write_dbt_manifest
from tests.export.families.conftest import CLAUSE

MODELS = {
    "tier_trees": ("boosted_tree_classifier", "tier", ""),
    "price_forest": ("random_forest_regressor", "price_usd", CLAUSE),
    "class_transformed": ("logistic_reg", "sales_class", CLAUSE),
    "price_transformed": ("linear_reg", "price_usd", CLAUSE),
}


@dataclass(frozen=True)
class Shelf:
    """A bucket with what was published in it."""

    world: World
    published: dict[str, Publication]


@pytest.fixture(scope="module")
def shelf(world: World, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    here = apart(world, tmp_path_factory.mktemp("families"))
    for name, (kind, label, clause) in MODELS.items():
        _train(here, name, kind, label, clause)
    file = tmp_path_factory.mktemp("dbt") / "manifest.json"
    write_dbt_manifest(here, file, {n: (kind, label) for n, (kind, label, _) in MODELS.items()})
    _set_tasks(file)
    found = publish_models(here.settings, dbt_manifest=file)
    return Shelf(here, {one.name: one for one in found})


def _set_tasks(file: Path) -> None:
    content = json.loads(file.read_text())
    for node in content["nodes"].values():
        block = node["config"]["meta"]["export"]
        block["task"] = "regression" if block["label"] == "price_usd" else "classification"
    file.write_text(json.dumps(content))


def _train(world: World, name: str, kind: str, label: str, clause: str) -> None:
    made = f"transform({clause}, {label}, is_eval)" if clause else ""
    features = world.relation("features")
    world.run(
        f"create or replace model `{world.relation(name)}` {made} options(model_type = '{kind}', "
        f"input_label_cols = ['{label}'], data_split_method = 'custom', data_split_col = "
        f"'is_eval') as select {', '.join(FEATURES)}, {label}, split = 'eval' as is_eval "
        f"from `{features}` where split != 'test'"
    )
    labels = ", ".join(
        f"('{part}_hash', '{value}')"
        for part, value in {"sql": "a" * 40, "options": "b" * 40, "data": DATA_HASH}.items()
    )
    world.run(f"alter model `{world.relation(name)}` set options(labels = [{labels}])")
    world.run(
        f"insert into `{world.relation('verdicts')}` select '{name}', * except (model_name) from "
        f"`{world.relation('verdicts')}` where model_name = 'price_linear'"
    )


@pytest.mark.parametrize("name", MODELS)
def test_every_family_is_published_within_the_tolerance(shelf: Shelf, name: str) -> None:
    one = shelf.published[name]

    assert one.error is None
    assert one.created and one.version
    assert one.parity["within"] and one.parity["max_rel"] <= 1e-6
    manifest = verify_version(shelf.world.settings, name)
    assert manifest.method["published"] == "transplanted"
    assert manifest.parity["retrained"] is not None
    assert ("xgboost" in manifest.libraries) == MODELS[name][0].endswith(("ier", "sor"))


def test_each_has_a_card_and_nothing_else_is_left_in_the_bucket(shelf: Shelf) -> None:
    settings = shelf.world.settings
    blobs = [blob.name for blob in storage_client(settings).list_blobs(settings.bucket)]

    assert {name.split("/")[0] for name in blobs} == {"models"}
    for name in MODELS:
        assert f"models/{name}/{shelf.published[name].version}/card.pt-BR.md" in blobs
    assert {entry.model for entry in list_versions(settings)} == set(MODELS)
