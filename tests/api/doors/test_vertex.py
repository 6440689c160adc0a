"""Vertex AI's form of rows, answers and refusals; `tests/api/test_vertex.py` runs its container."""

import pytest

from tests.api.doors.asking import ask
from tests.api.publishing import TYPICAL

ROWS = [TYPICAL, TYPICAL | {"year": 2031}, dict.fromkeys(TYPICAL)]


def predict(api, **content):
    return api.post("/predict", json=content)


@pytest.mark.parametrize("model", ["price", "class_two", "class_many", "class_flag", "trees"])
def test_predictions_and_verdict_are_those_of_our_own_door(default_of, model):
    api = default_of(model)
    own = ask(api, "own rows", ROWS, model).json()

    found = predict(api, instances=ROWS).json()

    assert found == {key: own[key] for key in ("predictions", "verdict")}
    assert found["predictions"][1]["warnings"][0]["value"] == 2031


@pytest.mark.parametrize("parameters", [None, {}, {"explain": True}, [1], "x"], ids=str)
def test_parameters_are_read_over(api, parameters):
    plain = predict(api, instances=ROWS).json()

    assert predict(api, instances=ROWS, parameters=parameters).json() == plain


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "The body is an object with the keys none; expected"),
        ({"instances": TYPICAL}, "instances is"),
        ({"instances": [list(TYPICAL.values())]}, "instances[0] is"),
        ({"instances": ROWS, "signature": "x"}, "The body is an object with the keys"),
    ],
    ids=["nothing", "no list", "no object", "another key"],
)
def test_what_are_no_instances_is_refused_with_its_place(api, content, words):
    response = predict(api, **content)

    assert response.status_code == 422
    error = response.json()["error"]
    assert error.keys() == {"code", "message"} and error["code"] == 422
    assert words in error["message"]
