"""Champion and challenger on a real local cloud: held back, promoted, forced, rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.cloud.storage import Bucket

from cloud import storage_client
from export import Publication, pointers, publish_models, rollback, verify_version
from export.__main__ import main
from export.artifact import Manifest, Pointer, libraries, sha256, signing_key
from export.errors import DbtManifestError, PromotionError, PublishError
from export.keys import retire, rotate
from export.promote import promote
from tests.api.publishing import publish, trained, version_files
from tests.export.conftest import FEATURES, MODELS, World, apart, write_dbt_manifest

NAME = "gated_linear"
LINEAR = {NAME: MODELS["price_linear"]}
OLD = "1" * 16


def fit(world: World, label: str, sql_hash: str) -> None:
    """Train a model whose label is this expression; it is then better or worse at the price."""
    world.run(
        f"create or replace model `{world.relation(NAME)}` options(model_type='linear_reg', "
        "input_label_cols=['price_usd'], data_split_method='custom', data_split_col='is_eval') as "
        f"select {', '.join(FEATURES)}, {label} as price_usd, split = 'eval' as is_eval "
        f"from `{world.relation('features')}` where split != 'test'"
    )
    hashes = {"sql": sql_hash * 40, "options": "b" * 40, "data": "d" * 40}
    labels = ", ".join(f"('{name}_hash', '{value}')" for name, value in hashes.items())
    world.run(f"alter model `{world.relation(NAME)}` set options(labels=[{labels}])")


class Registry:
    """One model's bucket, and dbt's manifest to publish it by."""

    good: Publication
    worse: Publication

    def __init__(self, world: World, directory: Path) -> None:
        self.world = apart(world, directory)
        self.dbt = write_dbt_manifest(world, directory / "dbt.json", LINEAR)

    def publish(self) -> Publication:
        (p,) = publish_models(self.world.settings, dbt_manifest=self.dbt)
        assert p.error is None, p.error
        return p

    def promote(self, version: str | None, *, force: bool = False) -> Manifest:
        found = promote(self.world.settings, NAME, str(version), force=force, dbt_manifest=self.dbt)
        return found.manifest

    @property
    def bucket(self) -> Bucket:
        return storage_client(self.world.settings).bucket(self.world.settings.bucket)

    @property
    def current(self) -> str | None:
        found, _, _ = pointers.current(self.bucket, NAME)
        return found.version if found else None

    def manifest(self, version: str | None) -> Manifest:
        return verify_version(self.world.settings, NAME, version)


@pytest.fixture(scope="module")
def held(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A good version that is current, and a worse one that waits."""
    made = Registry(world, tmp_path_factory.mktemp("held"))
    fit(world, "price_usd", "1")
    made.good = made.publish()
    fit(world, "0.9 * price_usd", "2")
    made.worse = made.publish()
    yield made


def test_the_first_version_needs_nobody_s_leave(held: Registry) -> None:
    promotion = held.manifest(held.good.version).promotion

    assert promotion is not None
    assert (promotion["outcome"], promotion["champion"], promotion["rows"]) == ("first", None, 0)


def test_a_worse_version_is_published_and_waits(held: Registry) -> None:
    good, worse = held.good, held.worse

    promotion = held.manifest(worse.version).promotion

    assert (held.current, good.created) == (good.version, True)
    assert (worse.created, worse.waiting, worse.error) == (False, True, None)
    assert promotion == worse.promotion
    assert (promotion["outcome"], promotion["champion"]) == ("worse", good.version)
    assert (promotion["rows"], promotion["forced"]) == (300, False)
    assert 0 < promotion["interval"][0] < promotion["difference"] < promotion["interval"][1]
    command = f"python -m export promote {NAME} {worse.version} --force"
    assert "On 300 test rows its mean loss" in worse.note and command in worse.note


def test_publishing_it_again_trains_nothing_and_still_waits(held: Registry) -> None:
    again = held.publish()

    assert (again.version, again.waiting) == (held.worse.version, True)
    assert held.current == held.good.version


def test_promote_tells_the_numbers_and_moves_nothing(held: Registry) -> None:
    with pytest.raises(PromotionError, match=r"worse.*95% interval.*stays current.*--force`"):
        held.promote(held.worse.version)

    assert held.current == held.good.version


def test_force_leaves_a_mark_in_a_version_of_its_own(held: Registry) -> None:
    good, worse = held.good, held.worse

    forced = held.promote(worse.version, force=True)

    assert held.current == forced.version
    assert forced.version not in (good.version, worse.version)
    assert forced == held.manifest(None)
    assert forced.promotion is not None
    assert (forced.promotion["forced"], forced.promotion["forced_from"]) == (True, worse.version)
    assert forced.files == held.manifest(worse.version).files
    assert held.manifest(worse.version).promotion == worse.promotion
    published = held.publish()
    assert (published.version, published.created) == (forced.version, False)
    assert published.note == f"Unchanged since {worse.version}."

    rollback(held.world.settings, NAME, str(good.version))
    assert held.promote(worse.version, force=True) == forced
    rollback(held.world.settings, NAME, str(good.version))
    assert held.promote(forced.version) == forced
    rollback(held.world.settings, NAME, str(good.version))


