"""Show, diff, list and the keys' commands, as a person calls them."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from google.cloud.storage import Bucket

from cloud import Settings, storage_client
from export import artifact
from export.__main__ import main
from export.artifact import Manifest, signing_key
from export.difference import differences
from tests.api.publishing import FEATURES, FIGURES, manifest_of, publish, version_files
from tests.conftest import LocalCloud

MODEL = "price"
OLD, NEW = "1" * 16, "2" * 16
COMMANDS = ("publish list show diff verify promote rollback prune rotate-key retire-key").split()
PROMOTION = {
    "outcome": "worse",
    "champion": OLD,
    "rows": 1993,
    "difference": 2.0,
    "interval": [1.0, 3.0],
    "forced": True,
    "forced_from": "3" * 16,
    "reason": "On 1,993 test rows its mean loss is greater.",
}
CHANGES = {
    "hashes": {"sql": "1" * 40, "options": "0" * 40, "data": "2" * 40},
    "features": (*FEATURES[:3], replace(FEATURES[3], max=250_000.0)),
    "libraries": artifact.libraries() | {"pandas": "9.9.9"},
    "code": {"commit": "abc"},
    "metrics": {"bigquery_ml": {"r2_score": 0.8}, "scikit_learn": {"r2_score": 0.9}},
    "method": {"published": "transplanted", "requested": "auto", "reason": "not within"},
    "parity": {"retrained": FIGURES | {"within": False}, "transplanted": FIGURES}
    | {"published": FIGURES},
    "promotion": PROMOTION,
}


@pytest.fixture
def settings(local_cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A bucket with two versions; the environment leads the command line to it."""
    made = replace(
        local_cloud.settings,
        bucket=f"models-{uuid.uuid4().hex[:12]}",
        signing_key_file=tmp_path / "signing.pem",
        public_key_file=tmp_path / "public.pem",
    )
    key = signing_key(made.signing_key_file, made.public_key_file)
    storage_client(made).create_bucket(made.bucket)
    publish(bucket_of(made), MODEL, OLD, version_files(MODEL, OLD, key))
    publish(bucket_of(made), MODEL, NEW, version_files(MODEL, NEW, key, **CHANGES))
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)
    return made


def bucket_of(settings: Settings) -> Bucket:
    return storage_client(settings).bucket(settings.bucket)


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(list(arguments)) == code
    found = capsys.readouterr()
    return found.err if code else found.out


