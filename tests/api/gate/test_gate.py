"""Who is let in, how much at once, and what every answer carries."""

import json
import logging
import re
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.__main__ import main
from api.errors import Busy, SettingsError, TooManyRequests
from api.gate.callers import is_loopback
from api.gate.keys import new_key, read_keys
from api.gate.limits import Limits, Place, Room
from api.observability.logs import JsonLines
from api.settings import Settings
from cloud import storage_client
from tests.api.conftest import V1
from tests.api.publishing import TYPICAL, publish, version_files
from tests.api.serving import serving, wait_for, wait_until

DOORS = {
    "/models/price/predict": {"rows": [TYPICAL]},
    "/v2/models/price/infer": {"inputs": []},
    "/invocations": {"instances": [TYPICAL]},
    "/predict": {"instances": [TYPICAL]},
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A file with a key of each kind, and the keys."""
    file = tmp_path_factory.mktemp("keys") / "keys"
    made = {name: new_key(name) for name in ("ana", "bia", "old")}
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    lines = [
        made["ana"][1],
        f"{made['bia'][1]} 2999-01-01  # bia's",
        f"{made['old'][1]} {yesterday}",
    ]
    file.write_text("# who may ask\n\n" + "\n".join(lines) + "\n")
    return file, {name: key for name, (key, _) in made.items()}


@pytest.fixture(scope="module")
def guarded(make_settings, key, keys):
    """A client of an API that wants a key, with little room."""
    settings = make_settings(
        api_keys_file=keys[0], default_model="price", max_per_second=1000.0, log_requests=True
    )
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    publish(bucket, "price", V1, version_files("price", V1, key))
    with serving(settings) as client:
        wait_for(client, price=V1)
        yield client


@pytest.mark.parametrize("name", ["ana", "bia"])
def test_a_key_opens(guarded, keys, name):
    headers = {"X-API-Key": keys[1][name]}

    response = guarded.post("/models/price/predict", json={"rows": [TYPICAL]}, headers=headers)
    assert response.status_code == 200
    assert guarded.get("/models", headers=headers).status_code == 200


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize("sent", [None, "", "vendas_wrong", "old", "x" * 4000])
def test_no_key_a_wrong_one_and_an_old_one_do_not(guarded, keys, path, sent):
    headers = {} if sent is None else {"X-API-Key": keys[1].get(sent, sent)}

    response = guarded.post(path, json=DOORS[path], headers=headers)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert "X-API-Key" in response.text and "vendas_wrong" not in response.text


@pytest.mark.parametrize("path", ["/", "/models", "/models/price", "/openapi.json", "/metrics"])
def test_pages_want_a_key_too(guarded, path):
    assert guarded.get(path).status_code == 401


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/ping", "/health", "/v2/health/live"]
)
def test_whoever_looks_whether_it_lives_needs_none(guarded, path):
    assert guarded.get(path).status_code == 200


def test_a_key_file_is_read_anew_and_a_broken_one_changes_nothing(make_settings, tmp_path, caplog):
    file = tmp_path / "keys"
    (first, line), (second, other) = new_key("ana"), new_key("ana")
    file.write_text(line)
    with serving(make_settings(api_keys_file=file)) as client:

        def opens(key):
            return client.get("/models", headers={"X-API-Key": key}).status_code == 200

        assert opens(first) and not opens(second)
        file.write_text(f"{line}\n{other}\n")
        wait_until(lambda: opens(second))
        assert opens(first)
        with caplog.at_level(logging.WARNING, logger="api"):
            file.write_text("nonsense\n")
            wait_until(lambda: "The keys read before still open" in caplog.text or not opens(first))
        assert opens(first) and opens(second)
        file.write_text(f"{other}\n")
        wait_until(lambda: not opens(first))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no API key"),
        ("ana abc", "line 1: expected a name, the SHA-256"),
        ("# x\nana " + "0" * 64 + " 2026-13-01", "line 2: expected"),
        ("ana " + "0" * 63 + "G", "line 1: expected"),
    ],
)
def test_a_key_file_that_is_wrong_is_told_with_its_line(tmp_path, text, words):
    file = tmp_path / "keys"
    file.write_text(text)

    with pytest.raises(SettingsError, match=words):
        read_keys(file)


def test_new_key_prints_a_key_and_its_line(tmp_path, capsys):
    assert main(["new-key", "ana"]) == 0

    key, line = re.findall(r"^  (.+)$", capsys.readouterr().out, re.MULTILINE)
    file = tmp_path / "keys"
    file.write_text(line)
    assert [found.name for found in read_keys(file).values()] == ["ana"]
    assert key.startswith("vendas_") and key not in line
    assert main(["new-key", "a b"]) == 1


def test_other_machines_are_not_served_unasked(monkeypatch, capsys):
    monkeypatch.setenv("HOST", "0.0.0.0")
    monkeypatch.setenv("PORT", "0")

    assert main([]) == 1

    assert "nobody would be asked who they are" in capsys.readouterr().err
    assert Settings.from_environment({"AIP_HTTP_PORT": "7080"}).check_guard() is None
    with pytest.raises(SettingsError, match="nobody would be asked"):
        replace(Settings(), host="192.0.2.1").check_guard()


@pytest.mark.parametrize(
    ("server", "local"),
    [
        (("127.0.0.1", 80), True),
        (("::1", 80), True),
        (("10.0.0.8", 80), False),
        (("/s", None), True),
    ],
)
def test_this_machine_is_told_by_the_address_that_was_asked(server, local):
    assert is_loopback(server) is local


def test_every_answer_has_an_id_and_security_headers(api):
    for response in (
        api.post("/models/price/predict", json={"rows": [TYPICAL]}),
        api.post("/models/price/predict", content=b"x"),
        api.get("/models"),
        api.get("/nothing"),
    ):
        assert re.fullmatch(r"[0-9a-f]{16}", response.headers["x-request-id"])
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert "access-control-allow-origin" not in response.headers
        assert "server" not in response.headers and response.headers["date"].endswith("GMT")
    given = api.get("/models", headers={"X-Request-ID": "call-7"})
    assert given.headers["x-request-id"] == "call-7"
    strange = api.get("/models", headers={"X-Request-ID": "a b\tc"})
    assert strange.headers["x-request-id"] != "a b\tc"


def test_other_origins_are_let_in_by_name_alone(make_settings):
    settings = make_settings(cors_origins=("https://vendas.example",))
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    with serving(settings) as client:

        def preflight(origin):
            headers = asks | {"Origin": origin}
            return client.options("/models/price/predict", headers=headers).headers

        good = preflight("https://vendas.example")
        assert good["access-control-allow-origin"] == "https://vendas.example"
        assert "access-control-allow-origin" not in preflight("https://other.example")


def test_a_caller_that_asks_too_often_is_told_how_long_to_wait(make_settings):
    with serving(make_settings(max_per_second=2.0)) as client:
        answers = [client.get("/models") for _ in range(8)]

    late = [answer for answer in answers if answer.status_code == 429]
    assert 3 <= len(late) <= 4
    assert late[0].headers["retry-after"] == "1"
    assert late[0].json()["detail"] == "'local' may ask 2 times a second; wait 1 s."


def test_whoever_looks_after_the_process_may_ask_at_any_time(make_settings):
    with serving(make_settings(max_per_second=2.0, max_concurrent=1)) as client:
        answers = [client.get("/health/live") for _ in range(20)]

    assert {answer.status_code for answer in answers} == {200}


def test_callers_do_not_pay_for_each_other_and_time_pays_back():
    limits = Limits(100, 50.0)
    for _ in range(100):
        limits.enter("ana")

    with pytest.raises(TooManyRequests):
        limits.enter("ana")
    limits.leave()
    limits.enter("bia")
    time.sleep(0.1)
    limits.leave()
    limits.enter("ana")


def test_whoever_is_alone_has_all_the_room_and_gives_back_what_it_took():
    room = Room(10)
    with Place(room) as first:
        first.hold(12)
        with Place(room) as second, pytest.raises(Busy, match="have 12 of 10 bytes"):
            second.hold(1)
        first.hold(6)
        with Place(room) as third:
            third.hold(4)
            assert room.taken == 10
        assert room.taken == 6

    assert room.taken == 0


def test_more_at_once_than_allowed_is_a_503_and_what_is_inside_is_answered(make_settings):
    with serving(make_settings(max_concurrent=1)) as client:
        port = client.base_url.port
        begun = threading.Event()

        def slow():
            begun.set()
            yield b'{"rows":'
            time.sleep(1.0)
            yield b"[]}"

        found = {}
        url = f"http://127.0.0.1:{port}/models/price/predict"
        thread = threading.Thread(
            target=lambda: found.update(slow=httpx.post(url, content=slow(), timeout=30))
        )
        thread.start()
        begun.wait()
        time.sleep(0.3)
        busy = client.post("/models/price/predict", json={"rows": []})
        thread.join()
        after = client.post("/models/price/predict", json={"rows": []})

    assert busy.status_code == 503 and busy.headers["retry-after"] == "2"
    assert "requests are being answered" in busy.json()["detail"]
    for answer in (found["slow"], after):  # there is no model, and that is all
        assert answer.status_code in (404, 503) and "being answered" not in answer.text


def test_requests_are_logged_as_json_with_id_caller_door_and_version(guarded, keys, caplog):
    headers = {"X-API-Key": keys[1]["ana"], "X-Request-ID": "call-9"}
    with caplog.at_level(logging.INFO, logger="api.requests"):
        guarded.post("/models/price/predict", json={"rows": [TYPICAL] * 3}, headers=headers)
        wait_until(lambda: [r for r in caplog.records if "call-9" in str(vars(r))])

    (record,) = [
        r for r in caplog.records if getattr(r, "fields", {}).get("request_id") == "call-9"
    ]
    line = json.loads(JsonLines().format(record))
    assert line["severity"] == "INFO" and line["message"] == "POST /models/price/predict 200"
    told = {name: line[name] for name in ("caller", "door", "model", "version", "rows")}
    assert told == {"caller": "ana", "door": "own", "model": "price", "version": V1, "rows": 3}
    assert keys[1]["ana"] not in caplog.text
