"""What is not as it was signed is refused by every command, each with its own error."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from google.cloud.storage import Bucket

from cloud import Settings, storage_client
from export import artifact, pointers, rollback, verify_version
from export.errors import ArtifactError, MissingVersionError, PointerError, PublishError
from export.promote import promote
from tests.api.publishing import pointer_to, publish
from tests.conftest import LocalCloud
from tests.export.broken import (
    BAD,
    CASES,
    GOOD,
    MODEL,
    OTHER,
    Case,
    Files,
    Keys,
    flipped,
    good,
    make_keys,
    other,
    true,
)

PROMOTION = {
    "outcome": "not_worse",
    "champion": GOOD,
    "rows": 2,
    "difference": 0.0,
    "interval": [0.0, 0.0],
    "forced": False,
    "forced_from": None,
    "reason": "",
}


@dataclass(frozen=True)
class Scene:
    """A bucket with a good current version, another model, and room for a bad version."""

    settings: Settings
    bucket: Bucket
    keys: Keys

    def put(self, files: Files) -> None:
        for blob in self.bucket.list_blobs(prefix=f"models/{MODEL}/{BAD}/"):
            blob.delete()
        for name, data in files.items():
            self.bucket.blob(f"models/{MODEL}/{BAD}/{name}").upload_from_string(data)

    def point(self, pointer: artifact.Pointer) -> None:
        path = f"models/{MODEL}/current.json"
        self.bucket.blob(path).upload_from_string(pointer.to_json())

    @property
    def current(self) -> str:
        found, _, _ = pointers.current(self.bucket, MODEL)
        assert found is not None
        return found.version


@pytest.fixture(scope="module")
def shared(local_cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    keys = make_keys(tmp_path_factory.mktemp("keys"))
    settings = replace(
        local_cloud.settings,
        bucket=f"models-{uuid.uuid4().hex[:12]}",
        signing_key_file=keys.private_file,
        public_key_file=keys.public_file,
    )
    bucket = storage_client(settings).create_bucket(settings.bucket)
    publish(bucket, MODEL, GOOD, good(keys))
    publish(bucket, OTHER, GOOD, other(keys))
    return Scene(settings, bucket, keys)


@pytest.fixture
def scene(shared: Scene) -> Iterator[Scene]:
    yield shared
    shared.put({})
    shared.point(pointer_to(MODEL, GOOD, good(shared.keys)))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_wrong_version_is_refused_by_every_command(scene: Scene, case: Case) -> None:
    scene.put(case.make(scene.keys))

    for command in (verify_version, rollback, promote):
        with pytest.raises(case.error, match=case.words) as caught:
            command(scene.settings, MODEL, BAD)
        assert type(caught.value) is case.error
    with pytest.raises(case.error, match=case.words):
        promote(scene.settings, MODEL, BAD, force=True)

    assert scene.current == GOOD


def test_a_true_version_is_taken_by_every_command(scene: Scene) -> None:
    scene.put(true(scene.keys, promotion=PROMOTION))

    assert verify_version(scene.settings, MODEL, BAD).version == BAD
    assert promote(scene.settings, MODEL, BAD).manifest.version == BAD
    assert scene.current == BAD
    assert rollback(scene.settings, MODEL, GOOD).version == GOOD
    assert scene.current == GOOD


def test_a_pointer_to_a_missing_version_is_told(scene: Scene) -> None:
    scene.point(artifact.Pointer(MODEL, BAD, "0" * 64, "2026-02-01T00:00:00Z"))

    with pytest.raises(MissingVersionError, match=f"names the version {BAD}, which is not there"):
        verify_version(scene.settings, MODEL)
    for command in (promote, rollback):
        with pytest.raises(PublishError, match=f"no version '{BAD}'.*it has {GOOD}"):
            command(scene.settings, MODEL, BAD)

    assert rollback(scene.settings, MODEL, GOOD).version == GOOD
    assert verify_version(scene.settings, MODEL).version == GOOD


def test_a_pointer_with_a_wrong_digest_is_told(scene: Scene) -> None:
    scene.point(artifact.Pointer(MODEL, GOOD, "0" * 64, "2026-02-01T00:00:00Z"))

    with pytest.raises(PointerError, match="is not the one its pointer names") as caught:
        verify_version(scene.settings, MODEL)
    assert type(caught.value) is PointerError


def test_a_pointer_of_another_model_is_told(scene: Scene) -> None:
    scene.point(pointer_to(OTHER, GOOD, other(scene.keys)))

    for command in (promote, rollback):
        with pytest.raises(PointerError, match=r"names 'class_two'. Remove 'gs://"):
            command(scene.settings, MODEL, GOOD)


def test_one_flipped_byte_anywhere_is_found(scene: Scene) -> None:
    """Every byte of signature, certificate and card; a sample of pickle and manifest."""
    files, trusted = true(scene.keys), artifact.trusted_keys(scene.keys.public_file)
    tried = 0
    for name, data in files.items():
        step = 1 if len(data) < 1000 else len(data) // 100
        for position in range(0, len(data), step):
            tried += 1
            with pytest.raises(ArtifactError):
                changed = files | {name: flipped(data, position, position % 8)}
                artifact.verify(changed, trusted, model=MODEL, version=BAD)

    assert artifact.verify(files, trusted, model=MODEL, version=BAD).version == BAD
    assert tried > 300


def test_a_signature_in_another_spelling_is_refused(scene: Scene) -> None:
    """The last letter of a signature has bits that say nothing; they may not be changed either."""
    files, trusted = true(scene.keys), artifact.trusted_keys(scene.keys.public_file)
    spelled = files["signature.json"].replace(b'"key_id"', b' "key_id"')

    with pytest.raises(artifact.ArtifactError, match="not in the one form"):
        artifact.verify(files | {"signature.json": spelled}, trusted, model=MODEL, version=BAD)
