"""Fetching the old libraries, from a registry of this machine that holds one small wheel."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from emulator.ml.trees import BOOSTED_TREE, ExactLibraryError, Rows, exact, train

WHEEL = "xgboost-0.90-py2.py3-none-manylinux1_x86_64.whl"
CONTENT = b"\x7fELF, but not one that loads"


class Registry(SimpleHTTPRequestHandler):
    """Lists folders as an index does; `stall` stops in the middle of a wheel."""

    stall = threading.Event()
    stalled = threading.Event()

    def copyfile(self, source, outputfile):
        whole = source.read()
        outputfile.write(whole[: len(whole) // 2])
        outputfile.flush()
        while self.path.endswith(".whl") and self.stall.is_set():
            self.stalled.set()
            threading.Event().wait(0.05)
        outputfile.write(whole[len(whole) // 2 :])

    def log_message(self, *_):
        """Keep the tests' output clean."""


@pytest.fixture
def wheel(tmp_path):
    """The wheel of a small library, in a registry's folder."""
    path = tmp_path / "registry" / "xgboost" / WHEEL
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xgboost/lib/libxgboost.so", CONTENT)
        archive.writestr(
            "xgboost-0.90.dist-info/METADATA", "Metadata-Version: 2.1\nName: xgboost\nVersion: 0.90"
        )
        archive.writestr("xgboost-0.90.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    return path


@pytest.fixture
def registry(wheel, monkeypatch, tmp_path):
    """Serve it, and let pip know nothing else; the folder for libraries is empty."""
    Registry.stall.clear()
    Registry.stalled.clear()
    handler = partial(Registry, directory=str(wheel.parents[1]))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv(exact.FOLDER_VARIABLE, str(tmp_path / "libraries"))
    yield server
    Registry.stall.clear()
    server.shutdown()
    server.server_close()


@pytest.fixture
def released(wheel, monkeypatch):
    """Pin the small wheel and its library as release 0.90."""
    release = exact.Release(
        "0.90",
        "manylinux1_x86_64",
        hashlib.sha256(wheel.read_bytes()).hexdigest(),
        hashlib.sha256(CONTENT).hexdigest(),
    )
    monkeypatch.setitem(exact.RELEASES, "0.90", release)
    return release


def files():
    return sorted(path.name for path in exact.folder().rglob("*") if path.is_file())


def test_installs_the_library_and_nothing_else(registry, released):
    assert exact.installed("0.90") is None

    path = exact.install("0.90")

    assert path.read_bytes() == CONTENT
    assert exact.installed("0.90") == path
    assert files() == ["libxgboost.so", "lock"]


def test_does_not_fetch_what_is_there(registry, released, wheel):
    path = exact.install("0.90")
    wheel.unlink()

    assert exact.install("0.90") == path


def test_two_installs_at_once_fetch_one_library(registry, released):
    with ThreadPoolExecutor(2) as pool:
        paths = list(pool.map(exact.install, ["0.90", "0.90"]))

    assert paths[0] == paths[1]
    assert files() == ["libxgboost.so", "lock"]


def test_says_that_the_registry_lacks_the_wheel(registry, released, wheel):
    wheel.unlink()

    with pytest.raises(ExactLibraryError, match=r"could not fetch .* 0.90 .*current XGBoost"):
        exact.install("0.90")
    assert files() == ["lock"]


def test_refuses_a_wheel_of_another_content(registry):
    with pytest.raises(ExactLibraryError, match=r"THESE PACKAGES DO NOT MATCH|could not fetch"):
        exact.install("0.90")
    assert files() == ["lock"]


def test_refuses_a_library_of_another_content(registry, released, monkeypatch):
    monkeypatch.setitem(exact.RELEASES, "0.90", replace(released, library="0" * 64))

    with pytest.raises(ExactLibraryError, match=r"has the sha256 .* not '0000"):
        exact.install("0.90")
    assert files() == ["lock"]


def test_a_killed_download_leaves_nothing_half_written(registry, wheel, monkeypatch):
    Registry.stall.set()
    command = [sys.executable, "-m", "emulator.ml.trees", "0.90"]
    running = subprocess.Popen(command, start_new_session=True)
    assert Registry.stalled.wait(20)

    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    Registry.stall.clear()

    assert exact.installed("0.90") is None
    release = exact.Release(
        "0.90",
        "manylinux1_x86_64",
        hashlib.sha256(wheel.read_bytes()).hexdigest(),
        hashlib.sha256(CONTENT).hexdigest(),
    )
    monkeypatch.setitem(exact.RELEASES, "0.90", release)
    exact.install("0.90")
    assert files() == ["libxgboost.so", "lock"]


def test_a_damaged_library_is_named_and_fetched_again(registry, released):
    path = exact.install("0.90")
    path.write_bytes(CONTENT[:-1])

    with pytest.raises(ExactLibraryError, match=r"is damaged.*make exact-trees"):
        train(Rows(np.ones((2, 1), np.float32), np.ones(2, np.float32)), BOOSTED_TREE)
    assert exact.install("0.90").read_bytes() == CONTENT


def test_a_library_that_does_not_load_is_named(registry, released):
    exact.install("0.90")

    with pytest.raises(ExactLibraryError, match=r"cannot be loaded.*libgomp1"):
        train(Rows(np.ones((2, 1), np.float32), np.ones(2, np.float32)), BOOSTED_TREE)


def test_other_platforms_have_no_library(monkeypatch, tmp_path):
    monkeypatch.setenv(exact.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr("platform.machine", lambda: "arm64")

    with pytest.raises(ExactLibraryError, match=r"'Linux arm64', only for Linux x86_64"):
        exact.install("0.90")
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_where_the_library_is(registry, released, capsys):
    assert exact.main(["0.90"]) == 0

    assert capsys.readouterr().out == f"XGBoost 0.90: {exact.folder() / '0.90/libxgboost.so'}\n"


def test_the_command_fails_with_a_message(registry, capsys):
    assert exact.main(["1.1.1"]) == 1

    assert "pip could not fetch the wheel of XGBoost 1.1.1" in capsys.readouterr().err


def test_the_folder_follows_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.delenv(exact.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert exact.folder() == tmp_path / "bqml-vendas" / "xgboost"
