"""The catalog under threads: one writes while others go through it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from bqemulator import server
from bqemulator.catalog import duckdb_repository
from bqemulator.catalog.models import JobMeta

from emulator.catalog import SharedCatalog
from emulator.seams import seams

NOW = datetime.now(UTC)


@pytest.fixture
def restless() -> Iterator[None]:
    """Let threads take turns all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def listed_while_written(catalog: SharedCatalog) -> int:
    def write(block: int) -> None:
        for number in range(1500):
            catalog.upsert_job(
                JobMeta(
                    project_id="p", job_id=f"{block}.{number}", job_type="QUERY", state="DONE",
                    configuration={}, creation_time=NOW, etag="e",
                )
            )  # fmt: skip

    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(write, block) for block in range(3)]
        readers = [
            pool.submit(
                lambda: [(len(catalog.list_jobs("p")), len(dict(catalog._jobs))) for _ in range(60)]
            )
            for _ in range(3)
        ]
        for job in (*writers, *readers):
            job.result()
    return len(catalog.list_jobs("p", max_results=10_000))


@pytest.mark.usefixtures("restless")
def test_jobs_are_listed_while_others_are_added() -> None:
    assert listed_while_written(SharedCatalog()) == 4500


def test_the_emulator_keeps_its_catalog_in_it() -> None:
    ours = {seam.owner: seam.ours for seam in seams() if seam.name == "MemoryCatalogRepository"}

    assert ours == {server: SharedCatalog, duckdb_repository: SharedCatalog}
    assert not [n for n, value in vars(SharedCatalog()).items() if type(value) is dict]
