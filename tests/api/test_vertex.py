"""As Vertex AI runs it: its port, its routes, a folder that holds one version."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from cloud import storage_client
from tests.api.conftest import V1, free_port
from tests.api.publishing import TYPICAL, publish, version_files
from tests.api.serving import serving, wait_for, wait_for_problem, wait_until

ROOT = Path(__file__).parents[2]


def test_it_listens_and_answers_where_vertex_ai_says(settings, bucket, key):
    publish(bucket, "price", V1, version_files("price", V1, key))
    port = free_port()
    given = {
        "AIP_HTTP_PORT": str(port),
        "AIP_HEALTH_ROUTE": "/v1/endpoints/7/alive",
        "AIP_PREDICT_ROUTE": "/v1/endpoints/7:predict",
        "AIP_STORAGE_URI": f"gs://{bucket.name}/models/price/{V1}",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "api"],
        cwd=ROOT,
        env={**os.environ, **settings.cloud.environment(), **given},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:

            def answered():
                try:
                    return client.get("/v1/endpoints/7/alive").status_code == 200
                except httpx.TransportError:
                    return False

            wait_until(answered)
            content = {"instances": [TYPICAL, TYPICAL]}
            response = client.post("/v1/endpoints/7:predict", json=content)
            assert client.post("/predict", json=content).status_code == 404
    finally:
        process.kill()
        process.communicate()
    assert response.status_code == 200, response.text
    assert len(response.json()["predictions"]) == 2


@pytest.fixture
def in_folder(make_settings, key):
    """Settings of an API whose model lies in a folder, and how to put a version there."""
    settings = make_settings()
    settings = replace(
        settings, storage_uri=f"gs://{settings.cloud.bucket}/handed/over", default_model=None
    )
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)

    def put(files):
        for name, data in sorted(files.items(), key=lambda item: item[0] == "manifest.json"):
            bucket.blob(f"handed/over/{name}").upload_from_string(data)

    return settings, put


def test_the_folder_s_only_model_is_the_default(in_folder, key):
    settings, put = in_folder
    with serving(settings) as client:
        assert client.post("/predict", json={"instances": [TYPICAL]}).status_code == 503
        put(version_files("class_two", V1, key))
        wait_for(client, class_two=V1)

        assert client.post("/predict", json={"instances": [TYPICAL]}).status_code == 200
        assert client.get("/ping").status_code == 200


def test_a_folder_that_is_not_as_it_was_signed_is_not_served(in_folder, key):
    settings, put = in_folder
    files = version_files("price", V1, key)
    put(files | {"model.pkl": files["model.pkl"] + b"."})
    with serving(settings) as client:
        problem = wait_for_problem(client, "price")

        assert "model.pkl" in problem["reason"]
        assert client.post("/predict", json={"instances": [TYPICAL]}).status_code == 503
