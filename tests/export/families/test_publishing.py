"""Trees, clusters, components and models with a TRANSFORM clause, published like any other."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import skops.io

from api.settings import Settings as ApiSettings
from cloud import storage_client
from export import list_versions, publish_models, skops_format, verify_version
from export.artifact import outputs_of, replay
from export.publication import Publication
from tests.api.serving import serving, wait_for
from tests.export.conftest import UNLABELLED, World, apart, train, write_dbt_manifest
from tests.export.families.conftest import CLAUSE

MODELS = {
    "stars_trees": ("boosted_tree_classifier", "stars", CLAUSE),
    "price_forest": ("random_forest_regressor", "price_usd", CLAUSE),
    "code_forest": ("random_forest_classifier", "code", ""),
    "rank_logistic": ("logistic_reg", "rank", ""),
    "price_selected": ("linear_reg", "price_usd", "year, region"),
    "class_transformed": ("logistic_reg", "sales_class", CLAUSE),
    "groups": ("kmeans", "", ""),
    "axes_transformed": ("pca", "", CLAUSE),
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
        train(here, name, kind, label, clause)
        if label:
            verdicts = here.relation("verdicts")
            here.run(
                f"insert into `{verdicts}` select '{name}', * except (model_name) "
                f"from `{verdicts}` where model_name = 'price_linear'"
            )
    file = tmp_path_factory.mktemp("dbt") / "manifest.json"
    write_dbt_manifest(here, file, {n: (kind, label) for n, (kind, label, _) in MODELS.items()})
    found = publish_models(here.settings, dbt_manifest=file)
    return Shelf(here, {one.name: one for one in found})


@pytest.mark.parametrize("name", MODELS)
def test_every_family_is_published_within_the_tolerance(shelf: Shelf, name: str) -> None:
    one = shelf.published[name]

    assert one.error is None
    assert one.created and one.version
    assert one.parity["within"] and one.parity["max_rel"] <= 1e-6
    manifest = verify_version(shelf.world.settings, name)
    assert manifest.parity["transplanted"]["within"]
    assert manifest.parity["retrained"] is not None
    assert "ML.FEATURE_INFO). Is it" not in manifest.method["reason"]
    assert ("xgboost" in manifest.libraries) == MODELS[name][0].endswith(("ier", "sor"))
    if name == "price_forest":
        assert manifest.parity["transplanted"]["max_abs"] == 0
    explained = manifest.parity["published"]["explanations"]
    if MODELS[name][0] in UNLABELLED:
        assert explained is None and manifest.label is None
        ours, theirs = manifest.metrics["scikit_learn"], manifest.metrics["bigquery_ml"]
        assert ours == pytest.approx(theirs, rel=1e-6) and ours
    else:
        assert explained["within"] and explained["of"] is None
        assert explained["rows"] == manifest.parity["published"]["rows"]


@pytest.mark.parametrize("name", MODELS)
def test_the_skops_file_of_each_repeats_its_golden_rows(shelf: Shelf, name: str) -> None:
    version = shelf.published[name].version
    blob = storage_client(shelf.world.settings).bucket(shelf.world.settings.bucket)
    data = blob.blob(f"models/{name}/{version}/model.skops").download_as_bytes()
    manifest = verify_version(shelf.world.settings, name)

    trusted = skops_format.trusted(manifest.model_type)
    replay(skops.io.loads(data, trusted=list(trusted)), manifest)


def test_each_has_a_card_and_nothing_else_is_left_in_the_bucket(shelf: Shelf) -> None:
    settings = shelf.world.settings
    blobs = [blob.name for blob in storage_client(settings).list_blobs(settings.bucket)]

    assert {name.split("/")[0] for name in blobs} == {"models"}
    for name in MODELS:
        assert f"models/{name}/{shelf.published[name].version}/card.pt-BR.md" in blobs
    assert {entry.model for entry in list_versions(settings)} == set(MODELS)


def test_the_api_answers_for_each_as_bigquery_ml_does(shelf: Shelf) -> None:
    settings = shelf.world.settings
    manifests = {name: verify_version(settings, name) for name in MODELS}
    with serving(ApiSettings(cloud=settings)) as client:
        found = wait_for(client, **{name: one.version for name, one in manifests.items()})
        assert found["problems"] == []
        for name, manifest in manifests.items():
            rows = [row.input for row in manifest.golden_rows]
            answer = client.post(f"/models/{name}/predict", json={"rows": rows}).json()
            for one, row in zip(answer["predictions"], manifest.golden_rows, strict=True):
                wanted, given = outputs_of(row.expected), outputs_of(one)
                assert {n: given[n] for n in wanted} == pytest.approx(wanted, rel=1e-6, abs=1e-6)
                assert one.get("cluster") == row.expected.get("cluster")
