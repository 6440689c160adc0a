"""Many publishers at once, and publishers killed at any moment, beside a reader that looks on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cloud import storage_client
from export import list_versions, pointers, publish_models, read_model, verify_version
from export.errors import ArtifactError
from tests.export.conftest import MODELS, World, write_dbt_manifest

pytestmark = pytest.mark.soak

NAME = "price_linear"
ONE = {NAME: MODELS[NAME]}
PUBLISHERS = 16
KILLS = 20
SCRIPT = """
import sys
from export.__main__ import main
print("ready", flush=True)
sys.stdin.readline()
sys.exit(main(["publish", "--dbt-manifest", sys.argv[1]]))
"""


class Publisher:
    """A process that has imported everything and waits for its start."""

    def __init__(self, world: World, manifest: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(manifest)],
            env=world.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=300)
        return self.process.returncode, out, err


class Reader(threading.Thread):
    """Reads pointer and versions all the time, as the API and `list` do.

    Each version is verified as soon as it is listed first: it is immutable from then on.
    """

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.problems, self.looks = world, list[str](), 0
        self.verified = 0
        self.stopping = threading.Event()

    def run(self) -> None:
        seen: set[tuple[str, bool]] = set()
        while not self.stopping.is_set():
            try:
                for entry in list_versions(self.world.settings):
                    if (entry.version, entry.current) in seen:
                        continue
                    whole = None if entry.current else entry.version
                    verify_version(self.world.settings, NAME, whole)
                    seen.add((entry.version, entry.current))
                    self.verified += 1
            except ArtifactError as error:
                self.problems.append(f"{type(error).__name__}: {error}")
            self.looks += 1
            self.stopping.wait(0.02)

    def stop(self) -> None:
        self.stopping.set()
        self.join()


@pytest.fixture
def reader(here: World) -> Iterator[Reader]:
    made = Reader(here)
    made.start()
    yield made
    made.stop()


def test_of_sixteen_publishers_one_points_and_all_others_are_told(
    here: World, world: World, tmp_path: Path, reader: Reader
) -> None:
    """Half of them publish one version, the others a version each."""
    manifests = [
        write_dbt_manifest(world, tmp_path / f"{i}.json", ONE, note=max(0, i - PUBLISHERS // 2))
        for i in range(PUBLISHERS)
    ]
    publishers = [Publisher(here, manifest) for manifest in manifests]
    for publisher in publishers:
        publisher.wait_until_ready()
    for publisher in publishers:
        publisher.go()
    ends = [publisher.end() for publisher in publishers]
    reader.stop()

    winners = [out for code, out, _ in ends if code == 0 and f"{NAME}: published" in out]
    told = [err for code, _, err in ends if code == 1 and "Another publisher moved" in err]
    peaceful = [out for code, out, _ in ends if code == 0 and f"{NAME}: published" not in out]
    assert len(winners) >= 1
    strange = [err for code, _, err in ends if code != 0 and "Another publisher moved" not in err]
    assert strange == []
    assert len(winners) + len(told) + len(peaceful) == PUBLISHERS
    for text in peaceful:
        assert "Another publisher published this version" in text or "Unchanged" in text, text
    current, _, _ = pointers.current(
        storage_client(here.settings).bucket(here.settings.bucket), NAME
    )
    entries = list_versions(here.settings)
    assert current is not None
    assert [e.version for e in entries if e.current] == [current.version]
    assert any(f"/{current.version}/" in out for out in winners)
    for entry in entries:
        assert verify_version(here.settings, NAME, entry.version).version == entry.version
    assert reader.problems == [] and reader.verified > 0


def test_a_publisher_killed_at_any_moment_leaves_no_half_version(
    here: World, world: World, tmp_path: Path, reader: Reader
) -> None:
    dice, killed = random.Random(5), 0
    whole = write_dbt_manifest(world, tmp_path / "whole.json", ONE, note="whole")
    start = time.monotonic()
    (p,) = publish_models(here.settings, dbt_manifest=whole)
    longest = time.monotonic() - start
    assert p.error is None

    for number in range(KILLS):
        manifest = write_dbt_manifest(world, tmp_path / "k.json", ONE, note=number // 3)
        publisher = Publisher(here, manifest)
        publisher.wait_until_ready()
        publisher.go()
        time.sleep(dice.uniform(0, 1.5 * longest))
        publisher.process.send_signal(signal.SIGKILL)
        killed += publisher.end()[0] == -signal.SIGKILL
        assert verify_version(here.settings, NAME).model == NAME
    (after,) = publish_models(here.settings, dbt_manifest=manifest)
    reader.stop()

    assert killed > KILLS // 3
    assert after.error is None
    assert verify_version(here.settings, NAME).version == after.version
    for entry in list_versions(here.settings):
        assert verify_version(here.settings, NAME, entry.version).version == entry.version
    assert reader.problems == [] and reader.looks > KILLS


def test_many_readers_of_bigquery_at_once_get_their_answers(
    world: World, dbt_manifest: Path
) -> None:
    """Each job's result is kept for a while, in one place for all of them."""
    names = list(MODELS) * 8

    with ThreadPoolExecutor(len(names)) as readers:
        studies = readers.map(
            lambda name: read_model(world.settings, name, dbt_manifest=dbt_manifest), names
        )

    assert [study.node.name for study in studies] == names
