"""A model that tables cannot repeat is answered by its pipeline, in a process of its own."""

import logging
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from cloud import storage_client
from export.artifact import Manifest, predict
from tests.api.conftest import V1
from tests.api.doors.asking import ALL
from tests.api.publishing import (
    TYPICAL,
    manifest_of,
    publish,
    trained,
    training_rows,
    version_files,
)
from tests.api.serving import serving, wait_for, wait_until

ROWS = [
    TYPICAL,
    TYPICAL | {"model": "Fusca", "year": 1950},
    dict.fromkeys(TYPICAL),
    *[TYPICAL | {"mileage_km": 1000.0 * n} for n in range(30)],
]


def entangled(estimator):
    """Return a pipeline whose columns multiply each other."""
    fill = SimpleImputer(missing_values=None, strategy="constant", fill_value="_null_filler")
    encoded = make_pipeline(fill, OneHotEncoder(handle_unknown="ignore"))
    numbers = make_pipeline(SimpleImputer(), StandardScaler(), PolynomialFeatures(2))
    columns = [("t", encoded, ["model", "fuel_type"]), ("n", numbers, ["mileage_km", "year"])]
    return make_pipeline(ColumnTransformer(columns), estimator)


@pytest.fixture(scope="module")
def pipelines():
    prices = trained("price").predict(training_rows())
    return {
        "price": entangled(LinearRegression()).fit(training_rows(), prices),
        "class_two": entangled(LogisticRegression()).fit(
            training_rows(), np.where(prices > np.median(prices), "High", "Low")
        ),
    }


@pytest.fixture(scope="module")
def client(make_settings, key, pipelines):
    settings = make_settings(default_model="price")
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    for name, pipeline in pipelines.items():
        publish(bucket, name, V1, version_files(name, V1, key, pipeline=pipeline))
    with serving(settings) as client:
        wait_for(client, price=V1, class_two=V1)
        yield client


def kept():
    """Return the processes of this one's that may hold a pipeline."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rpartition(")")[2].split()[1]
            line = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == str(os.getpid()) and b"api.artifacts.child" in line:
            found.append(int(stat.parent.name))
    return found


def answers(client, rows=ROWS):
    response = client.post("/models/price/predict", json={"rows": rows})
    assert response.status_code == 200, response.text
    return response.json()["predictions"]


def test_its_answers_and_warnings_are_those_of_any_model(client, pipelines):
    stated = Manifest(**manifest_of("price", V1, pipelines["price"]))
    wanted = [one["value"] for one in predict(pipelines["price"], stated, ROWS)]

    found = answers(client)

    assert [one["value"] for one in found] == wanted
    assert [one["column"] for one in found[1]["warnings"]] == ["model", "year"]
    assert found[0]["warnings"] == found[2]["warnings"] == []
    assert answers(client, ROWS[:1]) == found[:1]
    stated = Manifest(**manifest_of("class_two", V1, pipelines["class_two"]))
    labelled = client.post("/models/class_two/predict", json={"rows": ROWS}).json()["predictions"]
    assert [{key: one[key] for key in ("label", "probabilities")} for one in labelled] == predict(
        pipelines["class_two"], stated, ROWS
    )


def test_every_door_asks_it(client):
    for address, kind, body in ALL.values():
        for rows in (ROWS, ROWS[:2]):
            given = {"content-type": kind}
            answer = client.post(address.format("price"), content=body(rows), headers=given)
            assert answer.status_code == 200, answer.text
            assert str(answers(client, rows)[0]["value"]) in answer.text


def test_its_process_is_started_again(client):
    before = answers(client)
    for process in kept():
        os.kill(process, signal.SIGKILL)

    assert answers(client) == before
    explained = client.post("/models/class_two/predict?explain=true", json={"rows": ROWS[:1]})
    assert explained.status_code == 200


def test_it_explains_itself(client):
    response = client.post("/models/price/predict?explain=true", json={"rows": ROWS[:3]})

    for one in response.json()["predictions"]:
        explanation = one["explanation"]
        told = sum(part["attribution"] for part in explanation["attributions"])
        assert explanation["prediction"] == pytest.approx(one["value"], rel=1e-9)
        assert explanation["baseline"] + told == pytest.approx(one["value"], rel=1e-9)


def test_the_log_says_so_and_its_process_ends_with_the_model(make_settings, key, pipelines, caplog):
    settings = make_settings(kept_versions=0)
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    files = version_files("price", V1, key, pipeline=pipelines["price"])
    before = set(kept())
    with serving(settings) as client, caplog.at_level(logging.WARNING):
        publish(bucket, "price", V1, files)
        wait_for(client, price=V1)
        assert f"'price' {V1} is answered by its pipeline" in caplog.text
        assert "meets another column in one feature" in caplog.text
        answers(client)
        assert set(kept()) - before
        bucket.blob("models/price/current.json").delete()
        assert wait_until(lambda: "price" not in client.get("/health/ready").json()["models"])
    assert not set(kept()) - before
