"""The Open Inference Protocol's own parts: health, metadata, tensors."""

import json

import pytest

from tests.api.conftest import V1, V2
from tests.api.doors.asking import NAMES, ask, tensors
from tests.api.publishing import CLASSES, FEATURES, TYPICAL
from tests.api.serving import serving, wait_until

ROWS = [TYPICAL, TYPICAL | {"year": 2014}, dict.fromkeys(TYPICAL)]


def infer(api, content, model="price"):
    return api.post(f"/v2/models/{model}/infer", json=content)


def changed(rows=ROWS, name="year", **changes):
    """Return the tensors of rows, one of them changed."""
    return [one | (changes if one["name"] == name else {}) for one in tensors(rows)]


def values(api, inputs):
    response = infer(api, {"inputs": inputs})
    assert response.status_code == 200, response.text
    return response.json()["outputs"][0]["data"]


def refusal(response, status=400):
    assert response.status_code == status, response.text
    assert response.json().keys() == {"error"}
    return response.json()["error"]


def test_the_server_tells_its_name_and_that_it_lives_and_answers(api):
    assert api.get("/v2").json() == {"name": "sales-models", "version": "1", "extensions": []}
    assert api.get("/v2/health/live").json() == {"live": True}
    assert api.get("/v2/health/ready").json() == {"ready": True}


def test_a_server_without_models_lives_and_is_not_ready(settings):
    with serving(settings) as client:
        wait_until(lambda: client.get("/v2/models/price").status_code == 404)
        ready = client.get("/v2/health/ready")

        assert (ready.status_code, ready.json()) == (503, {"ready": False})
        assert client.get("/v2/health/live").json() == {"live": True}
        assert "no model 'price'" in refusal(client.get("/v2/models/price/ready"), 404)


@pytest.mark.parametrize("version", ["", f"/versions/{V1}"], ids=["current", "by name"])
@pytest.mark.parametrize("model", ["price", "class_two", "class_many", "trees"])
def test_a_model_is_described_and_ready(api, model, version):
    described = api.get(f"/v2/models/{model}{version}").json()
    outputs = described.pop("outputs")

    assert described == {
        "name": model,
        "versions": [V1],
        "platform": "bigquery_ml_sklearn",
        "inputs": [
            {key: one[key] for key in ("name", "datatype")} | {"shape": [-1]}
            for one in tensors([TYPICAL])
        ],
    }
    answered = infer(api, {"inputs": tensors(ROWS)}, model).json()["outputs"]
    assert outputs == [
        {key: one[key] for key in ("name", "datatype")} | {"shape": [-1, *one["shape"][1:]]}
        for one in answered
    ]
    ready = api.get(f"/v2/models/{model}{version}/ready")
    assert (ready.status_code, ready.json()) == (200, {"name": model, "ready": True})


@pytest.mark.parametrize("end", ["", "/ready"])
def test_a_version_that_is_not_in_service_is_a_404(api, end):
    words = refusal(api.get(f"/v2/models/price/versions/{V2}{end}"), 404)

    assert words.endswith(f"Versions in service: {V1}.")


@pytest.mark.parametrize("sent", ["7", "", "série-3"])
def test_the_id_of_a_request_comes_back(api, sent):
    assert infer(api, {"id": sent, "inputs": tensors(ROWS)}).json()["id"] == sent


def test_a_request_without_an_id_gets_none(api):
    assert "id" not in infer(api, {"inputs": tensors(ROWS)}).json()
    assert "id is 7; expected a text" in refusal(infer(api, {"id": 7, "inputs": tensors(ROWS)}))


@pytest.mark.parametrize(
    "wanted", [["label"], ["probabilities"], ["probabilities", "label"], []], ids=str
)
def test_the_outputs_that_are_asked_for_come_alone(api, wanted):
    whole = infer(api, {"inputs": tensors(ROWS)}, "class_many").json()
    asked = {"inputs": tensors(ROWS), "outputs": [{"name": name} for name in wanted]}

    found = infer(api, asked, "class_many").json()

    assert found["outputs"] == [one for one in whole["outputs"] if one["name"] in wanted]
    assert found["parameters"] == whole["parameters"]


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ([{"name": "price"}], "outputs names 'price'; expected"),
        ([{}], "outputs names null; expected"),
        (["value"], "outputs has 'value'; expected"),
        ("value", "outputs is 'value'; expected"),
    ],
)
def test_an_output_that_is_none_is_refused_with_those_there_are(api, outputs, words):
    found = refusal(infer(api, {"inputs": tensors(ROWS), "outputs": outputs}))

    assert words in found and "a list of objects that name outputs: value" in found


