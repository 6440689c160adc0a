"""Predictions over real HTTP, compared with the scikit-learn pipeline that was published."""

import json
import socket
from random import Random
from urllib.parse import urlsplit

import pytest

from api.scoring.proving import generated_rows
from export.artifact import Manifest, predict
from tests.api.publishing import FEATURES, TYPICAL, VERDICT, manifest_of, trained


def post(api, model="price", *rows, **headers):
    content = json.dumps({"rows": rows})
    return api.post(f"/models/{model}/predict", content=content, headers=headers)


@pytest.mark.parametrize("model", ["price", "class_two", "class_many", "trees"])
def test_a_thousand_rows_are_answered_as_the_pipeline_does(api, model):
    rows = generated_rows(FEATURES, Random(3))
    pipeline = trained(model)
    expected = predict(pipeline, Manifest(**manifest_of(model, "1" * 16, pipeline)), rows)

    answers = post(api, model, *rows).json()["predictions"]
    near = 1e-6 if model == "trees" else 1e-9  # XGBoost adds leaves up in float32

    assert len(answers) == len(rows)
    for answer, wanted in zip(answers, expected, strict=True):
        if model == "price":
            assert answer["value"] == pytest.approx(wanted["value"], rel=1e-9, abs=1e-9)
        else:
            assert answer["label"] == wanted["label"]
            assert answer["probabilities"] == pytest.approx(wanted["probabilities"], abs=near)


def test_an_answer_carries_version_and_verdict(api):
    body = post(api, "price", TYPICAL).json()

    assert (body["model"], body["version"]) == ("price", "1" * 16)
    assert body["verdict"]["status"] == "signal"
    assert body["verdict"]["interval"] == VERDICT["interval"]
    assert body["verdict"]["improvement"] == VERDICT["improvement"]
    assert body["verdict"]["sentence"].startswith("Better than a constant guess")
    assert body["predictions"][0]["warnings"] == []


def test_sentences_come_in_portuguese_if_the_reader_wants(api):
    response = post(api, "price", TYPICAL | {"year": 2031}, **{"Accept-Language": "pt-BR"})

    assert response.headers["content-language"] == "pt-BR"
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["verdict"]["sentence"].startswith("Melhor que um palpite constante")
    (warning,) = response.json()["predictions"][0]["warnings"]
    assert warning["message"].startswith("2031 está acima")


def test_values_that_training_did_not_see_are_warned_of(api):
    row = {"model": "Fusca", "fuel_type": None, "year": 2031, "mileage_km": -5.5}

    warnings = post(api, "price", row).json()["predictions"][0]["warnings"]

    assert [(w["column"], w["value"]) for w in warnings] == [
        ("model", "Fusca"),
        ("year", 2031),
        ("mileage_km", -5.5),
    ]
    assert (
        warnings[0]["message"] == "'Fusca' was not seen in training; the answer leaves model out."
    )
    assert "above the largest value seen in training, 2024" in warnings[1]["message"]
    assert "below the smallest value seen in training, 10.5" in warnings[2]["message"]


def test_labels_keep_their_type(api):
    assert post(api, "class_two", TYPICAL).json()["predictions"][0]["label"] in ("High", "Low")
    assert post(api, "class_many", TYPICAL).json()["predictions"][0]["label"] in (1, 2, 3)


def test_an_unknown_model_is_a_404_that_names_the_known_ones(api):
    response = post(api, "prise", TYPICAL)

    assert response.status_code == 404
    assert response.json()["detail"] == (
        "There is no model 'prise'. Models in service: 'class_many', 'class_two', 'price', 'trees'."
    )


def test_bad_rows_are_a_422_with_problems(api):
    response = post(api, "price", TYPICAL, TYPICAL | {"year": "2020"})

    assert response.status_code == 422
    assert response.json()["problems"] == [
        {
            "row": 1,
            "column": "year",
            "value": "'2020'",
            "expected": "a whole number of 64 bits or null",
            "message": "rows[1].year is '2020'; expected a whole number of 64 bits or null.",
        }
    ]


def test_too_many_rows_are_a_422(api):
    response = post(api, "price", *[TYPICAL] * 2001)

    assert response.status_code == 422
    assert "rows has 2001 entries; expected" in response.json()["detail"]


def test_numbers_too_large_for_a_finite_answer_are_a_422(api):
    response = post(api, "price", TYPICAL, TYPICAL | {"year": 1, "mileage_km": -1.7e308})
    finite = response.status_code == 200

    assert finite or response.json()["problems"][0]["column"] == "mileage_km"
    response = post(api, "class_many", TYPICAL | {"mileage_km": 1.7e308})
    assert response.status_code in (200, 422)


def test_what_json_cannot_say_never_reaches_a_trace(api):
    bodies = [
        b"",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"rows": [' + b"9" * 10_000 + b"]}",
        b'{"rows": [{"\\ud800": "\\udfff"}]}',
        b'{"rows": [{"a": NaN, "b": -Infinity}]}',
    ]

    for body in bodies:
        response = api.post("/models/price/predict", content=body)

        assert response.status_code == 422, body[:40]
        assert "Traceback" not in response.text and response.json()["detail"]


@pytest.mark.parametrize("megabytes", [2, 100])
def test_a_body_that_is_too_large_is_a_413(api, megabytes):
    response = api.post("/models/price/predict", content=b" " * megabytes * 1024 * 1024)

    assert response.status_code == 413
    assert "more than 1,048,576 bytes" in response.json()["detail"]


def test_a_large_body_in_chunks_without_a_length_is_a_413(api):
    response = api.post("/models/price/predict", content=(b" " * 65536 for _ in range(100)))

    assert response.status_code == 413


def test_a_large_body_that_waits_for_leave_is_refused_before_it_is_sent(api):
    address = urlsplit(str(api.base_url))
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(
            b"POST /models/price/predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99000000\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )

        assert connection.recv(4096).startswith(b"HTTP/1.1 413")


def test_other_methods_and_addresses_answer_in_json(api):
    assert api.get("/models/price/predict").status_code == 405
    assert api.get("/nothing").json()["detail"] == "GET /nothing: Not Found"
    assert api.get("/docs").status_code == 404