def test_a_copy_that_nobody_signed_is_not_taken_for_a_forced_one(
    world: World, tmp_path: Path
) -> None:
    """Who can write to the bucket and has no key points to a manifest of his own."""
    registry = Registry(world, tmp_path)
    fit(world, "price_usd", "1")
    good = registry.publish()
    folder, forged = f"models/{NAME}/{good.version}/", f"models/{NAME}/{OLD}/"
    for blob in registry.bucket.list_blobs(prefix=folder):
        content, name = blob.download_as_bytes(), blob.name.removeprefix(folder)
        if name == "manifest.json":
            content = content.replace(str(good.version).encode(), OLD.encode())
            mark = f'"forced_from": "{good.version}"'.encode()
            content = content.replace(b'"forced_from": null', mark)
            pointer = Pointer(NAME, OLD, sha256(content), "2026-02-01T00:00:00Z")
        registry.bucket.blob(forged + name).upload_from_string(content)
    registry.bucket.blob(f"models/{NAME}/current.json").upload_from_string(pointer.to_json())

    (published,) = publish_models(registry.world.settings, dbt_manifest=registry.dbt)

    assert registry.current == OLD
    assert published.version != OLD and "Unchanged" not in published.note


def test_a_better_version_than_a_worse_one_goes_through(held: Registry) -> None:
    good, worse = held.good, held.worse
    rollback(held.world.settings, NAME, str(worse.version))

    promoted = promote(held.world.settings, NAME, str(good.version), dbt_manifest=held.dbt)

    assert held.current == good.version
    assert (promoted.promotion.outcome, promoted.promotion.rows) == ("not_worse", 300)
    assert promoted.promotion.difference is not None and promoted.promotion.difference < 0
    assert held.promote(good.version).version == good.version


def test_without_bigquery_force_still_helps_and_the_gate_does_not_guess(held: Registry) -> None:
    good, worse = held.good, held.worse
    rollback(held.world.settings, NAME, str(worse.version))
    nowhere = Path("nowhere.json")

    with pytest.raises(DbtManifestError, match=r"nowhere\.json"):
        promote(held.world.settings, NAME, str(good.version), dbt_manifest=nowhere)
    forced = promote(held.world.settings, NAME, str(good.version), force=True, dbt_manifest=nowhere)

    assert forced.promotion.outcome == "incomparable"
    assert "Nobody could ask both" in forced.promotion.reason
    assert held.current == forced.manifest.version
    rollback(held.world.settings, NAME, str(good.version))


def test_promote_on_the_command_line(
    held: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in held.world.settings.environment().items():
        monkeypatch.setenv(name, value)
    worse, dbt = str(held.worse.version), str(held.dbt)

    codes = [
        main(["promote", NAME, worse, "--dbt-manifest", dbt, *end]) for end in ([], ["--force"])
    ]
    rollback(held.world.settings, NAME, str(held.good.version))

    told = capsys.readouterr()
    assert codes == [1, 0]
    assert "is not promoted (worse)" in told.err
    assert f"a copy of {worse} that is marked as forced" in told.out


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "needs the column 'model'"),
        ({"label": "income"}, "predicts 'income'"),
        ({"libraries": libraries() | {"scikit-learn": "1.2.0"}}, "pickled with scikit-learn 1.2.0"),
    ],
    ids=["missing column", "other label", "other library"],
)
def test_a_champion_that_cannot_be_asked_stays_and_says_why(
    world: World, tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    registry = Registry(world, tmp_path)
    fit(world, "price_usd", "3")
    settings = registry.world.settings
    key = signing_key(settings.signing_key_file, settings.public_key_file)
    files = version_files(NAME, OLD, key, pipeline=trained("price"), **changes)
    publish(registry.bucket, NAME, OLD, files)

    p = registry.publish()

    assert (p.waiting, p.promotion["outcome"]) == (True, "incomparable")
    assert reason in p.note and "--force" in p.note
    assert registry.current == OLD


def test_a_champion_that_was_tampered_with_is_not_asked(world: World, tmp_path: Path) -> None:
    registry = Registry(world, tmp_path)
    fit(world, "price_usd", "4")
    first = registry.publish()
    blob = registry.bucket.blob(f"models/{NAME}/{first.version}/model.pkl")
    blob.upload_from_string(blob.download_as_bytes()[:-1])
    fit(world, "price_usd + 1", "5")

    p = registry.publish()

    assert (p.waiting, p.promotion["outcome"]) == (True, "incomparable")
    assert "cannot be opened" in p.note and "has only" in p.note
    assert registry.current == first.version


def test_a_rotated_key_makes_a_new_version_that_is_not_worse(world: World, tmp_path: Path) -> None:
    registry = Registry(world, tmp_path)
    settings = registry.world.settings
    fit(world, "price_usd", "6")
    before = registry.publish()
    old, _ = rotate(settings.signing_key_file, settings.public_key_file)

    after = registry.publish()
    retire(settings.public_key_file, old)

    assert after.created and after.version != before.version
    assert (after.promotion["outcome"], after.promotion["difference"]) == ("not_worse", 0.0)
    assert registry.manifest(None).version == after.version
    with pytest.raises(PublishError, match="has no version"):
        registry.promote("0" * 16)
