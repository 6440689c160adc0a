"""The API follows the pointers while it answers."""

import threading
from dataclasses import replace

import httpx

from cloud import storage_client
from export.artifact import Manifest, predict
from tests.api.conftest import V1, V2, free_port
from tests.api.publishing import (
    TYPICAL,
    edited,
    manifest_of,
    point,
    publish,
    trained,
    version_files,
)
from tests.api.serving import ready, serving, wait_for, wait_for_problem, wait_until

V3 = "3" * 16


def value(api):
    response = api.post("/models/price/predict", json={"rows": [TYPICAL]})
    assert response.status_code == 200, response.text
    body = response.json()
    return body["version"], round(body["predictions"][0]["value"], 6)


def expected(seed):
    pipeline = trained("price", seed)
    manifest = Manifest(**manifest_of("price", V1, pipeline))
    return round(predict(pipeline, manifest, [TYPICAL])[0]["value"], 6)


class Load:
    """Clients that ask without pause until told to stop."""

    def __init__(self, address, clients=2):
        self.answers, self.failures = set(), []
        self._stop = threading.Event()
        ask = {"target": self._ask, "args": [address]}
        self._threads = [threading.Thread(**ask) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, address):
        with httpx.Client(base_url=address, timeout=30) as client:
            while not self._stop.is_set():
                try:
                    self.answers.add(value(client))
                except Exception as error:
                    self.failures.append(repr(error))
                self._stop.wait(0.005)


def test_a_pointer_moves_forth_and_back_under_load_without_a_failed_request(settings, bucket, key):
    old, new = version_files("price", V1, key), version_files("price", V2, key, seed=1)
    publish(bucket, "price", V1, old)

    with serving(settings) as api:
        wait_for(api, price=V1)
        with Load(str(api.base_url)) as load:
            publish(bucket, "price", V2, new)
            wait_for(api, price=V2)
            point(bucket, "price", V1, old)
            wait_for(api, price=V1)

    assert load.failures == []
    assert load.answers == {(V1, expected(0)), (V2, expected(1))}


def test_it_starts_with_nothing_and_takes_what_comes(settings, bucket, key):
    with serving(settings) as api:
        wait_until(lambda: "holds no published model" in str(ready(api)["storage"]))
        assert api.get("/health/ready").status_code == 503
        assert api.get("/health/live").status_code == 200
        assert api.get("/models").json() == {"models": []}
        assert api.get("/models/price").status_code == 404
        assert "No model is in service" in api.get("/").text

        good = version_files("price", V1, key)
        publish(bucket, "price", V1, good)
        assert wait_for(api, price=V1)["status"] == "ready"

        bad = version_files("price", V2, key) | {"model.pkl": b"changed"}
        publish(bucket, "price", V2, bad)
        problem = wait_for_problem(api, "price")
        assert (problem["version"], problem["serving"]) == (V2, V1)
        assert "the signed manifest says" in problem["reason"]
        assert api.get("/health/ready").status_code == 200
        assert value(api)[0] == V1

        bucket.blob("models/other/current.json").upload_from_string("{}")
        assert "schema_version None" in wait_for_problem(api, "other")["reason"]
        response = api.post("/models/other/predict", json={"rows": [TYPICAL]})
        assert response.status_code == 503
        assert response.headers["retry-after"] == "2"
        bucket.blob("models/other/current.json").delete()

        point(bucket, "price", V3, edited(bad, "manifest.json", version=V3))
        wait_until(lambda: wait_for_problem(api, "price")["version"] == V3)
        assert "which is not there" in wait_for_problem(api, "price")["reason"]

        bucket.blob("models/price/current.json").delete()
        wait_until(lambda: api.get("/models/price").status_code == 404)
        assert ready(api)["problems"] == []


def test_it_serves_on_while_the_storage_is_away(settings, storage, key):
    server = storage()
    cloud = replace(settings.cloud, storage_host=server.url)
    bucket = storage_client(cloud).create_bucket(cloud.bucket)
    publish(bucket, "price", V1, version_files("price", V1, key))

    with serving(replace(settings, cloud=cloud)) as api:
        wait_for(api, price=V1)
        server.stop()
        problem = wait_until(lambda: ready(api)["storage"])
        assert "cannot be read (ConnectionError)" in problem
        assert api.get("/health/ready").status_code == 200
        assert value(api)[0] == V1

        storage()
        wait_until(lambda: ready(api)["storage"] is None)
        publish(bucket, "price", V2, version_files("price", V2, key, seed=1))
        wait_for(api, price=V2)


def test_it_starts_while_the_storage_is_away(settings):
    cloud = replace(settings.cloud, storage_host=f"http://127.0.0.1:{free_port()}")

    with serving(replace(settings, cloud=cloud)) as api:
        wait_until(lambda: "cannot be read" in str(ready(api)["storage"]))

        assert api.get("/health/ready").status_code == 503
        response = api.get("/models/price")
        assert response.status_code == 503
        assert "The models are not known yet." in response.json()["detail"]


def test_a_bucket_that_is_gone_is_told(settings):
    gone = replace(settings, cloud=replace(settings.cloud, bucket="never-made"))

    with serving(gone) as api:
        problem = wait_until(lambda: "never-made" in str(ready(api)["storage"]) and ready(api))

    assert "The bucket 'never-made' cannot be read (NotFound)" in problem["storage"]
