"""The OpenAPI document is what the API does: schemathesis asks whatever it allows, and more."""

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from api.gate.gate import OPEN_PATHS
from api.schemas.models import MODEL, VERSION
from cloud import storage_client
from tests.api.described import check, document_of
from tests.api.observability.test_metrics import of, read
from tests.api.publishing import example_files, publish
from tests.api.serving import serving, wait_for

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
NAMED = {"model": MODEL, "version": VERSION, "name": "main.js"}
DOORS = ("own", "open-inference", "mlflow", "vertex")
ERRORS = {"/v2": "OpenInferenceError", "/invocations": "MLflowError", "/predict": "VertexError"}


@pytest.fixture(scope="module")
def guarded(make_settings, key, api_key):
    """A client, with a key, of an API that wants one and has the model of the examples."""
    secret, file = api_key
    settings = make_settings(default_model=MODEL, api_keys_file=file)
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    publish(bucket, MODEL, VERSION, example_files(key))
    with serving(settings) as client:
        wait_for(client, **{MODEL: VERSION})
        client.headers["X-API-Key"] = secret
        yield client


@pytest.fixture(scope="module")
def document(guarded):
    return document_of(guarded)


def operations(document):
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_a_guarded_api_says_how_to_say_who_asks(document):
    assert document["security"] == [{"ApiKey": []}]
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == "X-API-Key"
    free = {path for path, _, operation in operations(document) if "security" in operation}
    assert free == OPEN_PATHS


def test_who_need_not_say_who_they_are_may(api):
    document = document_of(api)

    ways = document["components"]["securitySchemes"]
    assert document["security"] == [{}, *({name: []} for name in ways)]
    assert ways.keys() == {"ApiKey", "GoogleToken", "IdentityAwareProxy"}


def test_each_door_refuses_a_caller_without_a_key_as_described(guarded, document):
    asked = 0
    with httpx.Client(base_url=guarded.base_url) as stranger:
        for path, method, operation in operations(document):
            if path not in OPEN_PATHS:
                response = stranger.request(method, path.format(**NAMED))
                assert response.status_code == 401, path
                check(document, path, response)
                assert {"403", "429", "503"} <= operation["responses"].keys()
                asked += 1
    assert asked > 20


def test_no_refusal_has_a_form_that_the_api_never_writes(document):
    for path, _, operation in operations(document):
        start = next((start for start in ERRORS if path.startswith(start)), None)
        for status, answer in operation["responses"].items():
            if status >= "400" and path not in OPEN_PATHS:
                assert answer["content"].keys() == {"application/json"}
                (content,) = answer["content"].values()
                name = content["schema"]["$ref"].rpartition("/")[2]
                assert name == ERRORS.get(start, "ErrorBody"), (path, status)


def examine(api, examples, folder):
    """Run every check of schemathesis; return how many cases it made."""
    key = api.headers.get("X-API-Key")
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)),
            *("run", str(api.base_url.join("/openapi.json")), "--checks", "all"),
            *("--max-examples", str(examples), "--continue-on-failure", "--no-color"),
            *(("--header", f"X-API-Key: {key}") if key else ()),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
    found = re.search(r"(\d+) generated, (\d+) passed", ended.stdout)
    assert found, ended.stdout[-2000:]
    return int(found[1])


def answered(api):
    """Return how many predictions each door has made."""
    found, asked = read(api), {"model": MODEL, "version": VERSION, "status": "200"}
    return {door: of(found, "sales_api_requests_total", door=door, **asked) for door in DOORS}


def test_the_document_holds(guarded, tmp_path):
    before = answered(guarded)

    assert examine(guarded, 10, tmp_path) > 500

    after = answered(guarded)
    assert all(after[door] >= before[door] + 3 for door in DOORS), after


@pytest.mark.soak
def test_the_document_holds_for_long(api, tmp_path):
    assert examine(api, 300, tmp_path) >= 5000
