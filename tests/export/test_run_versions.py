"""Every version that a run of the pipeline published verifies, until one byte is flipped."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from cloud import Settings, storage_client
from export import list_versions, verify_version
from export.artifact import FILES
from export.errors import ArtifactError
from tests.conftest import LocalCloud
from tests.export.broken import flipped

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def copy(sample_cloud: LocalCloud) -> Settings:
    """The run's models in a bucket of their own, to be spoiled."""
    client = storage_client(sample_cloud.settings)
    target = client.create_bucket("spoiled-models")
    for blob in client.list_blobs(sample_cloud.settings.bucket, prefix="models/"):
        target.blob(blob.name).upload_from_string(blob.download_as_bytes())
    return replace(sample_cloud.settings, bucket="spoiled-models")


def test_every_version_of_a_run_verifies(copy: Settings) -> None:
    entries = list_versions(copy)

    assert len(entries) == 3 and all(entry.current for entry in entries)
    for entry in entries:
        assert verify_version(copy, entry.model).version == entry.version
        assert verify_version(copy, entry.model, entry.version).version == entry.version


@pytest.mark.parametrize("model", ["price_linear", "sales_class_logistic", "sales_volume_linear"])
def test_one_flipped_byte_in_any_file_is_found(copy: Settings, model: str) -> None:
    """Both ends and the middle of each file, pictures too, and places taken by lot."""
    dice, version = random.Random(model), verify_version(copy, model).version
    bucket = storage_client(copy).bucket(copy.bucket)
    blobs = list(bucket.list_blobs(prefix=f"models/{model}/{version}/"))
    for blob in blobs:
        whole = blob.download_as_bytes()
        ends = [0, len(whole) // 2, len(whole) - 1]
        for position in [*ends, *dice.choices(range(len(whole)), k=9)]:
            blob.upload_from_string(flipped(whole, position, dice.randrange(8)))
            with pytest.raises(ArtifactError):
                verify_version(copy, model, version)
            with pytest.raises(ArtifactError):
                verify_version(copy, model)
        blob.upload_from_string(whole)

    assert len(blobs) >= len(FILES)
    assert verify_version(copy, model).version == version
