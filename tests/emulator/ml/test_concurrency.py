"""Models while several clients work, while one is replaced, while its training is cancelled."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.api_core.exceptions import GoogleAPICallError, NotFound
from google.cloud.bigquery import Client

from cloud.clients import bigquery_client
from tests.conftest import LocalCloud
from tests.emulator.ml.families import FAMILIES, REPLACE, answers, connected, create

DATASET = "busy"
SHORT_SECONDS = 30.0
# How many rows keep each family busy for seconds.
MANY = {"months": 200_000}
MOST = 8_000_000


def families(*soon: str) -> pytest.MarkDecorator:
    """Return the families as a parameter, all but some of them in the soak."""
    later = pytest.mark.soak
    return pytest.mark.parametrize(
        "family", [pytest.param(one, marks=() if one in soon else later) for one in FAMILIES]
    )


@pytest.fixture(scope="module")
def client(local_cloud: LocalCloud) -> Client:
    return connected(bigquery_client(local_cloud.settings), DATASET)


@pytest.mark.soak
def test_eight_clients_that_train_and_predict_at_once_get_what_one_gets(client):
    for family in FAMILIES:
        client.query(create(f"alone_{family}", family, 300)).result()
    expected = {family: answers(client, f"alone_{family}", family) for family in FAMILIES}

    def work(number: int) -> dict[str, list[tuple[object, ...]]]:
        found = {}
        for family in [*FAMILIES][number:] + [*FAMILIES][:number]:
            client.query(create(f"m{number}_{family}", family, 300)).result()
            found[family] = answers(client, f"m{number}_{family}", family)
            assert answers(client, f"alone_{family}", family) == expected[family]
        return found

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [expected] * 8


@families(*FAMILIES.keys() - {"months"})
def test_a_model_answers_as_it_was_until_its_successor_is_whole(client, family):
    name = f"replaced_{family}"
    client.query(create(name, family, 300)).result()
    before = answers(client, name, family)
    job = client.query(create(name, family, 30_000 if family == "months" else 200_000, REPLACE))
    seen = [before]
    while not job.done():
        seen.append(answers(client, name, family))
    job.result()
    after = answers(client, name, family)

    assert after != before
    assert [one for one in seen if one != before] == [after] * (len(seen) - seen.count(before))
    assert seen == sorted(seen, key=lambda one: one != before)


@families("line", "trees")
def test_a_cancelled_training_leaves_the_model_that_was_there(client, family):
    name = f"cancelled_{family}"
    client.query(create(name, family, 300)).result()
    before = answers(client, name, family)
    for target, verb in ((name, REPLACE), (f"new_{family}", "create model")):
        job = client.query(create(target, family, MANY.get(family, MOST), verb))
        assert job.state == "RUNNING"
        asked = time.monotonic()
        job.cancel()
        with pytest.raises(GoogleAPICallError, match="User requested cancellation"):
            job.result(timeout=SHORT_SECONDS)
        assert time.monotonic() - asked < SHORT_SECONDS

    assert answers(client, name, family) == before
    with pytest.raises(NotFound):
        client.get_model(f"{DATASET}.new_{family}")
