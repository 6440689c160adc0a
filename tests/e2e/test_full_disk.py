"""A disk that runs full: before the run, and in its middle."""

import shutil
import subprocess

import pytest

from tests.e2e.desk import SAMPLE, Desk

ON_A_SMALL_DISK = """
mount -t tmpfs -o size={size} tmpfs {folder}
cd {folder}
run() {{ {command} > ../output.$1 2>&1; echo $? > ../code.$1; }}
{script}
"""
RUNS_FULL = """
run full &
until grep -q Report ../output.full; do sleep 0.1; done
cat /dev/zero > filler
wait
rm filler
run again
"""


@pytest.fixture
def small_disk(tmp_path):
    """Give a function that runs the pipeline on a tmpfs and returns codes and outputs."""
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*namespace, "true"]).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    desk = Desk(folder)

    def run(size, script):
        text = ON_A_SMALL_DISK.format(
            size=size, folder=folder, command=" ".join(desk.command(SAMPLE)), script=script
        )
        subprocess.run([*namespace, "sh", "-c", text], env=desk.environment, timeout=400)
        return {
            path.suffix[1:]: (int(path.read_text()), path.with_stem("output").read_text())
            for path in tmp_path.glob("code.*")
        }

    return run


def test_a_disk_without_room_is_told_at_once(small_disk):
    code, output = small_disk("8m", "run small")["small"]

    assert code == 1
    assert "MB free" in output and "needs about" in output
    assert "Traceback" not in output


@pytest.mark.soak
def test_a_disk_that_runs_full_fails_the_run_and_the_next_one_finishes(small_disk):
    runs = small_disk("120m", RUNS_FULL)

    code, output = runs["full"]
    assert code == 1, output
    assert "No space left on device" in output
    assert "Traceback" not in output
    code, output = runs["again"]
    assert code == 0, output
