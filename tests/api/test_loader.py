"""What is not as it was signed is refused, and never opened by the serving process."""

import json
import pickle
import re
import resource

import numpy.testing._private.utils as numpy_utils
import pytest

from api.artifacts.loader import open_versions, verify_version
from api.artifacts.opener import Child, Opener
from api.artifacts.served import Served
from api.errors import LoadError
from cloud.settings import Settings
from export.artifact import SERVED, ArtifactError, GoldenRow, Pointer, libraries, signing_key
from tests.api.publishing import (
    TYPICAL,
    edited,
    pointer_to,
    resigned,
    served,
    version_files,
)

V1 = "1" * 16


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, call):
        self.call = call

    def __reduce__(self):
        return self.call


@pytest.fixture
def effect(tmp_path):
    return tmp_path / "effect"


@pytest.fixture
def bomb(effect):
    return pickle.dumps(Bomb((exec, (f"open({str(effect)!r}, 'w')",))))


@pytest.fixture
def trusted(signed_by):
    return Settings(public_key_file=signed_by[1])


def opened(version, seconds=60.0):
    """Open a version in a child of its own."""
    opener = Opener(seconds)
    try:
        (outcome,) = open_versions([version], opener)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome
    finally:
        opener.end()


def refused(files, pointer, trusted, *, seconds=60.0):
    """Return why a version is refused, and the work that child processes did on it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises((ArtifactError, LoadError)) as caught:
        version = verify_version(files, pointer, trusted)
        opened(version, seconds)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return str(caught.value), after.ru_utime - before.ru_utime


def other_key(tmp_path):
    return signing_key(tmp_path / "other.pem", tmp_path / "other.pub")


def by_a_stranger(files, tmp_path):
    return resigned(files, "price", V1, other_key(tmp_path))


def with_a_strangers_signature_under_our_key(files, tmp_path):
    strange = json.loads(by_a_stranger(files, tmp_path)["signature.json"])
    return edited(files, "signature.json", signature=strange["signature"])


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        (lambda f, _: f | {"model.pkl": f["model.pkl"] + b"."}, "model.pkl' has .* bytes and sha"),
        (lambda f, _: edited(f, "manifest.json", label="x"), "signature .* does not fit"),
        (with_a_strangers_signature_under_our_key, "signature .* does not fit"),
        (by_a_stranger, "was signed by key"),
        (lambda f, _: f | {"signature.json": b"{}"}, "signature.json has"),
        (lambda f, _: {n: d for n, d in f.items() if n != "signature.json"}, "lacks signature"),
        (lambda f, _: {n: d for n, d in f.items() if n != "model.pkl"}, "model.pkl' is missing"),
    ],
    ids=[
        "pickle",
        "manifest",
        "signature",
        "key",
        "no signature in it",
        "no signature file",
        "no pickle",
    ],
)
def test_a_tampered_version_is_never_opened(tamper, reason, key, trusted, tmp_path, bomb, effect):
    files = tamper(version_files("price", V1, key, pickled=bomb), tmp_path)

    why, work = refused(files, pointer_to("price", V1, files), trusted)

    assert re.search(reason, why), why
    assert work == 0
    assert not effect.exists()


def test_the_service_reads_what_it_serves_from_and_no_card_or_picture(key, trusted):
    files = version_files("price", V1, key)
    served = {name: files[name] for name in SERVED}

    version = verify_version(served, pointer_to("price", V1, files), trusted)

    assert {*version.manifest.files, *served} == files.keys()
    assert isinstance(opened(version), Served)


def test_a_manifest_that_its_pointer_does_not_name_is_refused(key, trusted):
    files = version_files("price", V1, key)

    why, work = refused(files, Pointer("price", V1, "0" * 64, "2026-01-01T00:00:00Z"), trusted)

    assert f"The manifest of 'price' {V1} is not the one its pointer names" in why
    assert work == 0


def test_a_genuine_version_of_another_model_is_refused(key, trusted):
    files = version_files("class_two", V1, key)

    why, _ = refused(files, pointer_to("price", V1, files), trusted)

    assert "belongs to another model or version" in why


def test_another_minor_of_scikit_learn_is_refused(key, trusted):
    files = version_files("price", V1, key, libraries=libraries() | {"scikit-learn": "1.4.2"})

    why, work = refused(files, pointer_to("price", V1, files), trusted)

    assert "was pickled with scikit-learn 1.4.2" in why
    assert work == 0


def test_a_missing_public_key_is_told(key, trusted, tmp_path):
    files = version_files("price", V1, key)
    nowhere = Settings(public_key_file=tmp_path / "none.pem")

    why, _ = refused(files, pointer_to("price", V1, files), nowhere)

    assert "The public key" in why and "is missing" in why


@pytest.mark.parametrize(
    "call",
    [
        pytest.param((numpy_utils.runstring, ("open({0!r}, 'w')", {})), id="numpy's functions"),
        pytest.param((exec, ("open({0!r}, 'w')",)), id="exec", marks=pytest.mark.soak),
    ],
)
def test_a_signed_pickle_bomb_does_not_go_off(call, key, trusted, effect):
    function, (code, *rest) = call
    bomb = Bomb((function, (code.format(str(effect)), *rest)))
    files = version_files("price", V1, key, pickled=pickle.dumps(bomb))

    why, _ = refused(files, pointer_to("price", V1, files), trusted)

    assert function.__name__ in why
    assert not effect.exists()


def test_a_pipeline_that_does_not_repeat_its_golden_rows_is_refused(key, trusted):
    golden = (GoldenRow(TYPICAL, {"value": 1.0}, "typical"),)
    files = version_files("price", V1, key, golden_rows=golden)

    why, _ = refused(files, pointer_to("price", V1, files), trusted)

    assert "answers the golden row" in why and "instead of 1.0" in why


def test_opening_takes_its_time_and_no_more(key, trusted):
    files = version_files("price", V1, key)

    why, _ = refused(files, pointer_to("price", V1, files), trusted, seconds=0.01)

    assert why == "Opening the pickle took more than 0.01 s."


def test_a_child_that_does_not_answer_in_time_is_told_so(key):
    opener = Opener(-64.9)  # its start has 60 s more, and opening 5
    files = version_files("price", V1, key)

    with pytest.raises(LoadError, match=r"took more than 0\.1 s"):
        next(opener.open([(files["manifest.json"].decode(), "")]))


def several(key, trusted):
    """Return three versions that are as they were signed, the second of which cannot be opened."""
    made = [
        version_files("price", V1, key),
        version_files("class_two", V1, key, pickled=b"no pickle"),
        version_files("trees", V1, key),
    ]
    names = ("price", "class_two", "trees")
    pairs = zip(names, made, strict=True)
    return [verify_version(files, pointer_to(name, V1, files), trusted) for name, files in pairs]


@pytest.mark.parametrize("alive", [True, False], ids=["one child", "a child that is gone"])
def test_of_several_that_are_opened_at_once_only_the_bad_one_fails(key, trusted, alive):
    opener = Opener(60.0)
    if not alive:
        opener._child = Child()
        opener._child._process.kill()
        opener._child._process.wait()

    try:
        first, second, third = open_versions(several(key, trusted), opener)
    finally:
        opener.end()

    assert isinstance(second, LoadError)
    for outcome, name in ((first, "price"), (third, "trees")):
        assert outcome.manifest.model == name
        assert outcome.scorer.one([None] * 4) == pytest.approx(
            served(name).scorer.one([None] * 4), rel=1e-6
        )
