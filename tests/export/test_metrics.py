from __future__ import annotations

import math

import numpy as np
import pytest

from export.metrics import evaluate
from export.parity import Answers


def regression(*predicted: float) -> Answers:
    keys = tuple(str(index) for index in range(len(predicted)))
    return Answers(keys, ("y",), np.array(predicted, dtype="float64").reshape(-1, 1), None)


def test_the_median_error_is_the_lower_median() -> None:
    found = evaluate([1.0, 2.0, 3.0, 4.0], regression(1.0, 4.0, 4.0, 8.0))

    assert found["median_absolute_error"] == 1.0
    assert found["mean_absolute_error"] == 7 / 4
    assert found["r2_score"] == pytest.approx(1 - 21 / 5)


def test_rows_without_a_label_are_left_out() -> None:
    found = evaluate([1.0, None, 3.0], regression(1.0, 99.0, 3.0))

    assert found["mean_squared_error"] == 0.0


def test_a_metric_that_is_not_finite_is_null() -> None:
    found = evaluate([5.0, 5.0], regression(5.0, 4.0))

    assert found["r2_score"] is None
    assert evaluate([None], regression(1.0)) == {}


def test_log_loss_of_three_classes_is_the_mean_of_the_classes_means() -> None:
    values = np.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.2, 0.6, 0.2]])
    answers = Answers(("0", "1", "2"), ("a", "b", "c"), values, ("a", "a", "b"), ("a", "b", "c"))

    found = evaluate(["a", "a", "b"], answers)

    assert found["log_loss"] == pytest.approx((math.log(2) - math.log(0.6)) / 2)
    assert found["accuracy"] == 1.0


def test_binary_metrics_are_of_the_higher_class() -> None:
    values = np.array([[0.4, 0.6], [0.6, 0.4], [0.3, 0.7], [0.2, 0.8]])
    answers = Answers(
        ("0", "1", "2", "3"),
        ("High", "Low"),
        values,
        ("Low", "High", "Low", "Low"),
        ("High", "Low"),
    )

    found = evaluate(["Low", "Low", "High", "Low"], answers)

    assert found["precision"] == pytest.approx(2 / 3)
    assert found["recall"] == pytest.approx(2 / 3)
    assert found["accuracy"] == 0.5
