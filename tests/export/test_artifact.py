"""Manifest, signature, digests, libraries, pickle and golden rows, without any server."""

from __future__ import annotations

import json
import os
import pickle
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from export import artifact
from export.artifact import Feature, GoldenRow, Manifest, Pointer, TrustedKeys
from export.errors import (
    DigestError,
    ForeignManifestError,
    GoldenError,
    LibraryError,
    ManifestError,
    PickleError,
    SignatureError,
    UnknownKeyError,
)
from export.pickles import dump
from export.pipelines import Columns
from export.transplant import Weights, transplanted

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
FEATURES = (
    Feature("year", "INT64", "numeric", None, 2010, 2024, False),
    Feature("fuel", "STRING", "categorical", ("Hybrid", "Petrol"), None, None, False),
)
WEIGHTS = Weights(
    Columns(("year",), {"fuel": ("Hybrid", "Petrol")}),
    {"year": 2017.0},
    np.array([[10.0, 5.0, -5.0]]),
    np.array([-20000.0]),
)


def manifest(pickled: bytes, **changes: Any) -> Manifest:
    figures = dict.fromkeys(("max_abs", "max_rel", "mean_abs", "p99_abs"), 0.0) | {
        "rows": 1,
        "label_disagreements": 0,
        "tolerance": 1e-6,
        "within": True,
    }
    files = {"model.pkl": pickled, "parity.json": b"{}", "card.md": b"#"}
    made = Manifest(
        model="price",
        version="0" * 16,
        bigquery_model="p.d.price",
        model_type="LINEAR_REG",
        label="price_usd",
        task="regression",
        classes=None,
        features=FEATURES,
        method={"published": "retrained", "requested": "auto", "reason": ""},
        hashes=dict.fromkeys(("sql", "options", "data"), "a" * 40),
        dbt={"invocation_id": None, "node": "model.x.price"},
        code={"commit": None},
        created_at="2025-01-01T00:00:00Z",
        libraries=artifact.libraries(),
        files={n: {"sha256": artifact.sha256(d), "size": len(d)} for n, d in files.items()},
        metrics={"bigquery_ml": {}, "scikit_learn": {"r2_score": 0.5}},
        parity={"retrained": figures, "transplanted": None, "published": figures},
        verdict={
            "status": "signal",
            "improvement": 1.0,
            "interval": [0.5, 1.5],
            "loss": "squared_error",
            "test_rows": 1,
            "reason": None,
        },
        golden_rows=(
            GoldenRow({"year": 2020, "fuel": "Petrol"}, {"value": 195.0}, "typical"),
            GoldenRow({"year": None, "fuel": None}, {"value": 170.0}, "null"),
            GoldenRow({"year": 2020, "fuel": "?"}, {"value": 200.0}, "unseen"),
        ),
    )
    return replace(made, **changes)


def version(**changes: Any) -> dict[str, bytes]:
    pickled = dump(transplanted(WEIGHTS, ["year", "fuel"], None))
    content = manifest(pickled, **changes).to_json()
    signature = artifact.sign(content, model="price", version="0" * 16, key=KEY)
    return {
        "model.pkl": pickled,
        "parity.json": b"{}",
        "card.md": b"#",
        "manifest.json": content,
        "signature.json": signature,
    }


def load(files: dict[str, bytes], key: Ed25519PrivateKey = KEY) -> Any:
    return artifact.load(files, TrustedKeys.of(key.public_key()), model="price", version="0" * 16)


def test_a_true_version_loads_and_answers() -> None:
    found, pipeline = load(version())

    (answer,) = artifact.predict(pipeline, found, [{"year": 2010}])
    assert answer == {"value": pytest.approx(100.0)}


def test_importing_the_format_needs_no_google_client_and_no_dbt() -> None:
    code = "import export.artifact, sys; print([m for m in sys.modules if m in sys.argv[1:]])"
    names = ["google.cloud", "google.cloud.bigquery", "google.cloud.storage", "pyarrow", "dbt"]

    done = subprocess.run(
        [sys.executable, "-c", code, *names], capture_output=True, text=True, check=True
    )

    assert (
        "bigquery" not in done.stdout and "storage" not in done.stdout and "dbt" not in done.stdout
    )


@pytest.mark.parametrize("name", ["model.pkl", "parity.json", "card.md"])
def test_a_changed_or_missing_file_is_named(name: str) -> None:
    files = version()

    with pytest.raises(DigestError, match=f"price/{'0' * 16}/{name}' has"):
        load(files | {name: files[name] + b" "})
    with pytest.raises(DigestError, match=f"{name}' is missing"):
        load({n: data for n, data in files.items() if n != name})


def test_a_changed_manifest_is_refused_before_it_is_read() -> None:
    files = version()

    with pytest.raises(SignatureError, match="does not fit its manifest"):
        load(files | {"manifest.json": files["manifest.json"].replace(b"0.5", b"0.9")})


def test_another_key_another_model_and_another_version_are_refused() -> None:
    files, key = version(), TrustedKeys.of(KEY.public_key())

    with pytest.raises(UnknownKeyError, match="was signed by key"):
        load(files, Ed25519PrivateKey.generate())
    with pytest.raises(ForeignManifestError, match="belongs to another model or version"):
        artifact.verify(files, key, model="other", version="0" * 16)
    with pytest.raises(ForeignManifestError, match="belongs to another model or version"):
        artifact.verify(files, key, model="price", version="1" * 16)


