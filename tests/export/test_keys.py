"""Keys: several are trusted, one signs; rotation and retirement leave no moment without."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from export import artifact, keys
from export.errors import KeyFileError
from tests.export.test_artifact import KEY


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    pair = tmp_path / "signing.pem", tmp_path / "public.pem"
    artifact.signing_key(*pair)
    return pair


def own_id(files: tuple[Path, Path]) -> str:
    return artifact.key_id(artifact.signing_key(*files).public_key())


def test_rotation_signs_with_the_new_key_and_trusts_both(files: tuple[Path, Path]) -> None:
    first = own_id(files)

    old, new = keys.rotate(*files)

    assert (old, own_id(files)) == (first, new)
    assert list(artifact.trusted_keys(files[1]).keys) == [new, old]
    first_block = load_pem_public_key(files[1].read_bytes())
    assert isinstance(first_block, Ed25519PublicKey)
    assert artifact.key_id(first_block) == new
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(files[1].stat().st_mode) == 0o644


def test_a_retired_key_is_remembered_and_not_trusted(files: tuple[Path, Path]) -> None:
    old, new = keys.rotate(*files)

    keys.retire(files[1], old)

    trusted = artifact.trusted_keys(files[1])
    assert list(trusted.keys) == [new]
    assert list(trusted.retired) == [old]
    third = keys.rotate(*files)[1]
    keys.retire(files[1], new)
    assert list(artifact.trusted_keys(files[1]).keys) == [third]
    assert list(artifact.trusted_keys(files[1]).retired) == [old, new]


def test_the_last_key_and_a_strange_one_are_not_retired(files: tuple[Path, Path]) -> None:
    with pytest.raises(KeyFileError, match=r"the only key .* Run `python -m export rotate-key`"):
        keys.retire(files[1], own_id(files))
    with pytest.raises(KeyFileError, match=f"does not trust a key 'x'; it trusts {own_id(files)}"):
        keys.retire(files[1], "x")


@pytest.mark.parametrize(
    "cut", [lambda text: text[:-20], lambda text: text[:60] + text[80:], lambda text: b"no key"]
)
def test_a_key_file_that_is_not_whole_trusts_nothing(files: tuple[Path, Path], cut: object) -> None:
    keys.rotate(*files)
    files[1].write_bytes(cut(files[1].read_bytes()))  # type: ignore[operator]

    with pytest.raises(KeyFileError, match="holds no public key in PEM"):
        artifact.trusted_keys(files[1])


def test_a_private_key_among_the_public_ones_is_refused(files: tuple[Path, Path]) -> None:
    files[1].write_bytes(files[1].read_bytes() + files[0].read_bytes())

    with pytest.raises(KeyFileError, match="1 of 2 blocks are public keys"):
        artifact.trusted_keys(files[1])


@pytest.mark.parametrize("step", [1, 2])
def test_a_rotation_killed_in_between_leaves_keys_that_work(
    files: tuple[Path, Path], step: int
) -> None:
    before = own_id(files)
    script = (
        "import os, signal, sys; from pathlib import Path; from export import keys\n"
        "calls, replace = [], keys._replace\n"
        "def dying(*a):\n"
        f"    if len(calls) == {step - 1}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    calls.append(a); replace(*a)\n"
        "keys._replace = dying; keys.rotate(*map(Path, sys.argv[1:]))"
    )

    killed = subprocess.run([sys.executable, "-c", script, *files], check=False)

    assert killed.returncode == -signal.SIGKILL
    assert own_id(files) == before
    assert len(artifact.trusted_keys(files[1]).keys) == step
    assert keys.rotate(*files)[0] == before


def test_rotations_at_once_lose_no_key(files: tuple[Path, Path]) -> None:
    threads = [Thread(target=keys.rotate, args=files) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    trusted = artifact.trusted_keys(files[1]).keys
    assert len(trusted) == 9
    assert own_id(files) == next(iter(trusted))
    leftovers = {name for name in os.listdir(files[0].parent) if not name.endswith(".lock")}
    assert leftovers == {"signing.pem", "public.pem"}


def test_what_either_key_signed_verifies(files: tuple[Path, Path]) -> None:
    old = artifact.signing_key(*files)
    keys.rotate(*files)
    new, trusted = artifact.signing_key(*files), artifact.trusted_keys(files[1])

    for key in (old, new):
        signature = artifact.sign(b"{}", model="m", version="v", key=key)
        artifact.verify_signature(signature, b"{}", model="m", version="v", keys=trusted)
    strange = artifact.sign(b"{}", model="m", version="v", key=KEY)
    with pytest.raises(artifact.ArtifactError, match="not trusted; trusted: ") as caught:
        artifact.verify_signature(strange, b"{}", model="m", version="v", keys=trusted)
    assert all(name in str(caught.value) for name in trusted.keys)
