"""The numbers that BigQuery returned: cases 16, 18, 19, 21, 23 and 24 of the recorded ones."""

from dataclasses import replace

import numpy as np
import pytest

from emulator.ml.trees import (
    BOOSTED_TREE,
    RANDOM_FOREST,
    Scorer,
    exact,
    probabilities,
    train,
)
from tests.emulator.ml.trees.penguins import needs_exact, problem

NEW = [4293.1538089, 3410.0271, 3357.944]
REGRESSION = {
    "mean_absolute_error": 108.77582,
    "mean_squared_error": 20943.272738,
    "mean_squared_log_error": 0.00135,
    "median_absolute_error": 86.313477,
    "r2_score": 0.967571,
    "explained_variance": 0.967609,
}
FOREST = {
    "mean_absolute_error": 317.031042,
    "mean_squared_error": 159713.053504,
    "mean_squared_log_error": 0.008449,
    "median_absolute_error": 258.385742,
    "r2_score": 0.752698,
    "explained_variance": 0.756173,
}
FOREST_NEW = [3897.341797, 3458.385742, 3458.385742]


@pytest.fixture
def without_exact(monkeypatch, tmp_path):
    monkeypatch.setenv(exact.FOLDER_VARIABLE, str(tmp_path))


def metrics(label, predicted):
    label, predicted = label.astype(np.float64), predicted.astype(np.float64)
    errors = np.sort(np.abs(label - predicted))
    return {
        "mean_absolute_error": errors.mean(),
        "mean_squared_error": (errors**2).mean(),
        "mean_squared_log_error": ((np.log1p(label) - np.log1p(predicted)) ** 2).mean(),
        "median_absolute_error": errors[(len(errors) - 1) // 2],
        "r2_score": 1 - (errors**2).sum() / ((label - label.mean()) ** 2).sum(),
        "explained_variance": 1 - np.var(label - predicted) / np.var(label),
    }


def log_loss(label, margins):
    chosen = probabilities(margins)[np.arange(len(label)), label.astype(int)].astype(np.float64)
    return np.mean([-np.log(chosen[label == one]).mean() for one in np.unique(label)])


def regress(settings):
    training, complete, new = problem("body_mass_g")
    scorer = Scorer(train(training, settings).model)
    return (
        metrics(complete.label, scorer.margins(complete.matrix)[:, 0]),
        scorer.margins(new)[:, 0],
    )


def classify(settings):
    training, complete, _ = problem("sex")
    trained = train(training, settings, classes=3)
    return trained, complete.label, Scorer(trained.model).margins(complete.matrix)


@needs_exact
@pytest.mark.parametrize("version", ["0.9", "1.1"])
def test_the_boosted_regressor_is_bigquerys_to_every_digit(version):
    found, new = regress(replace(BOOSTED_TREE, xgboost_version=version))

    assert new == pytest.approx(NEW, rel=2e-7)
    assert found == pytest.approx(REGRESSION, rel=1e-7, abs=4e-6)


@needs_exact
@pytest.mark.parametrize("version", ["0.9", "1.1"])
def test_the_boosted_classifier_is_bigquerys_to_every_digit(version):
    trained, label, margins = classify(replace(BOOSTED_TREE, xgboost_version=version))

    assert len(trained.rounds) == 20
    assert (margins.argmax(axis=1) == label).all()
    assert log_loss(label, margins) == pytest.approx(0.331442, abs=6e-7)


def test_the_installed_xgboost_comes_as_near_as_documented(without_exact):
    found, new = regress(BOOSTED_TREE)
    _, label, margins = classify(BOOSTED_TREE)

    assert new == pytest.approx(NEW, rel=0.016)
    assert found == pytest.approx(REGRESSION, rel=0.041)
    assert (margins.argmax(axis=1) != label).sum() == 1
    assert log_loss(label, margins) == pytest.approx(0.331442, rel=0.015)


@pytest.mark.parametrize("version", [pytest.param("0.9", marks=needs_exact), None])
def test_the_random_forest_is_within_a_tenth(version, request):
    if version is None:
        request.getfixturevalue("without_exact")

    found, new = regress(RANDOM_FOREST)
    trained, label, margins = classify(RANDOM_FOREST)

    assert new == pytest.approx(FOREST_NEW, rel=0.1)
    assert found == pytest.approx(FOREST, rel=0.1)
    assert len(trained.rounds) == 1
    assert log_loss(label, margins) == pytest.approx(0.886307, rel=0.1)
    assert (margins.argmax(axis=1) == label).mean() == pytest.approx(0.95509, rel=0.1)
