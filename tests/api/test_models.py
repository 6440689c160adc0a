"""What the API tells about itself and its models, over real HTTP."""

import html.parser
import re

import pytest

from tests.api.publishing import FIGURES, VERDICT


def test_every_model_is_listed_with_its_verdict(api):
    models = api.get("/models").json()["models"]

    assert [m["model"] for m in models] == ["class_many", "class_two", "price", "trees"]
    assert models[2] | {"verdict": 0} == {
        "model": "price",
        "version": "1" * 16,
        "type": "LINEAR_REG",
        "label": "price_usd",
        "task": "regression",
        "published_at": "2026-02-01T00:00:00Z",
        "verdict": 0,
    }


def test_a_model_is_described_in_full(api):
    model = api.get("/models/price").json()

    assert model["features"][0]["categories"] == ["M3", "X1", "X5", "série 3"]
    assert (model["features"][2]["min"], model["features"][2]["max"]) == (2010, 2024)
    assert model["metrics"] == {"bigquery_ml": {"r2_score": 0.9}, "scikit_learn": {"r2_score": 0.9}}
    assert model["parity"] == {"published": FIGURES, "retrained": FIGURES, "transplanted": None}
    assert model["method"]["published"] == "retrained"
    assert VERDICT.items() <= model["verdict"].items()


def test_a_model_that_is_not_there_is_a_404(api):
    response = api.get("/models/nothing")

    assert response.status_code == 404
    assert "'price'" in response.json()["detail"]


def test_it_is_alive_and_ready(api):
    assert api.get("/health/live").json() == {"status": "alive"}
    response = api.get("/health/ready")
    assert response.status_code == 200
    assert response.json()["status"] == "ready"
    assert response.json()["problems"] == []
    assert response.json()["storage"] is None


def test_every_route_has_a_response_model_and_a_summary(api):
    description = api.get("/openapi.json").json()

    routes = [(p, r) for p, methods in description["paths"].items() for r in methods.values()]
    for path, route in routes:
        assert route["summary"] and route["description"], path
        content = route["responses"]["200"]["content"]
        assert "$ref" in str(content) or content.keys() & {
            "text/html",
            "text/plain",
            "image/svg+xml",
            "application/x-ndjson",
            "image/png",
        }, path
    assert len(routes) == 30


def test_the_body_of_a_prediction_is_described_with_an_example(api):
    description = api.get("/openapi.json").json()
    route = description["paths"]["/models/{model}/predict"]["post"]

    schema = route["requestBody"]["content"]["application/json"]["schema"]
    names = [entry["$ref"].rsplit("/", 1)[1] for entry in schema["anyOf"]]
    rows, columns = (description["components"]["schemas"][name] for name in names)
    assert rows["examples"][0]["rows"][0]["year"] == 2021
    assert columns["examples"][0]["columns"]["year"] == [2021]
    assert {"404", "413", "422", "503"} <= route["responses"].keys()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Better than a constant"), ("pt-BR", "Melhor que um palpite")]
)
def test_the_page_lists_models_and_verdicts_without_other_hosts(api, language, words):
    response = api.get("/", headers={"Accept-Language": language})

    assert response.headers["content-type"].startswith("text/html")
    assert f'<html lang="{language}">' in response.text
    assert response.text.count(words) == 4
    assert not re.search(r"(src|href)=.?(https?:)?//", response.text)
    assert "default-src 'none'" in response.headers["content-security-policy"]
    html.parser.HTMLParser().feed(response.text)
