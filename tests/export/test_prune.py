"""Prune: what goes, what stays, and that no reader takes half a version for one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.cloud.storage import Blob, Bucket

from cloud import Settings, storage_client
from export import bucket as store
from export import list_versions, pointers, rollback, verify_version
from export import prune as pruning
from export.__main__ import main
from export.errors import PublishConflict, PublishError
from tests.api.publishing import point, version_files
from tests.conftest import LocalCloud
from tests.export.broken import Keys, make_keys

MODEL = "price"
VERSIONS = [f"{number:016x}" for number in range(1, 7)]
"""The oldest first."""


@dataclass(frozen=True)
class Shelf:
    """A bucket with six versions of one model; the newest is current."""

    settings: Settings
    bucket: Bucket
    keys: Keys

    def add(self, version: str, **changes: object) -> dict[str, bytes]:
        files = version_files(MODEL, version, self.keys.signing, **changes)
        for name, data in files.items():
            self.bucket.blob(f"models/{MODEL}/{version}/{name}").upload_from_string(data)
        return files

    def point(self, version: str) -> None:
        point(self.bucket, MODEL, version, store.read(self.bucket, MODEL, version))

    def prune(self, **options: object) -> pruning.Pruned:
        later = {"now": datetime.now(UTC) + timedelta(days=2)} | options
        (found,) = pruning.prune(self.settings, MODEL, **later)  # type: ignore[arg-type]
        return found

    @property
    def left(self) -> list[str]:
        return sorted(entry.version for entry in list_versions(self.settings))

    @property
    def objects(self) -> list[str]:
        return sorted(blob.name for blob in self.bucket.list_blobs())


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def shelf(local_cloud: LocalCloud, keys: Keys) -> Shelf:
    settings = replace(
        local_cloud.settings,
        bucket=f"models-{uuid.uuid4().hex[:12]}",
        signing_key_file=keys.private_file,
        public_key_file=keys.public_file,
    )
    made = Shelf(settings, storage_client(settings).create_bucket(settings.bucket), keys)
    for version in VERSIONS:
        made.add(version)
    made.point(VERSIONS[-1])
    return made


def promotion(champion: str, copied: str | None = None) -> dict[str, object]:
    return {
        "outcome": "worse" if copied else "not_worse",
        "champion": champion,
        "rows": 2,
        "difference": 0.0,
        "interval": [0.0, 0.0],
        "forced": copied is not None,
        "forced_from": copied,
        "reason": "",
    }


def test_the_oldest_go_whole_and_the_newest_stay(shelf: Shelf) -> None:
    found = shelf.prune(keep=2)

    assert list(found.versions) == VERSIONS[:4]
    assert shelf.left == VERSIONS[4:]
    assert {name.split("/")[2] for name in shelf.objects} == {*VERSIONS[4:], "current.json"}
    assert verify_version(shelf.settings, MODEL).version == VERSIONS[-1]


def test_the_current_version_stays_however_old(shelf: Shelf) -> None:
    shelf.point(VERSIONS[0])

    found = shelf.prune(keep=1)

    assert shelf.left == [VERSIONS[0], VERSIONS[-1]]
    assert found.kept == {VERSIONS[0]: "current"}


def test_what_is_younger_than_a_day_stays(shelf: Shelf) -> None:
    found = shelf.prune(keep=1, now=datetime.now(UTC) + timedelta(hours=23))

    assert shelf.left == VERSIONS
    assert found.versions == ()
    assert set(found.kept.values()) == {"younger than a day"}


def test_what_the_current_version_refers_to_stays(shelf: Shelf) -> None:
    shelf.add("f" * 16, promotion=promotion(VERSIONS[1], copied=VERSIONS[2]))
    shelf.point(VERSIONS[0])
    rollback(shelf.settings, MODEL, "f" * 16)

    found = shelf.prune(keep=1)

    assert shelf.left == [*VERSIONS[:3], "f" * 16]
    assert found.kept == {
        VERSIONS[0]: "the current version was rolled back from it",
        VERSIONS[1]: "the current version was compared with it",
        VERSIONS[2]: "the current version is its copy",
    }


def test_a_dry_run_tells_the_same_and_deletes_nothing(shelf: Shelf) -> None:
    before = shelf.objects

    told = shelf.prune(keep=2, dry_run=True)

    assert shelf.objects == before
    assert told == shelf.prune(keep=2)


def test_remains_of_dead_publishers_go_after_a_day(shelf: Shelf) -> None:
    shelf.bucket.blob(f"models/{MODEL}/{'a' * 16}/model.pkl").upload_from_string(b"half")
    shelf.bucket.blob(f"models/{MODEL}/pending/{'b' * 16}.zip").upload_from_string(b"staged")

    young = shelf.prune(keep=6, now=datetime.now(UTC))
    old = shelf.prune(keep=6)

    assert young.remains == ()
    assert set(old.remains) == {"a" * 16, f"pending/{'b' * 16}.zip"}
    assert not [name for name in shelf.objects if "a" * 16 in name or "pending" in name]
    assert shelf.left == VERSIONS


def dying_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let the deletion of an object fail as if the process had been killed before it."""
    delete, count = Blob.delete, iter(range(1000))

    def dying(self: Blob, *arguments: object, **options: object) -> None:
        if next(count) == number:
            raise KeyboardInterrupt
        delete(self, *arguments, **options)

    monkeypatch.setattr(Blob, "delete", dying)


