import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from pipeline import lease as lease_module
from pipeline.errors import LeaseHeldError, LeaseLostError
from pipeline.lease import OBJECT, Held, acquire, lease_seconds, leased, read

ELSEWHERE = "another-boot pid:[1] 1 1"


def written(bucket, run="other", seconds=60.0, place=ELSEWHERE, released=False):
    """Write the lease as another run would, whatever is there."""
    expires = datetime.now(UTC) + timedelta(seconds=seconds)
    bucket.blob(OBJECT).upload_from_string(Held(run, expires, place, released).to_json())


def test_one_of_many_gets_it(bucket):
    start = threading.Barrier(16)

    def ask(number):
        start.wait()
        try:
            return acquire(bucket, f"run-{number}", 60)
        except LeaseHeldError:
            return None

    with ThreadPoolExecutor(16) as pool:
        held = [lease for lease in pool.map(ask, range(16)) if lease is not None]

    assert len(held) == 1
    held[0].release()


def test_a_lease_that_is_held_names_who_holds_it(bucket):
    written(bucket, run="20261126T000000Z-aaaaaaaa")

    with (
        pytest.raises(LeaseHeldError, match=r"20261126T000000Z-aaaaaaaa is at work.+ UTC") as told,
        leased(bucket, "mine", 60),
    ):
        pass

    assert told.value.run == "20261126T000000Z-aaaaaaaa"


def test_it_is_free_once_given_back(bucket):
    with leased(bucket, "first", 60) as first:
        assert first.died is None
        first.check()

    with leased(bucket, "second", 60) as second:
        assert second.died is None
        assert read(bucket)[0].run == "second"


def test_an_expired_one_is_taken_over_from_the_run_that_died(bucket):
    written(bucket, run="dead", seconds=-1)

    with leased(bucket, "mine", 60) as lease:
        assert lease.died == "dead"


def test_it_is_renewed_while_it_is_held(bucket):
    with leased(bucket, "mine", 1.0) as lease:
        time.sleep(2.5)
        lease.check()
        with pytest.raises(LeaseHeldError):
            acquire(bucket, "other", 60)


def test_a_holder_that_was_replaced_is_told_and_leaves_the_other_alone(bucket):
    with leased(bucket, "mine", 1.0) as lease:
        written(bucket, run="usurper")
        time.sleep(0.5)
        with pytest.raises(LeaseLostError, match="another run took it"):
            lease.check()

    held, _ = read(bucket)
    assert (held.run, held.released) == ("usurper", False)


def test_a_holder_that_cannot_renew_stops_in_time(bucket, monkeypatch):
    lease = acquire(bucket, "mine", 1.0)

    def away(*_):
        raise ConnectionError("away")

    monkeypatch.setattr(lease_module, "_swap", away)
    time.sleep(1.2)

    with pytest.raises(LeaseLostError, match="could not be renewed"):
        lease.check()
    lease.release()


def test_a_renewal_that_arrived_and_was_sent_again_is_its_own(bucket):
    lease = acquire(bucket, "mine", 60)
    lease._write(datetime.now(UTC) + timedelta(seconds=60))
    lease._generation -= 1  # as if its answer had been lost

    assert lease._is_ours()
    lease.release()
    assert read(bucket)[0].released


def test_a_holder_on_this_machine_that_was_killed_is_not_waited_for(bucket):
    code = "import time; from pipeline.place import here; print(here(), flush=True)"
    code += "; time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    written(bucket, run="dead", place=process.stdout.readline().strip())
    with pytest.raises(LeaseHeldError):
        acquire(bucket, "mine", 60)
    process.kill()
    process.communicate()

    with leased(bucket, "mine", 60) as lease:
        assert lease.died == "dead"


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"run": "x", "expires_at": "soon"}'])
def test_what_is_no_lease_is_written_over(bucket, content):
    bucket.blob(OBJECT).upload_from_string(content)

    with leased(bucket, "mine", 60):
        assert json.loads(bucket.blob(OBJECT).download_as_bytes())["run"] == "mine"


@pytest.mark.parametrize("text", ["0", "soon", "-1", "nan", "1e9"])
def test_refuses_a_time_that_is_none(monkeypatch, text):
    monkeypatch.setitem(os.environ, "LEASE_SECONDS", text)

    with pytest.raises(ValueError, match="LEASE_SECONDS is"):
        lease_seconds()
