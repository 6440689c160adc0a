"""K-means against scikit-learn and against its own definitions."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import davies_bouldin_score

from emulator.ml.errors import OptionError, TrainingDataError
from tests.emulator.ml.training import cars, dense, trained

KMEANS = {"model_type": "KMEANS"}


def spots(rows=600, seed=4):
    random = np.random.default_rng(seed)
    centre = random.integers(0, 3, rows)
    return pa.table(
        {
            "x": random.normal(size=rows) + 5 * centre,
            "y": random.normal(size=rows) - 3 * (centre == 1),
            "kind": random.choice(["a", "b", "c"], rows),
        }
    )


def standardised(table):
    numbers = np.stack([table[name] for name in ("x", "y")], axis=1)
    scaled = (numbers - numbers.mean(axis=0)) / numbers.std(axis=0, ddof=1)
    categories = np.stack([np.array(table["kind"]) == one for one in "abc"], axis=1)
    return np.hstack([scaled, categories])


def started(table, rows):
    return table.append_column("start", pa.array(np.isin(np.arange(len(table)), rows)))


def centroids(model):
    """Return centroids of shape (clusters, coordinates) in units of deviations."""
    numbers = [feature.stddev_sample for feature in model.features[:2]]
    spread = np.array([*numbers, 1, 1, 1])[: sum(f.width for f in model.features)]
    return np.array([np.concatenate(one) for one in model.parameters.centroids]) / spread


@pytest.mark.parametrize("iterations", [1, 3, 20])
def test_iterations_are_those_of_lloyd(iterations):
    table, rows = spots(), [3, 77, 400]
    points = standardised(table)
    rival = KMeans(3, init=points[rows], n_init=1, max_iter=iterations, tol=0, algorithm="lloyd")

    model = trained(
        started(table, rows), **KMEANS, kmeans_init_method="CUSTOM", kmeans_init_col="start",
        max_iterations=iterations, early_stop=False,
    )  # fmt: skip

    expected = rival.fit(points).cluster_centers_
    order = [int(np.abs(expected - one).sum(axis=1).argmin()) for one in centroids(model)]
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(centroids(model), expected[order], atol=1e-12)


def test_training_stops_at_the_first_small_improvement():
    model = trained(spots(), **KMEANS, num_clusters=4)

    losses = [step.loss for step in model.iterations]
    progress = [1 - after / before for before, after in itertools.pairwise(losses)]
    assert all(one >= 0.01 for one in progress[:-1])
    assert progress[-1] < 0.01


@pytest.mark.parametrize("method", ["RANDOM", "KMEANS++"])
@pytest.mark.parametrize("distance", ["EUCLIDEAN", "COSINE"])
def test_the_same_data_in_another_order_give_the_same_clusters(method, distance):
    table = spots()
    options = {"num_clusters": 3, "kmeans_init_method": method, "distance_type": distance, **KMEANS}

    first = trained(table, **options)
    second = trained(table.take(np.random.default_rng(1).permutation(len(table))), **options)

    assert first.parameters == second.parameters


def test_a_better_start_does_not_end_worse_than_random_rows():
    random, chosen = (
        trained(spots(), **KMEANS, num_clusters=3, kmeans_init_method=method, early_stop=False)
        for method in ("RANDOM", "KMEANS++")
    )

    assert chosen.metrics["mean_squared_distance"] <= random.metrics["mean_squared_distance"] + 1e-9


def test_the_index_is_that_of_davies_and_bouldin_at_a_fixed_point():
    table = spots()
    points = standardised(table)
    model = trained(table, **KMEANS, num_clusters=3, early_stop=False, max_iterations=100)
    nearest = ((points[:, None] - centroids(model)[None]) ** 2).sum(axis=2)

    assert model.metrics["mean_squared_distance"] == pytest.approx(nearest.min(axis=1).mean())
    labels = nearest.argmin(axis=1)
    spread = [np.sqrt(nearest[labels == one, one].mean()) for one in range(3)]
    means = np.array([np.sqrt(nearest[labels == one, one]).mean() for one in range(3)])
    # scikit-learn's spread is the mean distance, BigQuery's the root of the mean square.
    assert model.metrics["davies_bouldin_index"] == pytest.approx(
        davies_bouldin_score(points, labels) * np.mean(spread) / means.mean(), rel=0.05
    )
    assert model.parameters.radii == pytest.approx(spread)


def test_numbers_that_are_not_standardised_count_as_they_are():
    table = spots().drop(["kind"])

    model = trained(
        started(table, [0, 1]), **KMEANS, kmeans_init_method="CUSTOM", kmeans_init_col="start",
        standardize_features=False, early_stop=False, max_iterations=50,
    )  # fmt: skip

    points = np.stack([table["x"], table["y"]], axis=1)
    rival = KMeans(2, init=points[[0, 1]], n_init=1, max_iter=50, tol=0).fit(points)
    assert model.metrics["mean_squared_distance"] == pytest.approx(rival.inertia_ / len(points))


def test_angles_of_numbers_as_they_are_start_at_zero():
    random = np.random.default_rng(5)
    angle = np.where(np.arange(300) % 2, 0.2, 1.2) + random.normal(0, 0.05, 300)
    length = random.uniform(1, 1000, 300)
    table = pa.table({"x": length * np.cos(angle), "y": length * np.sin(angle)})
    model = trained(
        table, **KMEANS, num_clusters=2, distance_type="COSINE", standardize_features=False
    )

    points = np.array([[1.0, 0.0], [10.0, 0.0], [1e5, 0.0], [0.0, 3.0]])
    found = model.parameters.distances(
        model.features,
        [f.encode(pa.array(c)) for f, c in zip(model.features, points.T, strict=True)],
    )
    raw = centroids(model) * [f.stddev_sample for f in model.features]
    raw = raw + [f.mean for f in model.features]
    cosines = points @ raw.T / np.outer(*(np.linalg.norm(v, axis=1) for v in (points, raw)))
    assert found == pytest.approx(np.sqrt(np.maximum(1 - cosines, 0)), abs=1e-9)
    assert found[0] == pytest.approx(found[2])
    assert sorted(model.parameters.sizes) == [150, 150]


def test_nulls_and_categories_are_coordinates():
    table = cars(nulls=True).select(["fuel", "box", "year", "mileage"])
    design, names = dense(table)

    model = trained(table, **KMEANS, num_clusters=2, early_stop=False, max_iterations=50)

    assert sum(feature.width for feature in model.features) == design.shape[1] == len(names)
    assert sum(model.parameters.sizes) == len(table)
    shares = model.parameters.centroids[0][0]
    assert sum(shares) == pytest.approx(1.0)


def test_without_a_number_of_clusters_the_rows_decide():
    assert len(trained(spots(600), **KMEANS).parameters.centroids) == 3
    assert len(trained(spots(40), **KMEANS).parameters.centroids) == 2


@pytest.mark.parametrize(
    ("rows", "options", "error", "message"),
    [
        ([1, 2], {"num_clusters": 3}, TrainingDataError, "TRUE in 2 rows; NUM_CLUSTERS is 3"),
        ([1], {}, OptionError, "from 2 to 100, found 1"),
    ],
)
def test_marked_rows_must_be_as_many_as_clusters(rows, options, error, message):
    with pytest.raises(error, match=message):
        trained(
            started(spots(), rows), **KMEANS, kmeans_init_method="CUSTOM",
            kmeans_init_col="start", **options,
        )  # fmt: skip


def test_more_clusters_than_rows_are_refused():
    with pytest.raises(TrainingDataError, match=r"NUM_CLUSTERS is 9 and .* 4 rows"):
        trained(spots(4), **KMEANS, num_clusters=9)


def test_equal_rows_make_a_model_with_empty_clusters():
    model = trained(pa.table({"x": [1.0] * 5, "k": ["a"] * 5}), **KMEANS, num_clusters=2)

    assert sorted(model.parameters.sizes) == [0, 5]
    assert model.metrics["mean_squared_distance"] == 0.0
