"""Principal components against NumPy's and scikit-learn's."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.decomposition import PCA

from emulator.ml.decomposition import training
from emulator.ml.errors import OptionError, TrainingDataError
from tests.emulator.ml.training import cars, dense, trained


def numbers(rows=300, seed=2):
    random = np.random.default_rng(seed)
    base = random.normal(size=(rows, 2))
    values = base @ random.normal(size=(2, 5)) + 0.1 * random.normal(size=(rows, 5))
    return pa.table({f"x{at}": column * 10**at for at, column in enumerate(values.T)})


def matrix(table):
    values = np.stack([column.to_numpy() for column in table.columns], axis=1)
    return (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)


@pytest.mark.parametrize("scaled", [True, False])
def test_components_of_numbers_are_those_of_scikit_learn(scaled):
    table = numbers()
    points = matrix(table)
    if not scaled:
        points = points * [table[name].to_numpy().std(ddof=1) for name in table.column_names]

    model = trained(table, model_type="PCA", num_principal_components=3, scale_features=scaled)

    rival = PCA(3).fit(points)
    np.testing.assert_allclose(model.parameters.eigenvalues, rival.explained_variance_, rtol=1e-10)
    np.testing.assert_allclose(
        np.abs(model.parameters.matrix), np.abs(rival.components_.T), atol=1e-8
    )
    assert model.metrics["total_explained_variance_ratio"] == pytest.approx(
        rival.explained_variance_ratio_.sum()
    )


def test_categories_are_coordinates_that_are_not_centred():
    table = cars(nulls=True).select(["fuel", "box", "year", "mileage"])
    design, names = dense(table)
    design[:, :2] -= design[:, :2].mean(axis=0)
    design[:, :2] /= [
        np.std([value for value in table[name].to_pylist() if value is not None], ddof=1)
        for name in names[:2]
    ]

    model = trained(table, model_type="PCA", num_principal_components=len(names))

    values = np.linalg.eigvalsh(design.T @ design / (len(table) - 1))[::-1]
    np.testing.assert_allclose(model.parameters.eigenvalues, values, atol=1e-10)


def test_the_ratio_takes_as_few_components_as_explain_more():
    table = numbers()
    every = trained(table, model_type="PCA", num_principal_components=5).parameters.ratios.cumsum()

    for ratio in (0.3, 0.9, 0.99999):
        model = trained(table, model_type="PCA", pca_explained_variance_ratio=ratio)

        assert len(model.parameters.eigenvalues) == int((every <= ratio).sum()) + 1


def test_the_iterative_solver_finds_what_the_full_one_finds(monkeypatch):
    full = trained(numbers(), model_type="PCA", num_principal_components=2)
    monkeypatch.setattr(training, "FULL_SIZE", 3)

    found = trained(numbers(), model_type="PCA", num_principal_components=2)

    np.testing.assert_allclose(found.parameters.eigenvalues, full.parameters.eigenvalues, rtol=1e-9)
    np.testing.assert_allclose(found.parameters.matrix, full.parameters.matrix, atol=1e-8)


def test_errors_of_training_rows_are_what_components_leave():
    table = numbers()
    points = matrix(table)

    model = trained(table, model_type="PCA", num_principal_components=2)

    left = points - points @ model.parameters.matrix @ model.parameters.matrix.T
    expected = np.sort(np.square(left).sum(axis=1) / 5)
    np.testing.assert_allclose(model.parameters.quantiles, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("table", "options", "error", "message"),
    [
        (numbers(), {"num_principal_components": 6}, TrainingDataError, "cannot be above"),
        (numbers(3), {"num_principal_components": 4}, TrainingDataError, "number of rows .3."),
        (numbers(1), {"num_principal_components": 1}, TrainingDataError, "at least two rows"),
        (numbers(), {}, OptionError, "either NUM_PRINCIPAL_COMPONENTS or"),
        (
            numbers(),
            {"num_principal_components": 1, "pca_explained_variance_ratio": 0.5},
            OptionError,
            "either NUM_PRINCIPAL_COMPONENTS or",
        ),
        (
            pa.table({"x": [1.0, 1.0, 1.0]}),
            {"num_principal_components": 1},
            TrainingDataError,
            "constant",
        ),
    ],
)
def test_what_cannot_be_decomposed_is_refused(table, options, error, message):
    with pytest.raises(error, match=message):
        trained(table, model_type="PCA", **options)