@pytest.mark.parametrize("model", ["class_two", "class_many", "trees"])
def test_probabilities_are_row_by_row_in_the_order_of_their_classes(api, model):
    outputs = infer(api, {"inputs": tensors(ROWS)}, model).json()["outputs"]
    label, many = outputs
    own = ask(api, "own rows", ROWS, model).json()["predictions"]

    names = json.loads(many["parameters"]["classes"])
    assert names == [str(one) for one in CLASSES[model]]
    assert (label["shape"], many["shape"]) == ([3], [3, len(names)])
    assert label["data"] == [one["label"] for one in own]
    assert many["data"] == [one["probabilities"][name] for one in own for name in names]


def test_a_column_may_be_of_the_shape_rows_by_one(api):
    rows = len(ROWS)
    wide = [one | {"shape": [rows, 1]} for one in tensors(ROWS)]

    assert values(api, wide) == values(api, tensors(ROWS))
    assert values(api, changed(shape=[rows, 1])) == values(api, tensors(ROWS))


def test_data_of_that_shape_may_be_nested(api):
    nested = [
        one | {"shape": [len(ROWS), 1], "data": [[cell] for cell in one["data"]]}
        for one in tensors(ROWS)
    ]

    assert values(api, nested) == values(api, tensors(ROWS))


@pytest.mark.parametrize(
    ("shape", "data"),
    [([3], [[2020], [2021], [2022]]), ([3, 1], [[2020], [2021, 1], []]), ([3, 1], [[2020], 1, 2])],
    ids=["flat shape", "other widths", "half"],
)
def test_data_nested_otherwise_is_refused_with_row_and_column(api, shape, data):
    words = refusal(infer(api, {"inputs": changed(shape=shape, data=data)}))

    assert words.startswith("inputs.year[0] is a list; expected a whole number")


@pytest.mark.parametrize("shape", [[2], [4, 1], [1, 3], [3, 1, 1], [], [-1], "3", None])
def test_another_shape_is_refused(api, shape):
    words = refusal(infer(api, {"inputs": changed(shape=shape)}))

    assert "shape is" in words and "expected [3] or [3, 1]" in words


@pytest.mark.parametrize(
    ("name", "datatype"),
    [
        *(("year", kind) for kind in ("INT64", "INT32", "INT16", "UINT16")),
        *(("mileage_km", kind) for kind in ("FP64", "FP32", "INT64", "INT32", "UINT32")),
    ],
)
def test_numbers_may_be_of_any_datatype_that_holds_them(api, name, datatype):
    assert values(api, changed(name=name, datatype=datatype)) == values(api, tensors(ROWS))


@pytest.mark.parametrize(
    ("name", "datatype"),
    [("year", "FP32"), ("year", "BYTES"), ("mileage_km", "BYTES"), ("model", "INT64"), ("year", 7)],
)
def test_another_datatype_is_refused_with_those_there_may_be(api, name, datatype):
    words = refusal(infer(api, {"inputs": changed(name=name, datatype=datatype)}))

    assert f"datatype of {name} is" in words and "; expected one of " in words


def test_parameters_are_read_over(api):
    given = {"parameters": {"a": "b", "n": 1.5, "is": True}}
    inputs = [one | given for one in tensors(ROWS)]
    outputs = [{"name": "value"} | given]

    response = infer(api, {"inputs": inputs, "outputs": outputs, **given})

    assert response.status_code == 200, response.text


@pytest.mark.parametrize("given", [[None], "x", {"a": [1]}, {"a": None}], ids=str)
@pytest.mark.parametrize("where", ["request", "input", "output"])
def test_what_are_no_parameters_is_refused(api, where, given):
    content = {"inputs": tensors(ROWS), "outputs": [{"name": "value"}]}
    holder = {"request": content, "input": content["inputs"][0], "output": content["outputs"][0]}
    holder[where]["parameters"] = given

    words = refusal(infer(api, content))

    assert "parameters is" in words and "an object of texts, numbers and booleans" in words


@pytest.mark.parametrize("at", range(len(NAMES)), ids=NAMES)
def test_tensors_come_in_any_order_each_once(api, at):
    inputs = tensors(ROWS)
    turned = [*inputs[at:], *inputs[:at]]

    assert values(api, turned) == values(api, inputs)
    words = refusal(infer(api, {"inputs": [*inputs, inputs[at]]}))
    assert f"inputs[{len(FEATURES)}] is named '{NAMES[at]}' once more" in words
