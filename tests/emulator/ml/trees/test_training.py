from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from emulator.ml.trees import (
    BOOSTED_TREE,
    RANDOM_FOREST,
    LibraryError,
    Rows,
    Scorer,
    train,
)
from emulator.ml.trees.settings import parameters


def noise(rows=600, columns=4, seed=5):
    """Rows whose label one column determines but for noise; a tenth of the cells is missing."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, columns)).astype(np.float32)
    label = (3 * matrix[:, 0] + random.normal(size=rows)).astype(np.float32)
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    return Rows(matrix, label)


def rmse(trained, rows):
    errors = Scorer(trained.model).margins(rows.matrix)[:, 0] - rows.label
    return float(np.sqrt(np.mean(errors.astype(np.float64) ** 2)))


def test_losses_are_those_of_the_model_after_each_round(settings):
    rows, held_out = noise(), noise(seed=6)

    trained = train(rows, replace(settings, early_stop=False), evaluation=held_out)

    last = trained.rounds[-1]
    assert [one.number for one in trained.rounds] == list(range(20))
    assert last.loss == pytest.approx(rmse(trained, rows), rel=1e-5)
    assert last.evaluation_loss == pytest.approx(rmse(trained, held_out), rel=1e-5)
    assert trained.best_round == min(range(20), key=lambda n: trained.rounds[n].evaluation_loss)


def test_early_stop_keeps_the_first_round_that_gains_too_little(settings):
    rows = noise()
    every = train(rows, replace(settings, early_stop=False, max_iterations=60))

    stopped = train(rows, replace(settings, min_rel_progress=0.05, max_iterations=60))

    losses = [one.loss for one in every.rounds]
    gains = [(a - b) / a for a, b in pairwise(losses)]
    first = next(place for place, gain in enumerate(gains) if gain < 0.05)
    assert [one.loss for one in stopped.rounds] == losses[: first + 2]


def test_early_stop_watches_the_evaluation_rows_if_there_are_any(settings):
    rows = noise()
    unlike = Rows(noise(seed=8).matrix, -noise(seed=8).label)

    trained = train(rows, settings, evaluation=unlike)

    assert len(trained.rounds) == 2
    assert trained.rounds[1].evaluation_loss > trained.rounds[0].evaluation_loss


def test_a_perfect_fit_stops(settings):
    rows = Rows(np.ones((8, 1), dtype=np.float32), np.full(8, 0.5, dtype=np.float32))

    assert len(train(rows, settings).rounds) == 2


def test_training_twice_gives_the_same_bytes(settings):
    sampled = replace(settings, subsample=0.7, colsample_bytree=0.6, num_parallel_tree=3)

    first, second = (train(noise(), sampled).model.data for _ in range(2))

    assert first == second


def test_trainings_at_once_give_what_they_give_alone(settings):
    sampled = replace(settings, subsample=0.7)
    alone = [train(noise(seed=seed), sampled).model.data for seed in range(4)]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: train(noise(seed=seed), sampled), range(4)))

    assert [one.model.data for one in together] == alone


def test_what_the_watcher_raises_ends_the_training(settings):
    seen = []

    def watch(one):
        seen.append(one.number)
        if one.number == 3:
            raise InterruptedError("the job was cancelled")

    with pytest.raises(InterruptedError, match="cancelled"):
        train(noise(), settings, watch=watch)
    assert seen == [0, 1, 2, 3]


def test_row_weights_count_as_repeated_rows(settings):
    rows = noise(100)
    twice = np.where(rows.label > 0, 2, 1)
    exact_splits = replace(settings, tree_method="EXACT")

    weighted = train(replace(rows, weights=twice.astype(np.float32)), exact_splits)
    repeated = train(Rows(rows.matrix.repeat(twice, 0), rows.label.repeat(twice)), exact_splits)

    margins = [Scorer(one.model).margins(rows.matrix) for one in (weighted, repeated)]
    np.testing.assert_allclose(*margins, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("method", ["AUTO", "EXACT", "APPROX", "HIST"])
def test_every_tree_method_learns(settings, method):
    rows = noise()

    trained = train(rows, replace(settings, tree_method=method))

    assert rmse(trained, rows) < 0.6 * rows.label.std()


@pytest.mark.parametrize(
    "matrix",
    [
        pytest.param(np.ones((1, 1)), id="one row"),
        pytest.param(np.full((9, 2), np.nan), id="all missing"),
        pytest.param(np.ones((9, 2)), id="constant columns"),
        pytest.param(np.c_[np.full(9, np.nan), np.arange(9)], id="a missing column"),
        pytest.param(np.full((9, 1), np.finfo(np.float32).max), id="the largest numbers"),
    ],
)
def test_the_worst_rows_still_train(settings, matrix):
    rows = Rows(matrix.astype(np.float32), np.full(len(matrix), 7, dtype=np.float32))

    trained = train(rows, settings)

    margins = Scorer(trained.model).margins(rows.matrix)
    assert margins == pytest.approx(7, abs=4)
    assert trained.rounds[-1].loss < 6.5


def test_two_hundred_classes_train(settings):
    label = np.arange(600, dtype=np.float32) % 200
    rows = Rows(label.reshape(-1, 1), label)

    trained = train(rows, replace(settings, max_iterations=2, min_tree_child_weight=0), classes=200)

    assert trained.model.outputs == 200
    assert Scorer(trained.model).margins(rows.matrix).shape == (600, 200)
    assert trained.rounds[1].loss < trained.rounds[0].loss < np.log(200)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"matrix": np.empty((0, 2))}, "need rows and columns", id="no rows"),
        pytest.param({"label": np.full(3, np.nan)}, "label holds NaN", id="a missing label"),
        pytest.param({"label": np.ones(2)}, "2,\\) values for 3 rows", id="a short label"),
        pytest.param({"weights": np.array([1, -1, 1])}, "not be negative", id="a negative weight"),
        pytest.param({"weights": np.zeros(3)}, "all of them 0", id="no weight at all"),
        pytest.param({"matrix": np.full((3, 2), np.inf)}, "Column 0 holds inf", id="infinity"),
    ],
)
def test_refuses_rows_it_cannot_train_on(settings, change, message):
    whole = {"matrix": np.ones((3, 2)), "label": np.ones(3), "weights": np.ones(3)} | change
    rows = Rows(**{name: values.astype(np.float32) for name, values in whole.items()})

    with pytest.raises(LibraryError, match=message):
        train(rows, settings)


def test_refuses_a_label_that_is_no_class(settings):
    rows = Rows(np.ones((3, 1), dtype=np.float32), np.array([0, 1, 2], dtype=np.float32))

    with pytest.raises(LibraryError, match="class position of 0 to 1"):
        train(rows, settings, classes=2)


def test_an_impossible_option_is_an_error_with_the_librarys_words(settings):
    with pytest.raises(LibraryError, match="subsample"):
        train(noise(), replace(settings, subsample=2.0))


def test_auto_is_approx_for_the_exact_libraries():
    assert parameters(BOOSTED_TREE, 0, "0.90", 9)["tree_method"] == "approx"
    assert (
        parameters(replace(BOOSTED_TREE, tree_method="HIST"), 0, "0.90", 9)["tree_method"] == "hist"
    )


def test_two_classes_are_a_softmax_of_two():
    chosen = parameters(BOOSTED_TREE, 2, "0.90", 9)

    assert (chosen["objective"], chosen["num_class"]) == ("multi:softprob", "2")


@pytest.mark.parametrize(
    ("settings", "expected"), [(BOOSTED_TREE, False), (RANDOM_FOREST, True)], ids=["tree", "forest"]
)
def test_many_parallel_trees_approximate_global_explanations(settings, expected):
    explained = replace(settings, enable_global_explain=True)

    assert explained.approximates_global_explain is expected
    assert not replace(explained, approx_global_feature_contrib=False).approximates_global_explain
    assert not settings.approximates_global_explain


def test_threads_follow_the_rows_and_the_variable(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")

    assert parameters(BOOSTED_TREE, 0, "0.90", 1_000_000)["nthread"] == "3"
    assert parameters(BOOSTED_TREE, 0, "0.90", 342)["nthread"] == "1"
