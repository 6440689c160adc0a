import json
import time
from dataclasses import replace

import pytest

from emulator.ml.errors import ModelNotFound
from emulator.ml.model import ModelName, model_from_json, model_to_json
from emulator.ml.store import ModelStore
from tests.emulator.ml.training import NAME, cars, trained


@pytest.fixture(scope="module")
def model():
    return trained(
        cars(nulls=True).drop(["price", "dear"]),
        model_type="LOGISTIC_REG",
        input_label_cols=["segment"],
        enable_global_explain=True,
        data_split_method="RANDOM",
    )


@pytest.fixture
def store(tmp_path):
    return ModelStore(tmp_path, lambda project, dataset: 0)


def test_a_model_comes_back_from_json_exactly(model):
    text = json.dumps(model_to_json(model))

    assert model_from_json(json.loads(text)) == model


def test_a_stored_model_is_found_by_another_store(model, store, tmp_path):
    store.save(model)

    again = ModelStore(tmp_path, lambda project, dataset: 0)

    assert again.get(NAME) == model
    assert again.list("project", "dataset") == [model]
    assert again.list("project", "other") == []


def test_a_model_of_another_version_counts_as_missing(model, store, tmp_path):
    store.save(model)
    (path,) = tmp_path.rglob("*.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 1}))

    assert ModelStore(tmp_path, lambda project, dataset: 0).find(NAME) is None


def test_an_unknown_model_is_not_found(store):
    with pytest.raises(ModelNotFound, match=r"Not found: Model project:dataset.model"):
        store.get(NAME)


def test_names_that_differ_in_case_or_are_long_stand_apart(model, store):
    names = [ModelName("project", "dataset", name) for name in ("m", "M", "x" * 1024, "x" * 1023)]
    for name in names:
        store.save(replace(model, name=name))

    assert [store.get(name).name for name in names] == names


def test_a_write_that_fails_leaves_the_old_model_and_nothing_else(model, store, tmp_path):
    store.save(model)
    broken = replace(model, label=object())

    with pytest.raises(TypeError):
        store.save(broken)

    assert store.get(NAME) == model
    assert [path.suffix for path in tmp_path.rglob("*.*")] == [".json"]


def test_an_expired_model_is_gone(model, store):
    past = int(time.time() * 1000) - 1
    store.save(replace(model, metadata=replace(model.metadata, expires=past)))

    assert store.find(NAME) is None


def test_a_dataset_made_anew_does_not_inherit_models(model, tmp_path):
    ModelStore(tmp_path, lambda project, dataset: 0).save(model)
    born_later = model.metadata.created + 1

    assert ModelStore(tmp_path, lambda project, dataset: born_later).find(NAME) is None
    assert ModelStore(tmp_path, lambda project, dataset: 0).find(NAME) is None