@pytest.mark.parametrize(
    ("library", "change", "refused"),
    [
        ("scikit-learn", "1.8.0", True),
        ("scikit-learn", "1.9.99", False),
        ("numpy", "1.26.0", True),
        ("pandas", "2.0.0", False),
        ("xgboost", "2.1.4", True),
        ("xgboost", "3.0.99", False),
    ],
)
def test_another_version_of_a_library_is_refused(library: str, change: str, refused: bool) -> None:
    files = version(libraries=artifact.libraries() | {library: change})

    if refused:
        with pytest.raises(LibraryError, match=f"was pickled with {library} {change}"):
            load(files)
    else:
        load(files)


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    files = version(libraries=artifact.libraries("BOOSTED_TREE_REGRESSOR"))
    load(files)

    monkeypatch.setattr("export.installed.NAMES", {"xgboost": ("no-xgboost",)})

    with pytest.raises(LibraryError, match=r"xgboost 3\.0.*; it is not installed. Install xgboost"):
        load(files)


class Stranger:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("false",)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_that_names_a_stranger_is_not_run(protocol: int) -> None:
    with pytest.raises(PickleError, match=r"posix\.system"):
        artifact.unpickle(pickle.dumps(Stranger(), protocol))


def test_bytes_that_are_no_pickle_are_refused() -> None:
    with pytest.raises(PickleError, match="are not a pickle"):
        artifact.unpickle(b"no pickle")


def test_a_stranger_is_not_pickled() -> None:
    with pytest.raises(PickleError, match=r"names \['posix\.system'\]"):
        dump(Stranger())


def test_a_name_hidden_from_the_opcodes_is_still_not_imported() -> None:
    hidden = b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94h\x00\x8c\x01a0h\x01\x93."

    with pytest.raises(PickleError):
        artifact.unpickle(hidden)


def test_a_pipeline_that_answers_otherwise_is_refused() -> None:
    wrong = (GoldenRow({"year": 2020, "fuel": "Petrol"}, {"value": 195.1}, "typical"),)

    with pytest.raises(GoldenError, match=r"195\.0 instead of 195\.1; the tolerance is 1e-06"):
        load(version(golden_rows=wrong))


def test_the_manifest_says_the_same_after_a_round_trip() -> None:
    made = manifest(b"")

    assert Manifest.parse(made.to_json()) == made


def test_the_pointer_says_the_same_after_a_round_trip() -> None:
    pointer = Pointer("price", "0" * 16, "f" * 64, "2025-01-01T00:00:00Z")

    assert Pointer.parse(pointer.to_json()) == pointer
    with pytest.raises(ManifestError, match="has the keys"):
        Pointer.parse(b'{"schema_version": 1}')
    with pytest.raises(ManifestError, match="schema_version 2"):
        Pointer.parse(b'{"schema_version": 2}')


def test_a_number_that_is_none_is_not_json() -> None:
    text = manifest(b"").to_json().replace(b'"r2_score": 0.5', b'"r2_score": NaN')

    with pytest.raises(ManifestError, match="NaN is not a number"):
        Manifest.parse(text)


def test_canonical_json_has_one_form() -> None:
    assert artifact.canonical_json({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()


def test_the_version_follows_each_of_its_inputs() -> None:
    base: dict[str, Any] = {
        "model": "m",
        "hashes": {"sql": "a"},
        "export": {"label": "y"},
        "libraries": {"numpy": "2"},
        "key": "k",
    }
    changed = [
        base | {"model": "n"},
        base | {"hashes": {"sql": "b"}},
        base | {"export": {"label": "z"}},
        base | {"libraries": {"numpy": "3"}},
        base | {"key": "l"},
    ]

    versions = {artifact.version_id(**inputs) for inputs in [base, base, *changed]}

    assert len(versions) == 6
    assert all(len(name) == 16 for name in versions)


def test_keys_are_made_at_first_use_and_the_private_one_is_private(tmp_path: Path) -> None:
    files = tmp_path / "keys" / "signing.pem", tmp_path / "keys" / "public.pem"

    first, again = artifact.signing_key(*files), artifact.signing_key(*files)

    assert first.private_bytes_raw() == again.private_bytes_raw()
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert list(artifact.trusted_keys(files[1]).keys) == [artifact.key_id(first.public_key())]
    assert sorted(path.name for path in files[0].parent.iterdir()) == ["public.pem", "signing.pem"]


def test_a_lost_signing_key_is_not_silently_replaced(tmp_path: Path) -> None:
    files = tmp_path / "signing.pem", tmp_path / "public.pem"
    artifact.signing_key(*files)
    files[0].unlink()

    with pytest.raises(SignatureError, match="is missing but its public key"):
        artifact.signing_key(*files)


def test_keys_that_are_no_pair_are_refused(tmp_path: Path) -> None:
    artifact.signing_key(tmp_path / "a.pem", tmp_path / "a.pub")
    artifact.signing_key(tmp_path / "b.pem", tmp_path / "b.pub")

    with pytest.raises(SignatureError, match="is not the public key of"):
        artifact.signing_key(tmp_path / "a.pem", tmp_path / "b.pub")
    (tmp_path / "a.pem").write_text("no key")
    with pytest.raises(SignatureError, match="holds no private key in PEM"):
        artifact.signing_key(tmp_path / "a.pem", tmp_path / "a.pub")


def test_a_signature_of_another_algorithm_is_refused() -> None:
    files = version()
    content = json.loads(files["signature.json"]) | {"algorithm": "none"}

    with pytest.raises(SignatureError, match="Algorithm is 'none'"):
        load(files | {"signature.json": json.dumps(content).encode()})
