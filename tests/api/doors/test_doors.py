"""Every door gives the same answers and refuses the same things, each in its own form."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier

import httpx
import pytest

from api.doors.core import LONG_BODY
from api.scoring.proving import generated_rows
from export.artifact import Feature, Manifest, attributions, frame, predict
from tests.api.doors.asking import ALL, DEFAULT_WAYS, NAMES, WAYS, answers, ask, columns
from tests.api.publishing import CLASSES, FEATURES, TYPICAL, manifest_of, trained

# CSV has no text between nothing and an empty one that all writers agree on.
ROWS = [
    row
    for row in generated_rows(FEATURES, Random(4))
    if "" not in row.values() and "\x00no category\x00" not in row.values()
][:50]
STATUSES = {"own": 422, "open inference": 400, "mlflow": 400, "vertex": 422}


def status_of(way, own):
    """Return what a door answers where ours answers `own`."""
    kind = way.split()[0] if not way.startswith("open") else "open inference"
    return STATUSES[kind] if own == 422 else own


def words_of(way, response):
    """Return a refusal's words, having checked the protocol's form."""
    content = response.json()
    if way.startswith("open inference"):
        assert content.keys() == {"error"}
        return content["error"]
    if way.startswith("mlflow"):
        assert content.keys() == {"error_code", "message"}
        return content["message"]
    if way == "vertex":
        assert content["error"]["code"] == response.status_code
        return content["error"]["message"]
    assert content.keys() == {"detail", "problems"}
    return content["detail"]


@pytest.mark.parametrize("rows", [ROWS, ROWS[:3]], ids=["many", "few"])
@pytest.mark.parametrize("model", ["price", "class_two", "class_many", "trees"])
def test_the_same_rows_get_identical_numbers_at_every_door(api, model, rows):
    ways = ALL if model == "price" else WAYS
    found = {}
    for way in ways:
        response = ask(api, way, rows, model)
        assert response.status_code == 200, (way, response.text)
        found[way] = answers(way, response.json(), model)

    first = found["own rows"]
    for way, (values, chances) in found.items():
        assert values == first[0], way
        assert chances is None or chances == first[1], way
    pipeline = trained(model)
    wanted = predict(pipeline, Manifest(**manifest_of(model, "1" * 16, pipeline)), rows)
    if model == "price":
        assert first[0] == pytest.approx([one["value"] for one in wanted], rel=1e-9)
    else:
        assert first[0] == [one["label"] for one in wanted]


@pytest.mark.parametrize("way", ALL)
def test_an_unseen_category_and_null_are_answered_and_the_verdict_is_told(api, way):
    rows = [TYPICAL | {"model": "Fusca"}, dict.fromkeys(NAMES), TYPICAL | {"year": 2031}]

    response = ask(api, way, rows)

    assert response.status_code == 200
    assert "Fusca" in response.text and "Better than a constant guess" in response.text


@pytest.mark.parametrize("way", ALL)
def test_a_wrong_type_is_refused_with_row_column_and_value(api, way):
    if way == "own arrow":
        pytest.skip("a column of Arrow has one type; see inference/test_forms.py")
    rows = [TYPICAL, TYPICAL | {"year": "20x0"}]

    response = ask(api, way, rows)

    assert response.status_code == status_of(way, 422)
    words = words_of(way, response)
    assert "year" in words and "20x0" in words and "a whole number of 64 bits or null" in words


@pytest.mark.parametrize("way", ALL)
def test_no_rows_are_refused(api, way):
    response = ask(api, way, [])

    assert response.status_code == status_of(way, 422), response.text
    assert words_of(way, response)


@pytest.mark.parametrize("way", ALL)
def test_too_many_rows_are_refused(api, way):
    response = ask(api, way, [TYPICAL] * 2001)

    assert response.status_code == status_of(way, 422)
    assert "2000 rows" in words_of(way, response)


def with_columns(monkeypatch, features):
    """Have the doors asked for other columns; return a row of them."""
    monkeypatch.setattr("tests.api.doors.asking.NAMES", [one.name for one in features])
    monkeypatch.setattr("tests.api.doors.asking.FEATURES", features)
    return {one.name: TYPICAL.get(one.name, 2020) for one in features}


@pytest.mark.parametrize("way", ALL)
@pytest.mark.parametrize("name", NAMES)
def test_a_missing_column_is_refused_by_name(api, way, name, monkeypatch):
    row = with_columns(monkeypatch, [one for one in FEATURES if one.name != name])

    response = ask(api, way, [row])

    assert response.status_code == status_of(way, 422)
    assert re.search(rf"\b{name} is missing\b", words_of(way, response))


@pytest.mark.parametrize("way", ALL)
def test_an_extra_column_is_refused_by_name(api, way, monkeypatch):
    extra = Feature("Yaer", "INT64", "numeric", None, None, None, True)
    row = with_columns(monkeypatch, [*FEATURES, extra])

    response = ask(api, way, [row])

    assert response.status_code == status_of(way, 422)
    assert "the unknown column 'Yaer'; expected" in words_of(way, response)


@pytest.mark.parametrize("rows", [3, 1900], ids=["short", "long"])
def test_callers_at_once_get_their_own_values(api, rows):
    """Short bodies are answered on the event loop, long ones beside it."""
    pipeline = trained("price")
    stated = Manifest(**manifest_of("price", "1" * 16, pipeline))
    ways = [*ALL, *ALL]
    asked = [
        [
            TYPICAL | {"model": "série 3", "mileage_km": 1000.0 * caller + at / 7}
            for at in range(rows + caller)
        ]
        for caller in range(len(ways))
    ]
    wanted = [[one["value"] for one in predict(pipeline, stated, one)] for one in asked]
    bodies = [len(ALL[way][2](mine)) for way, mine in zip(ways, asked, strict=True)]
    assert all((size > LONG_BODY) is (rows > 1000) for size in bodies)
    together = Barrier(len(ways))

    def call(caller):
        with httpx.Client(base_url=api.base_url, timeout=30) as client:
            together.wait()
            return [ask(client, ways[caller], asked[caller]) for _ in range(5)]

    with ThreadPoolExecutor(len(ways)) as pool:
        for caller, responses in enumerate(pool.map(call, range(len(ways)))):
            for response in responses:
                values, _ = answers(ways[caller], response.json())
                assert values == pytest.approx(wanted[caller], rel=1e-9), ways[caller]


@pytest.mark.parametrize("way", ALL)
def test_a_body_that_is_too_large_is_a_413(api, way):
    address, kind, _ = ALL[way]
    headers = {"Content-Type": kind}

    response = api.post(address.format("price"), content=b" " * (2 << 20), headers=headers)

    assert response.status_code == 413
    assert "more than 1,048,576 bytes" in words_of(way, response)


@pytest.mark.parametrize("way", ALL)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"rows": NaN}', b"\0" * 100]
)
def test_what_is_no_such_body_is_refused_in_words(api, way, body):
    address, kind, _ = ALL[way]

    response = api.post(address.format("price"), content=body, headers={"Content-Type": kind})

    assert response.status_code == status_of(way, 422), response.text
    words = words_of(way, response)
    assert words and "Traceback" not in words


@pytest.mark.parametrize("way", WAYS)
def test_an_unknown_model_or_version_is_a_404(api, way):
    response = ask(api, way, [TYPICAL], "prise")

    assert response.status_code == 404
    assert "There is no model 'prise'" in words_of(way, response)
    address, kind, body = ALL[way]
    if "versions" in address:
        address = address.format("price").replace("1" * 16, "2" * 16)
        response = api.post(address, content=body([TYPICAL]), headers={"Content-Type": kind})
        assert response.status_code == 404
        assert "Versions in service: 1111111111111111" in words_of(way, response)


@pytest.mark.parametrize("way", DEFAULT_WAYS)
def test_a_get_is_refused_in_the_protocols_form(api, way):
    response = api.get(ALL[way][0])

    assert response.status_code == 405
    assert words_of(way, response)


@pytest.mark.parametrize("way", ["own rows", "own columns", "mlflow records", "vertex"])
def test_a_key_that_stands_twice_is_refused(api, way):
    address, kind, body = ALL[way]
    text = body([TYPICAL]).replace(b'"year": ', b'"year": 1999, "year": ', 1)
    if way == "own columns":
        text = body([TYPICAL]).replace(b'"year": ', b'"year": [1999], "year": ', 1)

    response = api.post(address.format("price"), content=text, headers={"Content-Type": kind})

    assert response.status_code == status_of(way, 422)
    assert "the key 'year' stands twice" in words_of(way, response)


@pytest.mark.parametrize("way", ALL)
def test_each_door_explains_when_asked(api, way):
    response = ask(api, way, ROWS[:2], explain="true")

    assert response.status_code == 200
    text = response.text.replace('\\"', '"')
    assert '"baseline":' in text and '"attribution":' in text


@pytest.mark.parametrize("model", ["price", "class_two", "class_many", "trees"])
def test_explanations_are_those_that_the_certificate_compared(api, model):
    rows = ROWS[:20]
    wanted = attributions(trained(model), frame(rows, FEATURES))

    predictions = ask(api, "own rows", rows, model, explain="true").json()["predictions"]

    classes = CLASSES[model]
    for at, prediction in enumerate(predictions):
        found = prediction["explanation"]
        place = 0
        if classes is not None and len(wanted.baseline) > 1:
            place = classes.index(prediction["label"])
            assert found["of"] == prediction["label"]
        elif classes is not None:
            assert found["of"] == classes[1]
        parts = dict(zip(wanted.features, wanted.parts[at, place].tolist(), strict=True))
        assert found["baseline"] == pytest.approx(wanted.baseline[place])
        total = wanted.baseline[place] + sum(parts.values())
        assert found["prediction"] == pytest.approx(total, rel=1e-9)
        given = {one["feature"]: one["attribution"] for one in found["attributions"]}
        assert given == pytest.approx({n: parts[n] for n in given}, rel=1e-9, abs=1e-9)
        assert max(map(abs, parts.values())) == pytest.approx(abs(next(iter(given.values()))))


def test_explanations_come_as_sentences_in_the_reader_s_language(api):
    body = {"rows": [TYPICAL | {"fuel_type": None}]}
    url = "/models/price/predict?explain=true"

    english = api.post(url, json=body).json()["predictions"][0]["explanation"]["attributions"]
    headers = {"Accept-Language": "pt-BR"}
    both = api.post(url, json=body, headers=headers).json()["predictions"][0]
    portuguese = both["explanation"]["attributions"]

    assert re.fullmatch(r"\w+ = .+ (raises|lowers) the answer by [\d,.]+\.", english[0]["sentence"])
    assert re.fullmatch(
        r"\w+ = .+ (aumenta|diminui) a resposta em [\d,.]+\.", portuguese[0]["sentence"]
    )
    assert any("fuel_type = NULL" in one["sentence"] for one in english)


@pytest.mark.parametrize("word", ["maybe", "", "1"])
def test_another_word_than_true_or_false_is_refused(api, word):
    response = api.post(f"/models/price/predict?explain={word}", json={"rows": [TYPICAL]})

    assert response.status_code == 422
    assert response.json()["detail"] == f"explain is {word!r}; expected true or false."


def test_columns_of_other_lengths_are_refused(api):
    content = {"columns": columns([TYPICAL, TYPICAL]) | {"year": [2020]}}

    response = api.post("/models/price/predict", content=json.dumps(content))

    assert response.status_code == 422
    assert "columns.year has 1 values; expected as many values as model, 2" in response.text


def test_another_content_type_is_a_415(api):
    response = api.post(
        "/models/price/predict", content=b"x", headers={"Content-Type": "image/png"}
    )

    assert response.status_code == 415
    assert response.json()["detail"].startswith(
        "The body is 'image/png'; expected application/json"
    )
