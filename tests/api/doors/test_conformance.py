"""Every answer of every door is as the OpenAPI document describes it."""

import pytest
from jsonschema import ValidationError

from tests.api.conftest import V1
from tests.api.described import check, document_of
from tests.api.doors.asking import ALL, ask, path_of
from tests.api.publishing import TYPICAL

ROWS = [TYPICAL, TYPICAL | {"model": "Fusca", "year": 2031}, dict.fromkeys(TYPICAL)]
MODELS = ("price", "class_two", "class_many", "class_flag", "trees")


@pytest.fixture(scope="module")
def document(api):
    return document_of(api)


@pytest.mark.parametrize("explain", ["false", "true"], ids=["plain", "explained"])
@pytest.mark.parametrize("way", ALL)
@pytest.mark.parametrize("model", MODELS)
def test_an_answer_is_as_described(default_of, document, model, way, explain):
    response = ask(default_of(model), way, ROWS, model, explain=explain)

    assert response.status_code == 200, response.text
    check(document, path_of(way), response)
    assert ("attribution" in response.text) is (explain == "true")


@pytest.mark.parametrize("way", ALL)
def test_a_refusal_is_as_described(api, document, way):
    address, kind, _ = ALL[way]
    for content in (b"?", b" " * (2 << 20)):
        response = api.post(
            address.format("price"), content=content, headers={"Content-Type": kind}
        )

        assert response.status_code in (400, 413, 422)
        check(document, path_of(way), response)


@pytest.mark.parametrize(
    "path",
    [
        *("/v2", "/v2/health/live", "/v2/health/ready"),
        *("/v2/models/{model}", "/v2/models/{model}/ready"),
        *("/v2/models/{model}/versions/{version}", "/v2/models/{model}/versions/{version}/ready"),
        *("/ping", "/health", "/version", "/health/live", "/health/ready"),
        *("/models", "/models/{model}", "/metrics", "/"),
    ],
)
def test_what_tells_of_server_and_models_is_as_described(api, document, path):
    response = api.get(path.format(model="price", version=V1))

    assert response.status_code == 200
    check(document, path, response)


def test_what_is_not_described_would_be_seen(api, document):
    response = ask(api, "own rows", ROWS)
    content = response.json()
    for changed in (content | {"more": 1}, content | {"predictions": [{"value": "1"}]}):
        response.json = lambda changed=changed: changed

        with pytest.raises(ValidationError):
            check(document, path_of("own rows"), response)
