"""A whole report for one model: any dialect, no row lost, the same numbers as the doors."""

import csv
import io
import json
import socket

import pytest

from api.errors import InvalidRows, Problem
from api.inference import report
from api.inference.batch import rows_of
from api.routes import batch
from tests.api.publishing import TYPICAL
from tests.api.serving import wait_until

HEADER = (
    "Modelo;Ano;Região;Cor;Combustível;Câmbio;Motor_L;Quilometragem;Preço;Volume_Vendas;"
    "Classificação"
)
LINES = [
    "X5;2021;Europe;Black;Hybrid;Automatic;3,0;42.000;90.000,50;8.000;High",
    "Fusca;1999;Europe;Black;Hybrid;Automatic;3,0;;90.000,50;8.000;High",
    "X5;two thousand;Europe;Black;Hybrid;Automatic;3,0;42.000;90.000,50;8.000;High",
    "X5;2021;Europe",
    "=1+1;2021;Europe;Black;Hybrid;Automatic;3,0;42.000;90.000,50;8.000;High",
]
REPORT = "\r\n".join([HEADER, *LINES, ""]).encode("latin-1")


def answer(api, model, content, language="en"):
    response = api.post(
        f"/models/{model}/report", content=content, headers={"Accept-Language": language}
    )
    assert response.status_code == 200, response.text
    first, *parts, last = (json.loads(line) for line in response.text.splitlines())
    rows = csv.DictReader(io.StringIO("".join(p["lines"] for p in parts)), first["header"])
    return first, list(rows), [r for p in parts for r in p["rejected"]], last


def predicted(api, name, /, **changes):
    body = {"rows": [TYPICAL | changes]}
    return api.post(f"/models/{name}/predict", json=body).json()["predictions"][0]


def test_every_record_comes_back_with_its_answer_or_its_reason(api):
    first, rows, rejected, last = answer(api, "price", REPORT)

    assert first["records"] == len(rows) == len(LINES)
    assert first["dialect"] == "Windows-1252, delimiter semicolon, decimal comma"
    assert first["verdict"]["status"] == "signal"
    assert [row["record"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert rejected == [
        {"record": 3, "reason": "not a number: year = two thousand"},
        {"record": 4, "reason": "wrong number of fields: X5;2021;Europe"},
    ]
    assert (last["predicted"], last["rejected_in_all"]) == (3, 2)
    assert [row["note"] for row in rows if not row["predicted_price_usd"]] == [
        problem["reason"] for problem in rejected
    ]


def test_answers_are_those_of_the_doors(api):
    _, rows, _, _ = answer(api, "price", REPORT)
    given = {"model": "X5", "fuel_type": "Hybrid", "year": 2021, "mileage_km": 42000}

    assert float(rows[0]["predicted_price_usd"]) == predicted(api, "price", **given)["value"]
    null = predicted(api, "price", model="Fusca", fuel_type="Hybrid", year=1999, mileage_km=None)
    assert float(rows[1]["predicted_price_usd"]) == null["value"]
    assert "'Fusca' was not seen in training" in rows[1]["note"]


@pytest.mark.parametrize("model", ["class_two", "class_many", "trees"])
def test_classes_have_their_probabilities(api, model):
    _, rows, _, _ = answer(api, model, REPORT, "pt-BR")
    one = predicted(api, model, model="X5", fuel_type="Hybrid", year=2021, mileage_km=42000)

    if "label" in one:
        assert rows[0]["predicted_sales_classification"] == str(one["label"])
        for label, share in one["probabilities"].items():
            assert float(rows[0][f"probability_{label}"]) == share
    else:
        assert float(rows[0]["predicted_price_usd"]) == one["value"]


def test_a_spreadsheet_takes_no_text_for_a_formula(api):
    _, rows, _, _ = answer(api, "price", REPORT)

    assert rows[4]["Model"] == "'=1+1"


def test_a_report_in_parts_is_whole(api):
    content = "\n".join([HEADER, *[LINES[0]] * 4567]).encode()

    first, rows, rejected, last = answer(api, "price", content)

    assert (first["records"], len(rows), rejected, last["predicted"]) == (4567, 4567, [], 4567)
    assert len({row["predicted_price_usd"] for row in rows}) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The report: the file is empty"),
        (b"PK\x03\x04workbook", "The report: the file is a spreadsheet workbook"),
        (b"a;b\n1;2\n", "The report, line 1: no column of the report is in the header"),
        (HEADER.encode(), "and no records"),
        (b"Modelo;Ano\nX5;2021\n", "The report"),
    ],
    ids=["empty", "workbook", "no header", "no records", "columns missing"],
)
def test_what_is_no_report_is_refused_in_ingest_s_words(api, content, words):
    response = api.post("/models/price/report", content=content)

    assert response.status_code == 422
    assert words in response.json()["detail"]
    assert "/proc" not in response.json()["detail"]


def test_a_model_that_is_not_there_and_a_report_that_is_too_large(api, monkeypatch):
    assert api.post("/models/nobody/report", content=REPORT).status_code == 404
    monkeypatch.setattr(batch, "LARGEST_BYTES", 100)

    response = api.post("/models/price/report", content=REPORT)

    assert response.status_code == 413
    assert "more than 100 bytes" in response.json()["detail"]


def test_no_more_reports_at_once_than_there_is_room_for(api):
    taken = [batch._turns.acquire(blocking=False) for _ in range(batch.AT_ONCE)]
    try:
        response = api.post("/models/price/report", content=REPORT)
    finally:
        for _ in taken:
            batch._turns.release()

    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert answer(api, "price", REPORT)[3]["predicted"] == 3


def test_a_row_without_a_finite_answer_is_rejected_alone(api, monkeypatch):
    whole = report.predict

    def overflowing(scorer, rows, language):
        if any("Fusca" in row for row in rows_of(rows)):
            raise InvalidRows([Problem(0, None, None, "numbers", "The answer is not finite.")], 1)
        return whole(scorer, rows, language)

    monkeypatch.setattr(report, "predict", overflowing)
    _, rows, rejected, last = answer(api, "price", "\n".join([HEADER, *LINES[:2]]).encode())

    assert (len(rows), last["predicted"]) == (2, 1)
    assert [problem["record"] for problem in rejected] == [2]
    assert "finite" in rows[1]["note"]


def test_a_year_beyond_64_bits_is_no_whole_number(api):
    far = LINES[0].replace("2021", "9" * 20)
    _, _, rejected, _ = answer(api, "price", "\n".join([HEADER, far]).encode())

    assert rejected[0]["reason"].startswith("not a number: year = 999")


def test_whoever_goes_before_the_first_line_keeps_no_turn(api):
    host, port = api.base_url.host, api.base_url.port
    body = b"\n".join([HEADER.encode(), *[LINES[0].encode()] * 20_000])
    head = f"POST /models/price/report HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    for _ in range(2 * batch.AT_ONCE):
        with socket.create_connection((host, port)) as gone:
            gone.sendall(head.encode() + body)

    def answers():
        return api.post("/models/price/report", content=REPORT).status_code == 200

    assert wait_until(answers, seconds=30)
