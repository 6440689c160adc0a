"""Whatever is sent, the answer is a prediction or says what is wrong; never a failure."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.inference.cells import LONGEST_TEXT
from tests.api.publishing import FEATURES, TYPICAL

SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
NAMES = [feature.name for feature in FEATURES]
numbers = (
    st.integers()
    | st.sampled_from([0, -1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**400])
    | st.floats()
)
scalars = st.none() | st.booleans() | numbers | st.text(st.characters())
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
good_rows = st.fixed_dictionaries(
    {
        "model": st.none() | st.sampled_from(["X5", "série 3"]) | st.text(max_size=LONGEST_TEXT),
        "fuel_type": st.none() | st.text(max_size=LONGEST_TEXT),
        "year": st.none() | st.integers(-(2**63), 2**63 - 1),
        "mileage_km": st.none() | st.floats(-1e200, 1e200) | st.integers(-(10**30), 10**30),
    }
)
near_rows = st.builds(
    lambda row, changes, lost: {k: v for k, v in (row | changes).items() if k not in lost},
    good_rows,
    st.dictionaries(st.sampled_from(NAMES) | st.text(), anything, max_size=2),
    st.sets(st.sampled_from(NAMES), max_size=1),
)
bodies = st.fixed_dictionaries({"rows": st.lists(near_rows | anything, max_size=4) | anything})
torn = st.builds(
    lambda text, cut, junk: text[: cut % (len(text) + 1)] + junk + text[cut % (len(text) + 1) :],
    st.just(json.dumps({"rows": [TYPICAL]}).encode()),
    st.integers(0, 200),
    st.binary(max_size=6) | st.sampled_from([b"NaN", b"1e999", b"\\ud800", b"\xed\xa0\x80", b"\0"]),
)


def answered(api, model, body):
    response = api.post(f"/models/{model}/predict", content=body)
    content = json.loads(response.content.decode("utf-8"), parse_constant=pytest.fail)
    assert response.status_code in (200, 422), response.text
    if response.status_code == 422:
        assert content["detail"] and content["problems"]
        assert len(response.content) < 20_000
    return response.status_code, content


def holds_for_any_json(api, body):
    for model in ("price", "class_many"):
        answered(api, model, json.dumps(body).encode())


def holds_for_good_rows(api, rows):
    status, content = answered(api, "class_two", json.dumps({"rows": rows}).encode())
    assert status == 200, content
    for prediction in content["predictions"]:
        assert math.isclose(sum(prediction["probabilities"].values()), 1)


@SETTINGS
@given(body=bodies | anything)
def test_any_json_is_answered(api, body):
    holds_for_any_json(api, body)


@SETTINGS
@given(rows=st.lists(good_rows, min_size=1, max_size=5))
def test_good_rows_are_always_predicted(api, rows):
    holds_for_good_rows(api, rows)


@SETTINGS
@given(body=torn | st.binary(max_size=64))
def test_any_bytes_are_answered(api, body):
    answered(api, "price", body)


@pytest.mark.soak
@settings(SETTINGS, max_examples=10_000)
@given(body=bodies | anything)
def test_any_json_is_answered_for_long(api, body):
    holds_for_any_json(api, body)


@pytest.mark.soak
@settings(SETTINGS, max_examples=10_000)
@given(rows=st.lists(good_rows, min_size=1, max_size=5))
def test_good_rows_are_always_predicted_for_long(api, rows):
    holds_for_good_rows(api, rows)


@pytest.mark.soak
@settings(SETTINGS, max_examples=10_000)
@given(body=torn | st.binary(max_size=256))
def test_any_bytes_are_answered_for_long(api, body):
    answered(api, "price", body)
