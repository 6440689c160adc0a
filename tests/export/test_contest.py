"""The gate's arithmetic, on pipelines that answer what they are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from export.artifact import Feature, Manifest
from export.contest import Contestant, compare, losses, obstacle
from export.moments import Moments
from tests.export.test_artifact import manifest

FEATURE = (Feature("x", "FLOAT64", "numeric", None, 0, 1, False),)
CLASSES = ("High", "Low")
ROWS = [{"x": float(number)} for number in range(400)]


class Constant:
    """Answers `x` plus an error; or the same probability of the first class for every row."""

    classes_ = np.array(CLASSES)

    def __init__(self, value: float, spread: float = 0.0) -> None:
        self.value, self.spread = value, spread

    def predict(self, table: Any) -> Any:
        noise = np.random.default_rng(1).normal(0, self.spread, len(table))
        return table["x"].to_numpy() + self.value + noise

    def predict_proba(self, table: Any) -> Any:
        return np.tile([self.value, 1 - self.value], (len(table), 1))


def regression(pipeline: Any, version: str = "0" * 16) -> Contestant:
    return Contestant(replace(manifest(b""), features=FEATURE, version=version), pipeline)


def classifier(probability: float) -> Contestant:
    made = replace(manifest(b""), features=FEATURE, task="classification", classes=CLASSES)
    return Contestant(made, Constant(probability))


def judged(challenger: Contestant, champion: Contestant, labels: list[Any]) -> Any:
    halves = [(ROWS[:150], labels[:150]), (ROWS[150:], labels[150:])]
    return compare(challenger, champion, halves)


TRUTH: list[Any] = [row["x"] for row in ROWS]


def test_a_version_that_is_clearly_further_off_is_worse() -> None:
    found = judged(regression(Constant(2.0)), regression(Constant(1.0, 0.3), "1" * 16), TRUTH)

    assert (found.outcome, found.champion, found.rows) == ("worse", "1" * 16, 400)
    assert found.allows is False
    assert found.difference == pytest.approx(4 - 1.09, abs=0.1)
    assert found.interval[0] > 0
    assert "On 400 test rows" in found.reason and "all of it above 0" in found.reason


def test_a_difference_within_the_noise_is_not_worse() -> None:
    found = judged(regression(Constant(0.01, 1.0)), regression(Constant(0.0, 1.0)), TRUTH)

    assert found.outcome == "not_worse"
    assert found.interval[0] <= 0
    assert found.allows


def test_a_version_that_answers_the_same_is_not_worse() -> None:
    found = judged(regression(Constant(1.0)), regression(Constant(1.0)), TRUTH)

    assert (found.outcome, found.difference, found.interval) == ("not_worse", 0.0, [0.0, 0.0])


def test_the_interval_is_the_paired_one() -> None:
    values = np.random.default_rng(3).normal(5, 2, 1000)
    sums = Moments()
    for part in np.array_split(values, 7):
        sums.add(part)

    reach = 1.96 * values.std(ddof=1) / np.sqrt(1000)
    assert sums.mean == pytest.approx(values.mean(), rel=1e-12)
    assert sums.interval() == pytest.approx([values.mean() - reach, values.mean() + reach])


def test_log_loss_is_of_the_true_class_and_clipped() -> None:
    sure = losses(classifier(1.0), ROWS[:3], ["High", "Low", "Unknown"])
    half = losses(classifier(0.25), ROWS[:1], ["High"])

    assert sure == pytest.approx([0.0, -np.log(1e-15), -np.log(1e-15)])
    assert half == pytest.approx([np.log(4)])


def test_rows_without_a_label_are_left_out() -> None:
    labels = [None, float("nan"), *TRUTH[2:]]

    assert judged(regression(Constant(1.0)), regression(Constant(1.0)), labels).rows == 398


@pytest.mark.parametrize("known", [0, 1])
def test_too_few_rows_are_told(known: int) -> None:
    labels = TRUTH[:known] + [None] * (400 - known)

    found = judged(regression(Constant(1.0)), regression(Constant(1.0)), labels)

    assert found.outcome == "incomparable"
    assert f"has {known} rows with a label" in found.reason


def test_a_champion_that_cannot_answer_is_told() -> None:
    broken = regression(object(), "2" * 16)

    found = judged(regression(Constant(1.0)), broken, TRUTH)

    assert (found.outcome, found.champion) == ("incomparable", "2" * 16)
    assert "cannot answer these rows: AttributeError" in found.reason


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e200])
def test_answers_that_are_not_finite_are_told(value: float) -> None:
    found = judged(regression(Constant(1.0)), regression(Constant(value)), TRUTH)

    assert found.outcome == "incomparable"
    assert "not finite" in found.reason


def test_another_label_task_or_class_cannot_be_compared() -> None:
    base: Manifest = classifier(0.5).manifest

    assert obstacle(base, base) is None
    assert "predicts 'other'" in str(obstacle(base, replace(base, label="other")))
    changed = replace(base, classes=("High", "Low", "Mid"))
    assert "knows the classes ['High', 'Low', 'Mid']" in str(obstacle(base, changed))
