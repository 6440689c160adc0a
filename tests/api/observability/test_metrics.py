"""What Prometheus reads."""

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
        client.post("/v2/models/price/infer", json={"inputs": []})
        client.post("/models/price/predict", content=b"?")
        found = read(client)

        own = {"door": "own", "model": "price", "version": V1}
        assert of(found, "sales_api_requests_total", **own, status="200") == 4
        assert of(found, "sales_api_rows_total", **own) == 35 + 3
        assert of(found, "sales_api_request_seconds_count", **own) == 4
        refused = {"model": "", "version": ""}
        assert of(found, "sales_api_requests_total", door="own", **refused, status="422") == 1
        assert (
            of(found, "sales_api_requests_total", door="open-inference", **refused, status="400")
            == 1
        )
        assert of(found, "sales_api_swaps_total", model="price") == 1
        named = {"model": "price", "version": V1}
        assert of(found, "sales_api_model_verdict", **named, status="signal") == 1
        assert of(found, "sales_api_model_age_seconds", **named) > 0
        assert of(found, "sales_api_storage_away") == 0


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
