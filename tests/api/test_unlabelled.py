"""Clusters and components: models that predict no label, at every door."""

import json

import pytest
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from cloud import storage_client
from export.artifact import Manifest, predict
from tests.api.conftest import V1
from tests.api.described import check, document_of
from tests.api.doors.asking import ALL, path_of
from tests.api.prediction_table import TABLE, make_table, rows_in
from tests.api.publishing import TYPICAL, manifest_of, publish, training_rows, version_files
from tests.api.serving import serving, wait_for, wait_until

LOG = TABLE.format("unlabelled")
ROWS = [TYPICAL, dict.fromkeys(TYPICAL), *[TYPICAL | {"year": 2010 + n} for n in range(14)]]
FACTS = {"label": None, "classes": None}
CHANGES = {
    "groups": FACTS | {"task": "clustering", "model_type": "KMEANS"},
    "axes": FACTS | {"task": "decomposition", "model_type": "PCA"},
}


@pytest.fixture(scope="module")
def pipelines():
    def fitted(estimator):
        fill = SimpleImputer(missing_values=None, strategy="constant", fill_value="_null_filler")
        encoded = make_pipeline(fill, OneHotEncoder(handle_unknown="ignore", sparse_output=False))
        numbers = make_pipeline(SimpleImputer(), StandardScaler())
        columns = [("t", encoded, ["model", "fuel_type"]), ("n", numbers, ["mileage_km", "year"])]
        return make_pipeline(ColumnTransformer(columns), estimator).fit(training_rows())

    return {
        "groups": fitted(KMeans(n_clusters=12, n_init=1, random_state=0)),
        "axes": fitted(PCA(n_components=3)),
    }


@pytest.fixture(scope="module")
def wanted(pipelines):
    return {
        name: predict(pipeline, Manifest(**manifest_of(name, V1, pipeline, **CHANGES[name])), ROWS)
        for name, pipeline in pipelines.items()
    }


@pytest.fixture(scope="module")
def clients(make_settings, key, pipelines):
    """By model a client of an API whose default it is; the API has both."""
    with_each = {}
    settings = {
        name: make_settings(default_model=name, prediction_log=LOG, prediction_log_seconds=1)
        for name in pipelines
    }
    contexts = []
    for name, own in settings.items():
        bucket = storage_client(own.cloud).bucket(own.cloud.bucket)
        files = version_files(name, V1, key, pipeline=pipelines[name], **CHANGES[name])
        publish(bucket, name, V1, files)
        contexts.append(serving(own))
        with_each[name] = contexts[-1].__enter__()
        wait_for(with_each[name], **{name: V1})
    yield with_each
    for context in contexts:
        context.__exit__(None, None, None)


@pytest.mark.parametrize("name", CHANGES)
def test_rows_are_answered_as_the_pipeline_does(clients, wanted, name):
    for few in (ROWS[:2], ROWS):
        response = clients[name].post(f"/models/{name}/predict", json={"rows": few})
        found = response.json()["predictions"]

        assert [one | {"warnings": []} for one in found] == [
            one | {"warnings": []} for one in wanted[name][: len(few)]
        ]


def numbers(answer):
    """Return what an answer of any door says, as lists of numbers by row."""
    if "outputs" in answer:
        by_name = {one["name"]: one for one in answer["outputs"]}
        tensor = by_name.get("distances") or by_name["components"]
        width = tensor["shape"][1]
        return [tensor["data"][at : at + width] for at in range(0, len(tensor["data"]), width)]
    if "columns" in answer:
        columns = many_of(answer["columns"]).values()
        return list(map(list, zip(*columns, strict=True)))
    return [
        one if isinstance(one, list | int) else list(many_of(one).values())
        for one in answer["predictions"]
    ]


def many_of(content):
    return content.get("distances") or content["components"]


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("way", ALL)
def test_every_door_says_the_same_as_described(clients, wanted, name, way):
    address, kind, body = ALL[way]
    response = clients[name].post(
        address.format(name), content=body(ROWS), headers={"content-type": kind}
    )

    assert response.status_code == 200, response.text
    check(document_of(clients[name]), path_of(way), response)
    found = numbers(response.json())
    if way.startswith("mlflow") and name == "groups":
        assert found == [one["cluster"] for one in wanted[name]]
    else:
        assert found == [list(many_of(one).values()) for one in wanted[name]]


@pytest.mark.parametrize(("name", "label"), [("groups", True), ("axes", False)])
def test_what_they_answer_is_logged(clients, wanted, bigquery_here, name, label):
    make_table(bigquery_here, LOG)
    given = {"x-request-id": f"unlabelled-{name}"}
    clients[name].post(f"/models/{name}/predict", json={"rows": ROWS}, headers=given)

    rows = wait_until(lambda: [r for r in rows_in(bigquery_here, LOG) if r["model_name"] == name])
    labels = {row["row_index"]: row["predicted_label"] for row in rows}
    assert labels[0] == (str(wanted[name][0]["cluster"]) if label else None)
    assert {row["predicted_value"] for row in rows} == {None}
    assert {row["predicted_probability"] for row in rows} == {None}


def test_open_inference_names_its_tensors(clients):
    found = {
        name: {
            one["name"]: (one["datatype"], one["shape"])
            for one in client.get(f"/v2/models/{name}").json()["outputs"]
        }
        for name, client in clients.items()
    }

    assert found == {
        "groups": {"cluster": ("INT64", [-1]), "distances": ("FP64", [-1, 12])},
        "axes": {"components": ("FP64", [-1, 3])},
    }


@pytest.mark.parametrize("name", CHANGES)
def test_they_are_listed_and_have_no_explanations(clients, name):
    client = clients[name]
    (listed,) = client.get("/models").json()["models"]
    assert (listed["label"], listed["task"]) == (None, CHANGES[name]["task"])
    assert client.get(f"/models/{name}").status_code == 200
    assert name in client.get("/").text

    response = client.post(f"/models/{name}/predict?explain=true", json={"rows": ROWS[:1]})
    assert response.status_code == 422
    assert f"explains no {CHANGES[name]['model_type']} models" in json.dumps(response.json())
