"""Verify, rollback and list, on a version that was published for real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from google.cloud.storage import Blob

from cloud import storage_client
from export import list_versions, publish_models, rollback, verify_version
from export.__main__ import main
from export.errors import (
    ArtifactError,
    DigestError,
    ManifestError,
    PointerError,
    PublishError,
    SignatureError,
    UnknownKeyError,
)
from tests.export.conftest import MODELS, World, apart, write_dbt_manifest

ONE = {"price_linear": MODELS["price_linear"]}


@pytest.fixture(scope="module")
def dbt_one(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dbt_manifest(world, tmp_path_factory.mktemp("dbt") / "one.json", ONE)


@pytest.fixture(scope="module")
def published(world: World, dbt_one: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two versions of one model; the second is current. Each test leaves it so."""
    directory = tmp_path_factory.mktemp("two")
    made = apart(world, directory)
    other = write_dbt_manifest(world, directory / "dbt.json", ONE, method="transplanted")
    for manifest in (other, dbt_one):
        (p,) = publish_models(made.settings, dbt_manifest=manifest)
        assert p.error is None
    return made


@contextmanager
def changed(target: Blob, content: bytes | None = None) -> Iterator[None]:
    """Give an object other bytes (one bit flipped, unless told) and take them back."""
    whole = target.download_as_bytes()
    target.upload_from_string(flipped(whole) if content is None else content)
    yield
    target.upload_from_string(whole)


def versions(world: World) -> tuple[str, str]:
    """Return the current version and the other one."""
    entries = list_versions(world.settings)
    (current,) = [entry.version for entry in entries if entry.current]
    (other,) = [entry.version for entry in entries if not entry.current]
    return current, other


def blob(world: World, name: str) -> Blob:
    return storage_client(world.settings).bucket(world.settings.bucket).blob(name)


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def test_one_flipped_byte_is_found_and_named(published: World) -> None:
    current, _ = versions(published)
    cases: dict[str, tuple[type[ArtifactError], str]] = {
        "model.pkl": (DigestError, "model.pkl' has .* sha256"),
        "parity.json": (DigestError, "parity.json' has .* sha256"),
        "card.md": (DigestError, "card.md' has .* sha256"),
        "card.pt-BR.md": (DigestError, "card.pt-BR.md' has .* sha256"),
        "predicted.en.png": (DigestError, "predicted.en.png' has .* sha256"),
        "model.skops": (DigestError, "model.skops' has .* sha256"),
        "manifest.json": (PointerError, "not the one its pointer names"),
        "signature.json": (ArtifactError, "signature|signed"),
    }
    for name, (error, words) in cases.items():
        target = blob(published, f"models/price_linear/{current}/{name}")
        with changed(target), pytest.raises(error, match=words):
            verify_version(published.settings, "price_linear")

    assert verify_version(published.settings, "price_linear").version == current


def test_a_file_that_the_manifest_does_not_list_is_found(published: World) -> None:
    current, _ = versions(published)
    stranger = blob(published, f"models/price_linear/{current}/sitecustomize.py")
    stranger.upload_from_string(b"print('hello')")

    with pytest.raises(DigestError, match=r"holds \['sitecustomize\.py'\], which its manifest"):
        verify_version(published.settings, "price_linear")
    stranger.delete()

    assert verify_version(published.settings, "price_linear").version == current


def test_a_changed_manifest_is_not_what_was_signed(published: World) -> None:
    current, _ = versions(published)
    target = blob(published, f"models/price_linear/{current}/manifest.json")

    with changed(target), pytest.raises(SignatureError, match="does not fit its manifest"):
        verify_version(published.settings, "price_linear", current)


def test_a_genuine_version_of_another_key_is_refused(
    published: World, dbt_one: Path, tmp_path: Path
) -> None:
    strange = replace(
        published.settings,
        signing_key_file=tmp_path / "signing.pem",
        public_key_file=tmp_path / "public.pem",
    )

    (p,) = publish_models(strange, dbt_manifest=dbt_one)
    with pytest.raises(UnknownKeyError, match="was signed by key"):
        verify_version(strange, "price_linear")
    with pytest.raises(UnknownKeyError, match="was signed by key"):
        verify_version(published.settings, "price_linear", p.version)
    bucket = storage_client(published.settings).bucket(published.settings.bucket)
    for entry in bucket.list_blobs(prefix=f"models/price_linear/{p.version}/"):
        entry.delete()

    assert p.waiting and "cannot be opened" in p.note and "is not trusted" in p.note


def test_a_broken_pointer_is_told(published: World) -> None:
    pointer = blob(published, "models/price_linear/current.json")

    with changed(pointer, b"{"), pytest.raises(ManifestError, match=r"current\.json is not JSON"):
        verify_version(published.settings, "price_linear")


def test_rollback_serves_the_other_version_and_publish_leaves_it(
    published: World, dbt_one: Path
) -> None:
    current, other = versions(published)

    manifest = rollback(published.settings, "price_linear", other)
    (p,) = publish_models(published.settings, dbt_manifest=dbt_one)

    assert manifest.version == other
    assert versions(published) == (other, current)
    assert not p.created and "rolled back" in p.note

    rollback(published.settings, "price_linear", current)
    assert versions(published) == (current, other)


def test_a_version_that_does_not_verify_is_not_rolled_back_to(published: World) -> None:
    current, other = versions(published)
    target = blob(published, f"models/price_linear/{other}/model.pkl")

    with changed(target), pytest.raises(DigestError):
        rollback(published.settings, "price_linear", other)

    assert versions(published)[0] == current


def test_unknown_models_and_versions_are_refused_with_the_known_ones(published: World) -> None:
    with pytest.raises(PublishError, match="published models are price_linear"):
        verify_version(published.settings, "price")
    with pytest.raises(PublishError, match=r"no version '0000000000000000'.*it has "):
        rollback(published.settings, "price_linear", "0" * 16)


def test_the_command_line_tells_and_counts(
    published: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in published.settings.environment().items():
        monkeypatch.setenv(name, value)

    codes = [main(["list"]), main(["verify"]), main(["verify", "price"])]

    told = capsys.readouterr()
    assert codes == [0, 0, 1]
    assert told.out.count("price_linear") == 3
    assert "is as it was signed" in told.out
    assert "no current version; published models are price_linear" in told.err
