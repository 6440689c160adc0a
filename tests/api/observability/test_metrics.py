"""What Prometheus reads."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cloud import storage_client
from tests.api.conftest import V1, V2
from tests.api.publishing import TYPICAL, publish, version_files
from tests.api.serving import serving, wait_for, wait_until
from tests.api.test_batch import REPORT


def read(client):
    """Return the value of each sample by its name and labels."""
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def of(found, name, **labels):
    return found.get((name, *sorted(labels.items())), 0)


def test_requests_rows_and_models_are_counted(settings, bucket, key):
    publish(bucket, "price", V1, version_files("price", V1, key))
    with serving(settings) as client:
        wait_for(client, price=V1)
        for rows in (1, 4, 30):
            client.post("/models/price/predict", json={"rows": [TYPICAL] * rows})
        client.post("/models/price/report", content=REPORT)
        found = read(client)

        own = {"door": "own", "model": "price", "version": V1}
        assert of(found, "sales_api_requests_total", **own, status="200") == 4
        assert of(found, "sales_api_rows_total", **own) == 35 + 3
        assert of(found, "sales_api_request_seconds_count", **own) == 4
        assert of(found, "sales_api_swaps_total", model="price") == 1
        named = {"model": "price", "version": V1}
        assert of(found, "sales_api_model_verdict", **named, status="signal") == 1
        assert of(found, "sales_api_model_age_seconds", **named) > 0
        assert of(found, "sales_api_storage_away") == 0


LARGE = b" " * 2048
REFUSED = {
    "rows": ("/models/price/predict", b"?", "own", 422),
    "rows of a version": (f"/models/price/versions/{V1}/predict", b"?", "own", 422),
    "explain": ("/models/price/predict?explain=maybe", b"{}", "own", 422),
    "too large": ("/models/price/predict", LARGE, "own", 413),
    "too large in parts": ("/models/price/predict", [LARGE, LARGE], "own", 413),
    "report": ("/models/price/report", b"?", "own", 422),
    "tensors": ("/v2/models/price/infer", b"?", "open-inference", 400),
    "default model": ("/invocations", b"?", "mlflow", 400),
    "instances": ("/predict", b"?", "vertex", 422),
    "no key": ("/models/price/predict", b"{}", "own", 401),
    "no key and a query": ("/models/price/predict?explain=true", b"{}", "own", 401),
}


@pytest.fixture(scope="module")
def guarded(make_settings, key, api_key):
    """A client of an API that wants a key, which the client sends."""
    secret, file = api_key
    settings = make_settings(default_model="price", max_body_bytes=1024, api_keys_file=file)
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    publish(bucket, "price", V1, version_files("price", V1, key))
    with serving(settings) as client:
        wait_for(client, price=V1)
        client.headers["X-API-Key"] = secret
        yield client


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_is_counted_by_the_version_that_was_asked(guarded, case):
    address, body, door, status = case
    name = "sales_api_requests_total"
    of_version = {"door": door, "model": "price", "version": V1, "status": str(status)}
    before = read(guarded)

    headers = {"X-API-Key": ""} if status == 401 else {}
    assert guarded.post(address, content=body, headers=headers).status_code == status

    found = read(guarded)
    assert of(found, name, **of_version) == of(before, name, **of_version) + 1
    assert of(found, "sales_api_rows_total", door=door, model="price", version=V1) == 0


def test_what_callers_write_is_no_label(guarded):
    for path in ("/models/prise/predict", f"/models/price/versions/{V2}/predict"):
        assert guarded.post(path, json={"rows": [TYPICAL]}).status_code == 404

    labels = {value for name in read(guarded) for key, value in name[1:] if key != "le"}
    assert not {"prise", V2} & labels
    none = {"door": "own", "model": "", "version": "", "status": "404"}
    assert of(read(guarded), "sales_api_requests_total", **none) == 2


def test_a_version_that_is_gone_leaves_no_series(make_settings, key):
    settings = make_settings(kept_versions=0)
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    publish(bucket, "price", V1, version_files("price", V1, key))
    with serving(settings) as client:
        wait_for(client, price=V1)
        client.post("/models/price/predict", json={"rows": [TYPICAL]})
        publish(bucket, "price", V2, version_files("price", V2, key, seed=1))
        wait_for(client, price=V2)

        def gone():
            return not [name for name in read(client) if ("version", V1) in name]

        assert wait_until(gone)
        assert of(read(client), "sales_api_swaps_total", model="price") == 2
