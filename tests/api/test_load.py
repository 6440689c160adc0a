"""Publishing, corruption, an outage and a rollback under load: nobody is refused."""

import asyncio
import json
import random
import threading
import time
from dataclasses import replace

import httpx
import pytest

from api.artifacts.registry import Registry
from cloud import storage_client
from tests.api.publishing import TYPICAL, point, publish, version_files
from tests.api.serving import ready, serving, wait_for, wait_for_problem, wait_until

# The first version stands when the crowd comes; the others are published meanwhile.
SECONDS, CONNECTIONS, VERSIONS = 60, 64, 1 + 20


class Currents:
    """When each version was current in the service, a little longer rather than shorter."""

    def __init__(self, monkeypatch):
        self.spans = []
        change = Registry._change

        def noted(registry, how):
            before, began = registry.state.models.get("price"), time.monotonic()
            change(registry, how)
            after, ended = registry.state.models.get("price"), time.monotonic()
            if after is not before:
                if self.spans:
                    self.spans[-1][2] = ended
                self.spans.append([after.manifest.version, began, float("inf")])

        monkeypatch.setattr(Registry, "_change", noted)

    def held(self, version, began, ended):
        """Tell whether a version was current at some moment of a request."""
        return any(v == version and a <= ended and began <= b for v, a, b in self.spans)


class Crowd:
    """Clients that ask without pause, each over a connection of its own."""

    def __init__(self, address):
        self.answers, self.failures = [], []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all(address)))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    async def _all(self, address):
        limits = httpx.Limits(max_connections=CONNECTIONS)
        async with httpx.AsyncClient(base_url=address, limits=limits, timeout=30) as client:
            await asyncio.gather(*(self._one(client) for _ in range(CONNECTIONS)))

    async def _one(self, client):
        body = json.dumps({"rows": [TYPICAL]}).encode()
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                response = await client.post("/models/price/predict", content=body)
            except httpx.HTTPError as error:
                self.failures.append(repr(error))
                continue
            if response.status_code != 200:
                self.failures.append(response.text)
                continue
            version = response.json()["version"]
            self.answers.append((version, began, time.monotonic()))


def corrupted(files, how):
    data = bytearray(files[how])
    data[len(data) // 2] ^= 1
    return files | {how: bytes(data)}


@pytest.mark.soak
def test_a_minute_of_everything_at_once(settings, storage, key, monkeypatch):
    currents = Currents(monkeypatch)
    server = storage()
    cloud = replace(settings.cloud, storage_host=server.url)
    bucket = storage_client(cloud).create_bucket(cloud.bucket)
    made = {f"{n:016x}": version_files("price", f"{n:016x}", key, seed=n) for n in range(VERSIONS)}
    first, *later = made
    publish(bucket, "price", first, made[first])
    dice = random.Random(1)

    with serving(replace(settings, cloud=cloud)) as api:
        wait_for(api, price=first)
        with Crowd(str(api.base_url)) as crowd:
            ends = time.monotonic() + SECONDS
            for number, version in enumerate(later, start=1):
                if number % 4 == 0:
                    broken = f"c{number:015x}"
                    files = version_files("price", broken, key, seed=number)
                    publish(bucket, "price", broken, corrupted(files, "model.pkl"))
                    wait_for_problem(api, "price")
                if number == 10:
                    server._process.kill()
                    server._process.wait()
                    wait_until(lambda: ready(api)["storage"])
                    server = storage()
                    wait_until(lambda: ready(api)["storage"] is None)
                if number == 15:
                    point(bucket, "price", first, made[first])
                    wait_for(api, price=first)
                publish(bucket, "price", version, made[version])
                wait_for(api, price=version)
                time.sleep(dice.uniform(0, 1))
            broken = "d" * 16
            files = corrupted(version_files("price", broken, key), "manifest.json")
            publish(bucket, "price", broken, files)
            wait_for_problem(api, "price")
            time.sleep(max(0.0, ends - time.monotonic()))

    assert crowd.failures == []
    assert len(currents.spans) == VERSIONS + 1
    wrong = [one for one in crowd.answers if not currents.held(*one)]
    assert not wrong, wrong[:5]
    assert {version for version, _, _ in crowd.answers} == set(made)
    assert len(crowd.answers) > 10_000
