"""A version has answered at every door before it is in service."""

import pytest

from api.artifacts.registry import Registry
from api.artifacts.served import Served
from api.doors.warming import warm
from api.errors import InvalidQuery
from cloud import storage_client
from tests.api.conftest import V1
from tests.api.publishing import CLASSES, publish, served, version_files
from tests.api.serving import wait_until


@pytest.mark.parametrize("name", CLASSES)
def test_what_answers_need_is_made(name):
    one = served(name)
    cold = Served(one.manifest, one.scorer, one.published_at, one.loaded_at)

    warm(cold)

    assert set(cold._decoders) == {"own", "mlflow", "vertex"}
    assert {"types", "names", "verdicts", "heads"} <= vars(cold).keys()
    assert {"row", "columns"} <= vars(cold.types).keys()


@pytest.fixture
def follow(settings, bucket, key):
    """Follow a pointer to `price`, with this way of warming."""
    publish(bucket, "price", V1, version_files("price", V1, key))
    made = []

    def following(warming):
        made.append(Registry(settings, lambda: storage_client(settings.cloud), warming))
        made[0].start()
        return made[0]

    yield following
    made[0].stop()


def test_a_version_is_warmed_before_it_takes_its_place(follow):
    seen = []
    registry = follow(lambda one: seen.append((one.name, dict(registry.state.models))))

    wait_until(lambda: registry.state.models)

    assert seen == [(("price", V1), {})]


def test_a_version_that_no_door_answers_for_does_not_take_its_place(follow):
    def refuse(one):
        raise InvalidQuery("no door takes it")

    registry = follow(refuse)

    failure = wait_until(lambda: registry.state.failures.get("price"))

    assert (failure.version, failure.reason) == (V1, "no door takes it")
    assert registry.state.models == {}
