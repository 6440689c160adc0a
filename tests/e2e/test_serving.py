"""`make run` serves; a changed report reaches its clients without a failed request."""

import itertools
import json
import re
import shlex
import signal
import threading

import httpx
import pytest

from tests.api.serving import ready, wait_until
from tests.e2e.desk import ROOT, SAMPLE

X3 = {
    "model": "X3",
    "year": 2021,
    "region": "Europe",
    "color": "Black",
    "fuel_type": "Petrol",
    "transmission": "Automatic",
    "engine_size_l": 2.0,
    "mileage_km": 30000,
}


class Client(threading.Thread):
    """A program that asks for predictions without pause until told to stop."""

    def __init__(self, address):
        super().__init__()
        self.failures, self.versions, self.stopping = [], {}, threading.Event()
        self.http = httpx.Client(base_url=address, timeout=30)

    def run(self):
        while not self.stopping.is_set():
            answer = self.http.post("/models/price_linear/predict", json={"rows": [X3]})
            if answer.status_code == 200:
                body = answer.json()
                self.versions[body["version"]] = body["predictions"][0]["value"]
            else:
                self.failures.append(answer.text)

    def stop(self):
        self.stopping.set()
        self.join()
        self.http.close()


@pytest.fixture(scope="module")
def desk(first_run, tmp_path_factory):
    return first_run.continued(tmp_path_factory.mktemp("serving") / "desk")


@pytest.fixture(scope="module")
def address(desk):
    """Where `pipeline run --serve 1` answers, once its three models are in service."""
    process = desk.start(SAMPLE, serve=True)
    output = iter(process.stdout.readline, "")
    found = next((m[0] for m in (re.search(r"http://127\S+", line) for line in output) if m), None)
    assert found, "it ended without serving"
    rest = threading.Thread(target=process.stdout.read)
    rest.start()
    try:
        with httpx.Client(base_url=found) as client:
            wait_until(lambda: len(ready(client)["models"]) == 3)
        yield found
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        rest.join()
        process.stdout.close()


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """The sample without its last thousand records."""
    path = tmp_path_factory.mktemp("report") / "changed.csv"
    path.write_text("".join(SAMPLE.read_text().splitlines(keepends=True)[:9000]))
    return path


def answered(address, command):
    """Do what a curl command of the README does, at another address."""
    words = shlex.split(command)
    options = list(itertools.pairwise(words))
    headers = dict(value.split(": ", 1) for name, value in options if name == "-H")
    body = next((value for name, value in options if name == "-d"), None)
    path = next(word for word in words if word.startswith("localhost:8080"))
    url = path.replace("localhost:8080", address)
    response = httpx.request("POST" if body else "GET", url, headers=headers, content=body)
    assert response.status_code == 200, response.text
    return response.json()


def same(answer, printed):
    if isinstance(printed, dict):
        assert answer.keys() == printed.keys()
        return all(same(answer[key], printed[key]) for key in printed if key != "version")
    if isinstance(printed, list):
        return len(answer) == len(printed) and all(map(same, answer, printed))
    return answer == (pytest.approx(printed) if isinstance(printed, float) else printed)


@pytest.mark.parametrize("readme", ["README.md", "README.pt-BR.md", "api/README.md"])
def test_the_readme_s_curl_lines_answer_as_printed(address, readme):
    text = (ROOT / readme).read_text()
    pairs = re.findall(r"```sh\n(curl .+?)```\n\n```json\n(.+?)```", text, re.S)

    assert len(pairs) == 1
    for command, printed in pairs:
        assert same(answered(address, command.replace("\\\n", " ")), json.loads(printed))


@pytest.mark.soak
def test_a_report_run_again_changes_nothing(desk, address):
    before = httpx.get(f"{address}/health/ready").json()["models"]

    code, output, run = desk.run(SAMPLE)

    assert code == 0, output
    assert {m["name"]: m["version"] for m in run["models"]} == before
    assert httpx.get(f"{address}/health/ready").json()["models"] == before


@pytest.mark.soak
def test_a_changed_report_is_served_without_a_failed_request(desk, address, changed):
    old = httpx.get(f"{address}/health/ready").json()["models"]["price_linear"]
    client = Client(address)
    client.start()
    try:
        withdraw = desk.ingest("withdraw", desk.report_uri())
        code, output, run = desk.run(changed)
        new = next(m["version"] for m in run["models"] if m["name"] == "price_linear")
        wait_until(lambda: new in client.versions)
    finally:
        client.stop()

    assert withdraw.returncode == 0, withdraw.stderr
    assert code == 0, output
    assert client.failures == []
    assert client.versions.keys() == {old, new}
    assert client.versions[old] != client.versions[new]
