"""What a large request freed is there for the next one."""

import ctypes
import subprocess
import sys

import pytest

from tests.conftest import ROOT

SCRIPT = """
import resource
from threading import Thread
from api.memory import keep_freed

def work():
    columns = [bytearray(b"x") * 80_000 for _ in range(200)]

def passed():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        thread = Thread(target=work)
        thread.start()
        thread.join()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

{first}
passed()
print(passed())
"""


def faults(first):
    command = [sys.executable, "-c", SCRIPT.format(first=first)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="not glibc's malloc")
def test_memory_that_was_freed_comes_without_a_page_fault():
    pages = 10 * 200 * 80_000 // 4096

    assert faults("") > pages // 2
    assert faults("keep_freed()") < pages // 100
