"""Kill -9 of the pipeline in each of its steps; the next run finishes, nothing is doubled."""

import random
import time

import pytest

from tests.e2e.desk import SAMPLE, Desk

pytestmark = pytest.mark.soak

# What stands on the screen when a step begins: the title of the one before it.
BEGINS_AFTER = {
    "ingest": ("Bucket and tables", 0.6),
    "build": ("Report", 12.0),
    "export": ("dbt build", 6.0),
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """One pair of keys for all desks: who signs is a part of a version's name."""
    folder = tmp_path_factory.mktemp("keys")
    files = {"MODEL_SIGNING_KEY_FILE": "signing.pem", "MODEL_PUBLIC_KEY_FILE": "public.pem"}
    return {variable: str(folder / name) for variable, name in files.items()}


def seated(folder, keys):
    desk = Desk(folder)
    desk.environment |= keys
    return desk


@pytest.fixture(scope="module")
def whole(tmp_path_factory, keys):
    code, output, run = seated(tmp_path_factory.mktemp("whole"), keys).run(SAMPLE)
    assert code == 0, output
    return run


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.parametrize("step", ["start", *BEGINS_AFTER])
def test_a_killed_run_is_finished_by_the_next(tmp_path, whole, keys, step, attempt):
    desk = seated(tmp_path, keys)
    process = desk.start(SAMPLE)
    title, longest = BEGINS_AFTER.get(step, (None, 4.0))
    if title is not None:
        assert any(title in line for line in process.stdout), f"{title!r} never ended"
    time.sleep(random.Random(f"{step}{attempt}").uniform(0, longest))
    process.kill()
    process.communicate()

    code, output, run = desk.run(SAMPLE)

    assert code == 0, output
    assert run["report"] == whole["report"]
    assert [m["version"] for m in run["models"]] == [m["version"] for m in whole["models"]]
