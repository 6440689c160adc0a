from __future__ import annotations

import math
from fractions import Fraction

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


@pytest.mark.parametrize("rows", [3, 1000, 1001, 1475])
def test_the_area_compares_quantiles_whose_ranks_are_whole_numbers(rows: int) -> None:
    scores = np.arange(2 * rows) / (2 * rows)
    values = np.column_stack([1 - scores, scores])
    truth = ["Low" if number % 2 else "High" for number in range(2 * rows)]
    keys = tuple(str(number) for number in range(2 * rows))
    answers = Answers(keys, ("High", "Low"), values, tuple(truth), ("High", "Low"))

    found = evaluate(truth, answers)["roc_auc"]

    ranks = [max(1, math.ceil(Fraction(part * rows, 1000))) for part in range(1001)]
    wins = sum(2 * low - 1 > 2 * high - 2 for low in ranks for high in ranks)
    assert found == pytest.approx(min(1.0, wins / 1_001_000), abs=1e-12)
