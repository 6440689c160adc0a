"""MLflow's scoring protocol: health, forms of rows, methods."""

import pytest

from tests.api.doors.asking import NAMES, ask
from tests.api.publishing import TYPICAL
from tests.api.serving import serving, wait_until

ROWS = [TYPICAL, TYPICAL | {"year": 2014}, dict.fromkeys(TYPICAL)]
SPLIT = {"columns": NAMES, "data": [[row[name] for name in NAMES] for row in ROWS]}
TURNED = {"columns": NAMES[::-1], "data": [row[::-1] for row in SPLIT["data"]]}
CLASSIFIERS = ("class_two", "class_many", "class_flag", "trees")


def invoke(api, **content):
    return api.post("/invocations", json=content)


def refusal(response, status=400, code="BAD_REQUEST"):
    assert response.status_code == status, response.text
    assert response.json()["error_code"] == code
    return response.json()["message"]


@pytest.mark.parametrize("path", ["/ping", "/health"])
def test_it_tells_that_the_default_model_answers(api, path):
    response = api.get(path)

    assert (response.status_code, response.text) == (200, "\n")
    assert response.headers["content-type"].startswith("text/plain")


def test_it_tells_whose_protocol_it_speaks(api):
    response = api.get("/version")

    assert (response.status_code, response.text) == (200, "3.0.0")
    assert response.headers["content-type"].startswith("text/plain")


def test_without_the_default_model_nothing_answers(settings):
    with serving(settings) as client:
        wait_until(lambda: client.get("/ping").status_code == 404)

        for response in (client.get("/ping"), invoke(client, instances=ROWS)):
            words = refusal(response, 404, "RESOURCE_DOES_NOT_EXIST")
            assert "There is no model 'price_linear'" in words


@pytest.mark.parametrize("model", CLASSIFIERS)
def test_predict_gives_labels_and_predict_proba_their_probabilities(default_of, model):
    api = default_of(model)
    own = ask(api, "own rows", ROWS, model).json()["predictions"]
    labels = [one["label"] for one in own]

    for params in ({}, {"params": None}, {"params": {}}, {"params": {"predict_method": "predict"}}):
        assert invoke(api, dataframe_records=ROWS, **params).json()["predictions"] == labels
    asked = {"predict_method": "predict_proba"}
    found = invoke(api, dataframe_records=ROWS, params=asked).json()["predictions"]
    assert found == [list(one["probabilities"].values()) for one in own]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"predict_method": "predict_proba"}, "params.predict_method is 'predict_proba'"),
        ({"predict_method": "transform"}, "params.predict_method is 'transform'"),
        ({"predict_method": None}, "params.predict_method is null"),
        ({"method": "predict"}, "params is an object with the keys 'method'"),
        (["predict"], "params is"),
    ],
)
def test_a_regression_has_no_other_method_than_predict(api, params, words):
    assert words in refusal(invoke(api, instances=ROWS, params=params))


@pytest.mark.parametrize(
    "content",
    [
        {"dataframe_split": SPLIT | {"index": [7, 8, 9]}},
        {"dataframe_split": TURNED},
        {"dataframe_records": ROWS},
        {"instances": ROWS},
        {"instances": {name: [row[name] for row in ROWS] for name in NAMES}},
        {"inputs": ROWS},
        {"inputs": {name: [row[name] for row in ROWS] for name in NAMES}},
    ],
    ids=["index", "turned", "records", "instances", "instances as columns", "inputs", "columns"],
)
def test_every_form_of_rows_gets_the_same_values(api, content):
    wanted = [one["value"] for one in ask(api, "own rows", ROWS).json()["predictions"]]

    assert invoke(api, **content).json()["predictions"] == wanted


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"instances": ROWS, "inputs": ROWS}, "The body is an object with the keys"),
        ({"rows": ROWS}, "expected an object with one of dataframe_split, dataframe_records"),
        ({"dataframe_split": ROWS}, "dataframe_split is"),
        ({"dataframe_split": {"columns": NAMES}}, "dataframe_split.data is null"),
        ({"dataframe_split": SPLIT | {"columns": "x"}}, "dataframe_split.columns is 'x'"),
        ({"dataframe_split": SPLIT | {"columns": [*NAMES[1:], "year"]}}, "has 'year' twice"),
        ({"dataframe_split": SPLIT | {"data": [[1]]}}, "dataframe_split.data[0] is 1 values"),
    ],
)
def test_what_is_no_form_of_rows_is_refused_with_its_place(api, content, words):
    assert words in refusal(invoke(api, **content))


def test_warnings_stand_beside_the_predictions_with_their_rows(api):
    content = invoke(api, instances=[TYPICAL, TYPICAL | {"year": 2031}]).json()

    (warning,) = content["warnings"]
    assert (warning["row"], warning["column"], warning["value"]) == (1, "year", 2031)
    assert "warnings" not in invoke(api, instances=[TYPICAL]).json()
    assert content["verdict"]["status"] == "signal"
