"""Our own door: answers come in the form of the rows."""

import pytest

from tests.api.conftest import V1
from tests.api.doors.asking import ask, columns
from tests.api.publishing import CLASSES, TYPICAL

ROWS = [TYPICAL, TYPICAL | {"model": "Fusca", "year": 2031}, dict.fromkeys(TYPICAL)]
WAYS = ("own rows", "own columns", "own csv", "own arrow", "own version")


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_says_whose_it_is(api, way):
    content = ask(api, way, ROWS).json()

    assert (content["model"], content["version"]) == ("price", V1)
    assert content["verdict"]["status"] == "signal"


@pytest.mark.parametrize("way", ["own columns", "own csv", "own arrow"])
@pytest.mark.parametrize("model", ["price", "class_two", "class_many", "trees"])
def test_columns_are_answered_with_columns(api, model, way):
    rows = ask(api, "own rows", ROWS, model).json()["predictions"]

    content = ask(api, way, ROWS, model).json()

    found = content["columns"]
    if CLASSES[model] is None:
        assert found == {"value": [one["value"] for one in rows]}
    else:
        assert found["label"] == [one["label"] for one in rows]
        for name, numbers in found["probabilities"].items():
            assert numbers == [one["probabilities"][name] for one in rows]
    placed = [{"row": at} | one for at, row in enumerate(rows) for one in row["warnings"]]
    assert content["warnings"] == placed
    assert [(one["row"], one["column"]) for one in placed] == [(1, "model"), (1, "year")]


@pytest.mark.parametrize("way", ["own columns", "own csv", "own arrow"])
def test_explanations_of_columns_are_those_of_rows(api, way):
    rows = ask(api, "own rows", ROWS, explain="true").json()["predictions"]

    found = ask(api, way, ROWS, explain="true").json()["explanations"]

    assert found == [one["explanation"] for one in rows]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/json", "a/b+json", ""])
def test_json_may_be_called_by_several_names(api, kind):
    headers = {"Content-Type": kind}

    response = api.post("/models/price/predict", json={"rows": ROWS}, headers=headers)

    assert response.json() == ask(api, "own rows", ROWS).json()


@pytest.mark.parametrize(
    "content",
    [{"rows": ROWS, "columns": columns(ROWS)}, {"rows": ROWS, "more": 1}, {}, ROWS],
    ids=["both forms", "another key", "nothing", "a list"],
)
def test_a_body_is_rows_or_columns_and_no_more(api, content):
    response = api.post("/models/price/predict", json=content)

    assert response.status_code == 422
    words = 'expected {"rows": [{…}]} with 1 to 2000 rows, or {"columns": {…}}.'
    assert response.json()["detail"].endswith(words)
