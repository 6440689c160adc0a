import numpy as np
import pytest

from emulator.ml import metrics
from emulator.ml.functions.confusion_matrix import column_names
from emulator.ml.functions.roc_curve import generate_array
from emulator.ml.probabilities import sigmoid
from emulator.ml.roc import curve

RANDOM = np.random.default_rng(5)


def test_regression_metrics_are_their_definitions():
    actual = RANDOM.uniform(0, 10, 101)
    predicted = actual + RANDOM.normal(0, 1, 101).clip(-0.5)

    values = metrics.regression_metrics(actual, predicted)

    error = actual - predicted
    assert values["mean_absolute_error"] == pytest.approx(abs(error).mean())
    assert values["mean_squared_error"] == pytest.approx((error**2).mean())
    assert values["mean_squared_log_error"] == pytest.approx(
        ((np.log(1 + actual) - np.log(1 + predicted)) ** 2).mean()
    )
    assert values["r2_score"] == pytest.approx(1 - (error**2).sum() / actual.var() / 101)
    assert values["explained_variance"] == pytest.approx(1 - error.var() / actual.var())


def test_the_median_of_an_even_number_of_errors_is_the_lower_one():
    values = metrics.regression_metrics(np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(4))

    assert values["median_absolute_error"] == 2.0


def test_binary_metrics_are_those_of_the_positive_class():
    scores = RANDOM.normal(0, 1, 400)
    positive = RANDOM.random(400) < sigmoid(scores)

    values = metrics.binary_metrics(positive, scores, threshold=0.6)

    said = sigmoid(scores) > 0.6
    assert values["precision"] == (said & positive).sum() / said.sum()
    assert values["recall"] == (said & positive).sum() / positive.sum()
    assert values["accuracy"] == (said == positive).mean()
    chance = np.where(positive, sigmoid(scores), 1 - sigmoid(scores))
    assert values["log_loss"] == pytest.approx(-np.log(chance).mean())


def test_no_positive_prediction_leaves_precision_undefined():
    values = metrics.binary_metrics(np.array([True, False]), np.array([-1.0, -2.0]))

    assert np.isnan(values["precision"])
    assert (values["recall"], values["f1_score"]) == (0.0, 0.0)


def test_scores_that_tell_nothing_apart_have_half_the_area():
    assert metrics.roc_auc(np.full(7, 0.3), np.full(90, 0.3)) == 0.5


def test_equal_scores_count_half_of_a_pair():
    above, below = np.repeat([1.0, 2.0], 500), np.repeat([0.0, 1.0], 500)

    assert metrics.roc_auc(above, below) == pytest.approx(0.875, abs=2e-3)


def test_roc_auc_is_close_to_the_share_of_right_pairs():
    above, below = RANDOM.normal(1, 1, 5000), RANDOM.normal(0, 1, 5000)
    pairs = (above[:, None] > below[None]).mean()

    assert metrics.roc_auc(above, below) == pytest.approx(pairs, abs=2e-3)


def test_perfect_separation_has_an_area_of_exactly_one():
    assert metrics.roc_auc(np.array([0.8, 0.9]), np.array([0.1, 0.2])) == 1.0


def test_multiclass_metrics_are_means_over_classes():
    actual = np.array([0, 0, 0, 1, 1, 2])
    probabilities = np.array(
        [[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.2, 0.7, 0.1],
         [0.3, 0.6, 0.1], [0.1, 0.8, 0.1], [0.5, 0.3, 0.2]]
    ).T  # fmt: skip
    losses = -np.log(probabilities[actual, np.arange(6)])

    values = metrics.multiclass_metrics(actual, probabilities, losses)

    assert values["accuracy"] == pytest.approx(4 / 6)
    assert values["precision"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert values["recall"] == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert values["log_loss"] == pytest.approx(
        (losses[:3].mean() + losses[3:5].mean() + losses[5]) / 3
    )


def test_the_roc_curve_counts_scores_at_or_above_each_threshold():
    chances = np.array([0.1, 0.4, 0.4, 0.9])
    positive = np.array([False, True, False, True])

    found = curve(chances, positive, np.array([0.4, 0.95]))

    assert (found.true_positives, found.false_positives) == ((2, 0), (1, 0))


def test_thresholds_of_generate_array_end_where_they_should():
    values = generate_array(0.4, 0.6, 0.01)

    assert len(values) == 21
    assert values[-1] == pytest.approx(0.6)


def test_labels_become_legal_and_distinct_column_names():
    names = column_names(("0", "1", "a b", "a_b", "High"))

    assert names == ["_0", "_1", "a_b", "a_b_1", "High"]
