"""`python -m api` as a process: its port, its words, what it holds in memory."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from api.__main__ import main
from tests.api.conftest import V1
from tests.api.publishing import TYPICAL, publish, version_files
from tests.api.serving import wait_for

ROOT = Path(__file__).resolve().parents[2]


def start(settings, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "api"],
        cwd=ROOT,
        env={**os.environ, **settings.cloud.environment(), "PORT": "0"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def started(settings):
    process = start(settings, RELOAD_SECONDS="0.2")
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert address, process.stderr.read()
        yield process, address[0]
    finally:
        process.kill()
        process.communicate()


def test_it_serves_a_model_without_scikit_learn_in_memory_and_stops_when_told(started, bucket, key):
    process, address = started
    publish(bucket, "price", V1, version_files("price", V1, key))

    with httpx.Client(base_url=address, timeout=30) as client:
        wait_for(client, price=V1)
        answer = client.post("/models/price/predict", json={"rows": [TYPICAL]})
        maps = Path(f"/proc/{process.pid}/maps").read_text()

    assert answer.status_code == 200
    assert "numpy" in maps and "sklearn" not in maps and "pandas" not in maps
    process.send_signal(signal.SIGTERM)
    _, words = process.communicate(timeout=20)
    assert process.returncode in (0, -signal.SIGTERM)
    assert f"INFO: 'price' {V1} is in service." in words
    assert "Traceback" not in words


def test_a_port_that_is_held_is_told(monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))

        assert main([]) == 1

    words = capsys.readouterr().err
    assert words.startswith(f"Error: 127.0.0.1:{port} cannot be listened on (Address already in")
    assert "PORT=0 takes any free one" in words


def test_a_setting_that_makes_no_sense_is_told(monkeypatch, capsys):
    monkeypatch.setenv("RELOAD_SECONDS", "soon")

    assert main([]) == 1
    assert capsys.readouterr().err == (
        "Error: RELOAD_SECONDS is 'soon'; expected a number from 0.05.\n"
    )


def test_help_names_the_variables(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])

    words = capsys.readouterr().out
    for name in ("HOST", "PORT", "RELOAD_SECONDS", "MAX_ROWS", "MAX_BODY_BYTES"):
        assert name in words
