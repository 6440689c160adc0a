"""Sales and quality as the page asks for them; BigQuery away, filters, what is remembered."""

import json
from datetime import UTC, datetime

import pytest
from google.api_core.exceptions import NotFound, ServiceUnavailable

from api.errors import RequestError
from api.marts import reader
from api.marts.dashboard import Filters, dashboard, query
from api.marts.forecast import forecast
from api.marts.quality import last_run
from api.marts.reader import KEPT_ANSWERS, Marts


class Client:
    """What answers as a BigQuery client does, or is away."""

    def __init__(self):
        self.asked, self.error = [], None

    def query_and_wait(self, sql, job_config, **_):
        self.asked.append((sql, [p.value for p in job_config.query_parameters]))
        if self.error is not None:
            raise self.error
        return [{"n": len(self.asked)}]


@pytest.fixture
def client():
    return Client()


def test_an_answer_is_remembered_for_its_time(client):
    marts = Marts(lambda: client, seconds=60)

    first, second = marts.ask("select 1"), marts.ask("select 1")
    other = marts.ask("select 1", (("x", "INT64", 1),))

    assert first is second
    assert (first.rows, other.rows) == (({"n": 1},), ({"n": 2},))


def test_an_old_answer_is_asked_again(client):
    marts = Marts(lambda: client, seconds=0)

    assert [marts.ask("select 1").rows[0]["n"] for _ in range(3)] == [1, 2, 3]


def test_what_bigquery_said_last_stands_while_it_is_away(client, monkeypatch):
    monkeypatch.setattr(reader, "AWAY_SECONDS", 0.0)
    marts = Marts(lambda: client, seconds=0)
    before = marts.ask("select 1")
    client.error = ServiceUnavailable("away")

    now = marts.ask("select 1")

    assert (now.rows, now.asked_at, now.old) == (before.rows, before.asked_at, True)
    client.error = None
    assert not marts.ask("select 1").old


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ServiceUnavailable("away"), r"BigQuery does not answer now \(ServiceUnavailable\)"),
        (ConnectionError("refused"), r"BigQuery does not answer now \(ConnectionError\)"),
        (NotFound("Table"), "There are no sales yet"),
    ],
)
def test_what_was_never_answered_is_refused(client, error, words):
    client.error = error

    with pytest.raises(RequestError, match=words):
        Marts(lambda: client).ask("select 1")


def test_nobody_waits_again_for_a_bigquery_that_was_just_away(client):
    client.error = ServiceUnavailable("away")
    marts = Marts(lambda: client)
    for number in range(3):
        with pytest.raises(RequestError, match="does not answer now"):
            marts.ask(f"select {number}")

    assert len(client.asked) == 1


def test_answers_that_are_kept_are_bounded(client):
    marts = Marts(lambda: client)
    for number in range(KEPT_ANSWERS + 50):
        marts.ask(f"select {number}")

    assert len(marts._kept) == KEPT_ANSWERS


def test_filters_are_parameters_and_never_text():
    filters = Filters(region="'; drop table x --", last_year=2020)

    assert filters.parameters[0] == ("region", "STRING", "'; drop table x --")
    assert dict((n, v) for n, _, v in filters.parameters)["first_year"] == 0
    assert "drop" not in query()


FORECAST = {
    "held_out_years": 3,
    "test_rows": 18,
    "status": "signal",
    "reason": "It is better.",
    "region": "Asia",
    "year": 2025,
    "units": 10.5,
    "units_low": 8.0,
    "units_high": 13.0,
}


@pytest.mark.parametrize(
    ("rows", "years"),
    [
        ([FORECAST], [{name: FORECAST[name] for name in list(FORECAST)[4:]}]),
        ([FORECAST | {"test_rows": 0} | dict.fromkeys(list(FORECAST)[4:])], []),
        ([], None),
        (None, None),
    ],
    ids=["forecast", "too few years", "no verdict", "no tables"],
)
def test_a_forecast_stands_beside_its_verdict_where_there_is_one(rows, years):
    class Told(Client):
        def query_and_wait(self, sql, job_config, **_):
            if rows is None:
                raise NotFound("Table vendas_ml.forecast_verdict")
            return rows

    found = forecast(Marts(Told))

    assert (None if found is None else found["years"]) == years
    assert found is None or (found["status"], found["held_out_years"]) == ("signal", 3)


def test_a_mart_without_sales_is_shown_as_empty():
    class Empty(Client):
        def query_and_wait(self, sql, job_config, **_):
            return [{"seen": None, "reports": 0}] if "report_files" in sql else []

    found = dashboard(Marts(Empty), Filters())

    assert found["total"]["units"] == 0
    assert found["total"]["price_usd"] is None
    assert found["choices"]["region"] == []
    assert found["source"]["newest_report_at"] is None
    assert datetime.fromisoformat(found["source"]["asked_at"]) <= datetime.now(UTC)


def test_without_marts_the_page_says_so(api):
    for path in ("/dashboard", "/quality"):
        response = api.get(path)
        assert response.status_code == 404
        assert "There are no sales yet" in response.json()["detail"]


RUN = {"id": "20260102T030405Z-1", "trigger": "inbox", "finished_at": "2026-01-02T03:05:00Z"}
BUILD = {"tests": 29, "warnings": [{"node": "test.vendas.flagged_sales", "message": "4 results"}]}


@pytest.fixture
def last_of(bucket):
    """A function that writes records beside the lease and returns the last run."""

    def tell(*records):
        bucket.blob("runs/lease.json").upload_from_string("{}")
        for record in records:
            blob = bucket.blob(f"runs/{record['id']}.json")
            blob.upload_from_string(json.dumps(record))
        return last_run(bucket.client, bucket.name)

    return tell


def test_the_last_run_is_the_newest_and_says_its_tests_and_warnings(last_of):
    steps = [{"name": "provision"}, {"name": "build", "detail": BUILD}]
    new = RUN | {"status": "ok", "seconds": 21.5, "errors": []}

    found = last_of(new | {"steps": steps}, {"id": "20260101T030405Z-2", "status": "failed"})

    assert found == new | {"tests": 29, "warnings": ["flagged_sales: 4 results"]}


def test_a_run_that_did_not_come_to_its_build_says_why(last_of):
    found = last_of(RUN | {"status": "stopped", "errors": ["SIGTERM"]})

    assert (found["status"], found["errors"]) == ("stopped", ["SIGTERM"])
    assert (found["tests"], found["seconds"], found["warnings"]) == (None, None, [])


def test_without_a_record_that_can_be_read_there_is_no_last_run(last_of, bucket):
    assert last_of() is None
    bucket.blob(f"runs/{RUN['id']}.json").upload_from_string('{"id": "202')
    assert last_of() is None
    assert last_run(bucket.client, "no-such-bucket") is None


@pytest.mark.parametrize("given", ["first_year=abc", "last_year=-1", "region=" + "x" * 201])
def test_filters_that_are_none_are_refused_in_the_api_s_own_form(api, given):
    response = api.get(f"/dashboard?{given}")

    assert response.status_code == 422
    assert response.json()["detail"].startswith(given.split("=")[0])
