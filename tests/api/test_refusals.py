"""The API refuses what is not as it was signed, says why, and keeps serving what it has."""

import re
from dataclasses import replace

import pytest

from api.settings import Settings
from cloud import storage_client
from export.artifact import Pointer
from export.keys import rotate, signing_key
from tests.api.publishing import TYPICAL, point, pointer_to, publish, version_files
from tests.api.serving import ready, serving, wait_for, wait_until
from tests.export.broken import BAD, CASES, GOOD, MODEL, OTHER, good, make_keys, other

SERVED = {name: case for name, case in CASES.items() if case.served}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def served(make_settings, keys):
    """A client of an API that serves the good version, and the bucket it reads."""
    made = make_settings()
    settings = Settings(
        cloud=replace(made.cloud, public_key_file=keys.public_file), reload_seconds=0.1
    )
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    publish(bucket, MODEL, GOOD, good(keys))
    publish(bucket, OTHER, GOOD, other(keys))
    with serving(settings) as client:
        wait_for(client, **{MODEL: GOOD, OTHER: GOOD})
        yield client, bucket


@pytest.fixture
def api(served):
    """The client and bucket, once the API has told of a pointer that no test makes.

    Nobody points back to the good version: it is in service all the time.
    """
    client, bucket = served
    for blob in bucket.list_blobs(prefix=f"models/{MODEL}/{BAD}/"):
        blob.delete()
    pointer = Pointer(MODEL, "9" * 16, "0" * 64, "2026-02-01T00:00:00Z")
    bucket.blob(f"models/{MODEL}/current.json").upload_from_string(pointer.to_json())
    problem(client, f"names the version {pointer.version}")
    return client, bucket


def problem(client, words):
    """Wait for the reason, and check that the good version still answers."""
    found = wait_until(
        lambda: [p for p in ready(client)["problems"] if re.search(words, p["reason"])]
    )
    answer = client.post(f"/models/{MODEL}/predict", json={"rows": [TYPICAL]})
    assert (answer.status_code, answer.json()["version"]) == (200, GOOD)
    assert found[0]["serving"] == GOOD
    return found[0]


@pytest.mark.parametrize("case", SERVED.values(), ids=SERVED.keys())
def test_a_wrong_version_is_not_served_and_the_last_good_one_is(api, keys, case):
    client, bucket = api
    files = case.make(keys)
    manifest = {"manifest.json": files["manifest.json"]}

    for name, data in files.items():
        bucket.blob(f"models/{MODEL}/{BAD}/{name}").upload_from_string(data)
    point(bucket, MODEL, BAD, manifest)

    assert problem(client, case.told or case.words)["version"] == BAD


def test_a_pointer_to_a_missing_version_changes_nothing(api):
    client, bucket = api
    pointer = Pointer(MODEL, BAD, "0" * 64, "2026-02-01T00:00:00Z")

    bucket.blob(f"models/{MODEL}/current.json").upload_from_string(pointer.to_json())

    problem(client, f"names the version {BAD}, which is not there")


def test_a_pointer_with_a_wrong_digest_changes_nothing(api):
    client, bucket = api
    pointer = Pointer(MODEL, GOOD, "0" * 64, "2026-02-01T00:00:00Z")

    bucket.blob(f"models/{MODEL}/current.json").upload_from_string(pointer.to_json())

    problem(client, "is not the one its pointer names")


def test_a_pointer_of_another_model_changes_nothing(api, keys):
    client, bucket = api
    pointer = pointer_to(OTHER, GOOD, other(keys))

    bucket.blob(f"models/{MODEL}/current.json").upload_from_string(pointer.to_json())

    problem(client, f"names '{OTHER}'")


def test_what_any_trusted_key_signed_is_served(make_settings, tmp_path):
    pair = tmp_path / "signing.pem", tmp_path / "public.pem"
    old = signing_key(*pair)
    made = make_settings()
    settings = replace(made, cloud=replace(made.cloud, public_key_file=pair[1]))
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    publish(bucket, MODEL, GOOD, version_files(MODEL, GOOD, old))

    with serving(settings) as client:
        wait_for(client, **{MODEL: GOOD})
        rotate(*pair)
        new = signing_key(*pair)
        publish(bucket, OTHER, GOOD, version_files(OTHER, GOOD, new))
        publish(bucket, MODEL, BAD, version_files(MODEL, BAD, old, seed=1))

        found = wait_for(client, **{MODEL: BAD, OTHER: GOOD})

    assert found["problems"] == []