@pytest.mark.parametrize("number", range(5))
def test_a_prune_killed_anywhere_leaves_no_half_version(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with monkeypatch.context() as patch:
        dying_at(patch, number)
        with pytest.raises(KeyboardInterrupt):
            shelf.prune(keep=5)

    for version in shelf.left:
        assert verify_version(shelf.settings, MODEL, version).version == version
    assert shelf.left == VERSIONS[0 if number == 0 else 1 :]
    shelf.prune(keep=5)
    assert not [name for name in shelf.objects if VERSIONS[0] in name]


def interleaved(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, act: Callable[[], None], after: int
) -> None:
    """Do something else just before one of the calls of a function."""
    function, calls = getattr(owner, name), iter(range(1000))

    def other(*arguments: object, **options: object) -> object:
        if next(calls) == after:
            monkeypatch.setattr(owner, name, function)
            act()
        return function(*arguments, **options)

    monkeypatch.setattr(owner, name, other)


def test_a_rollback_that_comes_first_keeps_its_version(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pointer moves after prune has decided and before it has deleted anything."""

    def roll_back() -> None:
        rollback(shelf.settings, MODEL, VERSIONS[0])

    interleaved(monkeypatch, pruning, "_delete", roll_back, 0)
    with pytest.raises(PublishConflict, match="became current while it was to be deleted"):
        shelf.prune(keep=5)

    assert verify_version(shelf.settings, MODEL).version == VERSIONS[0]


def test_a_rollback_that_comes_second_is_told(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prune deletes the version after rollback has verified it, before the pointer moves."""
    interleaved(monkeypatch, pointers, "_content", lambda: void(shelf.prune(keep=5)), 0)

    with pytest.raises(PublishConflict, match="was pruned while it was to become current"):
        rollback(shelf.settings, MODEL, VERSIONS[0])

    assert verify_version(shelf.settings, MODEL).version == VERSIONS[-1]


def void(_: object) -> None:
    return None


def test_wrong_wishes_are_refused_with_the_fix(shelf: Shelf) -> None:
    with pytest.raises(PublishError, match="--keep is 0; expected 1 or more"):
        shelf.prune(keep=0)
    with pytest.raises(PublishError, match="no model 'prices'; published are price"):
        pruning.prune(shelf.settings, "prices", keep=1)


def test_an_unreadable_current_version_stops_everything(shelf: Shelf) -> None:
    shelf.bucket.blob(f"models/{MODEL}/{VERSIONS[-1]}/manifest.json").upload_from_string(b"{")

    with pytest.raises(PublishError, match="cannot be read, so nothing of it is deleted"):
        shelf.prune(keep=1)

    assert len(shelf.left) == len(VERSIONS)


def test_prune_on_the_command_line(
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    for name, value in shelf.settings.environment().items():
        monkeypatch.setenv(name, value)

    codes = [main(["prune", "--keep", "1", "--dry-run"]), main(["prune", MODEL, "--keep", "1"])]

    told = capsys.readouterr().out
    assert codes == [0, 0]
    assert "price: would delete no version" in told
    assert f"kept {VERSIONS[0]}: younger than a day" in told
    assert shelf.left == VERSIONS
