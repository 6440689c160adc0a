"""A sealed process can neither reach out nor change anything."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ATTEMPTS = """
import ctypes, json, os, socket, subprocess, sys
from api.artifacts.seal import seal
folder, port, parent = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
libc = ctypes.CDLL(None, use_errno=True)
path = lambda name: os.path.join(folder, name)
seal(30)
attempts = {
    "python socket": lambda: socket.create_connection(("127.0.0.1", port)),
    "native socket": lambda: libc.socket(2, 1, 0),
    "python write": lambda: open(path("a"), "w"),
    "native write": lambda: libc.open(path("b").encode(), 0o101, 0o600),
    "native creat": lambda: libc.creat(path("c").encode(), 0o600),
    "truncate": lambda: libc.truncate(path("kept").encode(), 0),
    "python remove": lambda: os.remove(path("kept")),
    "native unlink": lambda: libc.unlink(path("kept").encode()),
    "native rename": lambda: libc.rename(path("kept").encode(), path("d").encode()),
    "native mkdir": lambda: libc.mkdir(path("e").encode(), 0o700),
    "python system": lambda: os.system("true"),
    "python process": lambda: subprocess.run(["true"]),
    "native system": lambda: libc.system(b"touch " + path("f").encode()),
    "native fork": lambda: libc.fork(),
    "native execv": lambda: libc.execv(b"/bin/true", (ctypes.c_char_p * 2)(b"true", None)),
    "python kill": lambda: os.kill(parent, 0),
    "native kill": lambda: libc.kill(parent, 0),
    "native ptrace": lambda: libc.ptrace(16, parent, 0, 0),
    "another filter off": lambda: libc.prctl(22, 0, 0, 0, 0),
    "read": lambda: open(path("kept")).read(),
}
results = {}
for name, attempt in attempts.items():
    try:
        results[name] = attempt()
    except Exception as error:
        results[name] = type(error).__name__
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sealed")
    (folder / "kept").write_text("kept")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        command = [sys.executable, "-c", ATTEMPTS, str(folder), str(server.getsockname()[1])]
        parent = subprocess.Popen(["sleep", "60"])
        try:
            done = subprocess.run(
                [*command, str(parent.pid)], cwd=ROOT, capture_output=True, text=True, check=False
            )
        finally:
            parent.kill()
            parent.wait()
        assert done.returncode == 0, done.stderr
        with pytest.raises(TimeoutError):
            server.accept()
    return json.loads(done.stdout), folder


def test_every_attempt_fails(outcome):
    results, _ = outcome
    refused = {"PermissionError", "OSError", -1}

    reads = results.pop("read")
    shell = results.pop("native system")

    assert {name for name, result in results.items() if result not in refused} == set()
    assert shell != 0
    assert reads == "kept"


def test_nothing_on_disk_changed(outcome):
    _, folder = outcome

    assert [path.name for path in folder.iterdir()] == ["kept"]
    assert (folder / "kept").read_text() == "kept"


def test_endless_work_is_ended_by_the_kernel():
    code = "from api.artifacts.seal import seal\nseal(1)\nwhile True: pass"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=30, check=False)

    assert done.returncode < 0


def test_endless_memory_is_refused():
    code = "from api.artifacts.seal import seal\nseal(20)\nb'x' * (9 * 1024**3)"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, timeout=30, capture_output=True, check=False
    )

    assert b"MemoryError" in done.stderr