def test_show_tells_all_that_a_version_knows(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(capsys, "show", MODEL)

    key = artifact.key_id(
        signing_key(settings.signing_key_file, settings.public_key_file).public_key()
    )
    for words in (
        f"price {NEW} (current since 2026-02-01T00:00:00Z)",
        "vendas-local.vendas_ml.price (LINEAR_REG), regression",
        "predicts   price_usd",
        "model STRING, fuel_type STRING, year INT64, mileage_km FLOAT64",
        "transplanted (asked for: auto). not within",
        "retrained     NOT within 1e-06: 100 rows, worst 1e-09",
        "signal: squared_error 312.5 less than a constant's (95% interval 300.25 to 325",
        "worse: On 1,993 test rows its mean loss is greater. Forced: a copy of 3333333333333333",
        f"gs://{settings.bucket}/models/price/{NEW}/",
        f"{key}, trusted; signature and digests hold",
    ):
        assert words in text, words
    assert artifact.sha256(b"# card\n") in text


def test_show_tells_what_is_wrong_and_shows_the_rest(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket_of(settings).blob(f"models/{MODEL}/{OLD}/card.md").upload_from_string(b"#")

    text = told(capsys, "show", MODEL, OLD)

    assert f"price {OLD} (current is {NEW})" in text
    assert "NOT as it was signed. TruncatedFileError: 'price/1111111111111111/card.md'" in text


def test_diff_tells_every_change(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "diff", MODEL, OLD, NEW)

    for words in (
        f"training data changed: {'0' * 40} → {'2' * 40}",
        f"SQL changed: {'0' * 40} → {'1' * 40}",
        "feature mileage_km, training range: 10.5 to 199000 → 10.5 to 250000",
        "library pandas: ",
        "→ 9.9.9",
        "code commit: – → abc",
        "metric of BigQuery ML r2_score: 0.9 → 0.8 (-0.1)",
        "method published: retrained → transplanted",
        "parity retrained: within 1e-06: 100 rows",
        "promotion: never compared with another version → worse: On 1,993",
    ):
        assert words in text, words
    assert "options" not in text and "metric of scikit-learn" not in text
    assert "verdict" not in text and "signing key" not in text


def test_what_nobody_signed_is_not_told_on(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    blob = bucket_of(settings).blob(f"models/{MODEL}/{OLD}/manifest.json")
    better = blob.download_as_bytes().replace(b'"r2_score": 0.9', b'"r2_score": 1.0')
    blob.upload_from_string(better)

    first, second = told(capsys, "list").splitlines()
    assert first.startswith(f"* {MODEL} {NEW}  2026-01-31T12:00:00Z  transplanted  signal")
    assert second.startswith(f"  {MODEL} {OLD}  The signature of '{MODEL}' {OLD} does not fit")
    lines = told(capsys, "diff", MODEL, OLD, NEW).splitlines()
    assert lines[1].startswith(f"  NOT verified. SignatureError: The signature of '{MODEL}' {OLD}")
    assert sum("NOT verified" in line for line in lines) == 1


def test_diff_says_plainly_that_nothing_changed(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, "diff", MODEL, OLD, OLD).endswith("  nothing changed\n")
    assert "no version '3333333333333333'" in told(capsys, "diff", MODEL, OLD, "3" * 16, code=1)


def test_features_that_come_go_and_move_are_told() -> None:
    before = Manifest(**manifest_of(MODEL, OLD, None))
    more = replace(FEATURES[0], name="colour")
    other = replace(FEATURES[1], categories=("Diesel", "Hydrogen"), nullable=False)
    after = replace(before, features=(FEATURES[3], other, FEATURES[2], more), label="income")

    lines = differences(before, after)

    for line in (
        "label: price_usd → income",
        "feature model: taken out",
        "feature colour: added (STRING)",
        "feature fuel_type, nullable: True → False",
        "feature fuel_type, categories: 1 gone ['Petrol'], 1 new ['Hydrogen']",
        "order of features: model, fuel_type, year, mileage_km → "
        "mileage_km, fuel_type, year, colour",
    ):
        assert line in lines, lines


def test_list_shows_outcomes_and_broken_pointers(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = bucket_of(settings)
    bucket.blob("models/lost/current.json").upload_from_string(b"{}")

    lines = told(capsys, "list").splitlines()

    assert lines[0].startswith("* lost current.json  current.json has schema_version None")
    assert [line for line in lines if line.startswith(f"* price {NEW}") and "forced" in line]
    assert "lost: ManifestError" in told(capsys, "verify", code=1)


def test_verify_all_checks_every_version(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(capsys, "verify", "--all")

    assert text.count("is as it was signed") == 2
    bucket_of(settings).blob(f"models/{MODEL}/{OLD}/card.md").upload_from_string(b"#")
    told(capsys, "verify")
    assert OLD in told(capsys, "verify", MODEL, "--all", code=1)


def test_a_key_is_rotated_and_then_retired(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    old = artifact.key_id(
        signing_key(settings.signing_key_file, settings.public_key_file).public_key()
    )

    assert f"python -m export retire-key {old}" in told(capsys, "rotate-key")
    refused = told(capsys, "retire-key", old, code=1)
    new = signing_key(settings.signing_key_file, settings.public_key_file)
    signs_now = told(capsys, "retire-key", artifact.key_id(new.public_key()), code=1)
    publish(bucket_of(settings), MODEL, NEW, version_files(MODEL, NEW, new))
    done = told(capsys, "retire-key", old)

    assert f"'{old}' signed current versions, which would stop loading: price {NEW}" in refused
    assert "--force" in refused
    assert "is the key that signs now" in signs_now and "rotate-key" in signs_now
    assert "1 older versions cannot be rolled back to" in done
    told(capsys, "verify", MODEL)
    assert "RetiredKeyError" in told(capsys, "verify", MODEL, OLD, code=1)


def test_a_leaked_key_is_retired_by_force_even_without_a_bucket(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = artifact.key_id(
        signing_key(settings.signing_key_file, settings.public_key_file).public_key()
    )
    told(capsys, "rotate-key")
    monkeypatch.setenv("VENDAS_BUCKET", "no-such-bucket")

    assert "does not exist" in told(capsys, "retire-key", old, code=1)
    assert "Nobody could look" in told(capsys, "retire-key", old, "--force")
    assert list(artifact.trusted_keys(settings.public_key_file).retired) == [old]
    monkeypatch.setenv("VENDAS_BUCKET", settings.bucket)
    assert "RetiredKeyError" in told(capsys, "verify", code=1)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_complete_help(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert "Exit code:" in text and "MODEL_PUBLIC_KEY_FILE" in text
    options = [line for line in text.splitlines() if line.startswith(("  -", "  MODEL", "  A"))]
    assert options and all(len(line.split(None, 1)) == 2 for line in options)


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    text = capsys.readouterr().out
    assert [name for name in COMMANDS if f"    {name}" not in text] == []


def a_copy(settings: Settings, version: str, folder: Path) -> str:
    """Copy a version out of its bucket, as somebody keeps the one of another target."""
    folder.mkdir()
    for blob in bucket_of(settings).list_blobs(prefix=f"models/{MODEL}/{version}/"):
        blob.download_to_filename(str(folder / Path(blob.name).name))
    return str(folder)


def test_a_version_of_another_bucket_is_compared_by_its_folder(
    settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    inside = told(capsys, "diff", MODEL, OLD, NEW).splitlines()[1:]
    folder = a_copy(settings, OLD, tmp_path / "local")

    assert told(capsys, "diff", MODEL, folder, NEW).splitlines()[1:] == inside
    assert len(inside) > 5


def test_a_folder_that_holds_no_version_of_the_model_is_refused(
    settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = a_copy(settings, OLD, tmp_path / "local")

    assert "holds a version of 'price', not of 'other'" in told(
        capsys, "diff", "other", folder, folder, code=1
    )
    assert "is no folder of a version: No such file" in told(
        capsys, "diff", MODEL, str(tmp_path), NEW, code=1
    )
