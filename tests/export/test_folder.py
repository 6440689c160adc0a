"""Publishers of one version agree on one set of bytes, whoever comes when."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from cloud import storage_client
from export import artifact
from export import bucket as store
from export.folder import Files, Folder
from tests.conftest import LocalCloud
from tests.export.broken import BAD, MODEL, Keys, make_keys, true


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
def folder(local_cloud: LocalCloud, keys: Keys) -> Folder:
    bucket = storage_client(local_cloud.settings).create_bucket(f"models-{uuid.uuid4().hex[:12]}")
    return Folder(bucket, artifact.trusted_keys(keys.public_file), MODEL, BAD)


def made_at(keys: Keys, hour: int) -> Files:
    return true(keys, created_at=f"2026-01-31T{hour:02}:00:00Z")


def unasked() -> Files:
    raise AssertionError("the files were there")


def test_the_first_to_come_writes(folder: Folder, keys: Keys) -> None:
    assert folder.settle(lambda: made_at(keys, 1)) == made_at(keys, 1) == folder.complete()


def test_what_another_publisher_staged_is_finished(folder: Folder, keys: Keys) -> None:
    store.stage(folder.bucket, MODEL, BAD, made_at(keys, 1))

    assert folder.settle(unasked) == made_at(keys, 1) == folder.complete()


def test_who_stages_second_takes_the_first_one_s_bytes(folder: Folder, keys: Keys) -> None:
    def staged_meanwhile() -> Files:
        store.stage(folder.bucket, MODEL, BAD, made_at(keys, 1))
        return made_at(keys, 2)

    assert folder.settle(staged_meanwhile) == made_at(keys, 1) == folder.complete()


def test_a_whole_folder_counts_for_more_than_a_late_stage(folder: Folder, keys: Keys) -> None:
    store.unpack(folder.bucket, MODEL, BAD, made_at(keys, 1))
    store.stage(folder.bucket, MODEL, BAD, made_at(keys, 2))

    assert folder.settle(unasked) == made_at(keys, 1) == folder.complete()


def test_who_is_late_leaves_the_folder_as_it_is(folder: Folder, keys: Keys) -> None:
    def finished_meanwhile() -> Files:
        store.unpack(folder.bucket, MODEL, BAD, made_at(keys, 1))
        return made_at(keys, 2)

    assert folder.settle(finished_meanwhile) == made_at(keys, 1)
    folder.tidy()
    assert store.staged(folder.bucket, MODEL, BAD) is None


def test_a_stage_that_is_not_whole_is_made_anew(folder: Folder, keys: Keys) -> None:
    half = folder.bucket.blob(f"models/{MODEL}/pending/{BAD}.zip")
    half.upload_from_string(b"not a zip")

    assert folder.settle(lambda: made_at(keys, 2)) == made_at(keys, 2)
