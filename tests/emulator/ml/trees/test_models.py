from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import xgboost

from emulator.ml.trees import (
    BOOSTED_TREE,
    RANDOM_FOREST,
    LibraryError,
    Rows,
    Scorer,
    exact,
    probabilities,
    rows,
    train,
)
from tests.emulator.ml.trees.penguins import needs_exact, problem
from tests.emulator.ml.trees.shapley import replayed

KINDS = {
    "regression": {},
    "classes": {},
    "dart": {"booster_type": "DART", "dropout": 0.3, "dart_normalize_type": "FOREST"},
    "forest": {
        name: getattr(RANDOM_FOREST, name)
        for name in ("num_parallel_tree", "max_tree_depth", "subsample", "learn_rate")
    }
    | {"max_iterations": 1},
}


def trained(settings, kind):
    """Return a model, its training rows, and the same model in XGBoost's own package."""
    training, _, _ = problem("sex" if kind == "classes" else "body_mass_g")
    matrix = training.matrix.copy()
    matrix[::7, 2] = np.nan
    training = replace(training, matrix=matrix)
    classes = 3 if kind == "classes" else 0
    model = train(training, replace(settings, **KINDS[kind]), classes=classes).model
    theirs = xgboost.Booster()
    theirs.load_model(bytearray(model.data))
    return model, training, theirs


@pytest.mark.filterwarnings("ignore:.*WARNING.*:UserWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_margins_and_contributions_are_those_of_xgboosts_package(settings, kind):
    model, training, theirs = trained(settings, kind)
    scorer, matrix = Scorer(model), xgboost.DMatrix(training.matrix)

    margins = scorer.margins(training.matrix)
    expected = theirs.predict(matrix, output_margin=True)

    np.testing.assert_allclose(margins, expected.reshape(margins.shape), rtol=1e-6, atol=1e-6)
    for approximate in (False, True):
        found = scorer.contributions(training.matrix, approximate=approximate)
        them = theirs.predict(matrix, pred_contribs=True, approx_contribs=approximate)
        scale = max(1, np.abs(margins).max())
        assert np.abs(found - them.reshape(found.shape)).max() / scale < 2e-6


@pytest.mark.parametrize("approximate", [False, True], ids=["exact", "approximate"])
@pytest.mark.parametrize("kind", KINDS)
def test_contributions_add_up_to_the_margin_of_every_row(settings, kind, approximate):
    model, training, _ = trained(settings, kind)
    scorer = Scorer(model)

    contributions = scorer.contributions(training.matrix, approximate=approximate)

    margins = scorer.margins(training.matrix)
    gap = np.abs(contributions.sum(axis=2, dtype=np.float64) - margins)
    assert contributions.shape == (len(margins), model.outputs, model.columns + 1)
    assert gap.max() / max(1, np.abs(margins).max()) < 2e-6


def test_importance_is_that_of_xgboosts_package(settings):
    model, _, theirs = trained(settings, "classes")

    found = Scorer(model).importance()

    for name in ("weight", "gain", "cover"):
        scores = theirs.get_score(importance_type=name)
        expected = [scores.get(f"f{column}", 0.0) for column in range(model.columns)]
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-4)


def test_a_column_that_no_tree_splits_on_has_no_importance(settings):
    constant = Rows(np.ones((20, 2), np.float32), np.arange(20, dtype=np.float32))

    found = Scorer(train(constant, settings).model).importance()

    assert not found.weight.any() and not found.gain.any() and not found.cover.any()


def test_every_tree_has_a_text(settings):
    model, _, _ = trained(settings, "classes")

    texts = Scorer(model).texts()

    assert len(texts) == 60
    assert all(text.startswith("0:[f") or text.startswith("0:leaf=") for text in texts)


def test_batches_give_what_one_piece_gives(settings, monkeypatch):
    model, training, _ = trained(settings, "classes")
    whole = Scorer(model).margins(training.matrix)

    monkeypatch.setattr(rows, "BATCH_ROWS", 50)

    scorer = Scorer(model)
    np.testing.assert_array_equal(scorer.margins(training.matrix.astype(np.float64)), whole)
    assert scorer.contributions(training.matrix, approximate=False).shape[0] == len(whole)


def test_no_rows_have_no_margins(settings):
    model, _, _ = trained(settings, "classes")

    assert Scorer(model).margins(np.empty((0, model.columns))).shape == (0, 3)


def test_one_scorer_serves_many_threads(settings):
    model, training, _ = trained(settings, "classes")
    scorer = Scorer(model)
    expected = scorer.margins(training.matrix)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: scorer.margins(training.matrix), range(32)))

    assert all((one == expected).all() for one in found)


def test_refuses_a_matrix_of_another_width(settings):
    model, _, _ = trained(settings, "regression")

    with pytest.raises(LibraryError, match="trained on 6 columns"):
        Scorer(model).margins(np.ones((2, 5)))


def test_probabilities_are_xgboosts(settings):
    model, training, theirs = trained(settings, "classes")

    found = probabilities(Scorer(model).margins(training.matrix))

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, theirs.predict(xgboost.DMatrix(training.matrix)), rtol=2e-6)


def test_refuses_a_damaged_model_before_a_library_reads_it(settings):
    model, _, _ = trained(settings, "regression")

    with pytest.raises(LibraryError, match="are damaged: their sha256"):
        Scorer(replace(model, data=model.data[:-1]))


@needs_exact
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", list(exact.OPTION_VALUES))
def test_the_installed_xgboost_reads_what_an_exact_one_wrote(version, kind, monkeypatch, tmp_path):
    model, training, _ = trained(replace(BOOSTED_TREE, xgboost_version=version), kind)
    with_exact = Scorer(model).margins(training.matrix)

    monkeypatch.setenv(exact.FOLDER_VARIABLE, str(tmp_path))

    assert model.release == exact.OPTION_VALUES[version]
    found = Scorer(model).margins(training.matrix)
    np.testing.assert_allclose(found, with_exact, rtol=3e-7, atol=1e-6)


def noisy_label(rows=3000):
    random = np.random.default_rng(0)
    matrix = np.column_stack(
        [random.normal(size=(rows, 2)), random.integers(0, 6, size=(rows, 4))]
    ).astype(np.float32)
    matrix[::7, 1] = np.nan
    label = matrix[:, 0] + 0.3 * matrix[:, 2] + random.normal(size=rows).astype(np.float32)
    return matrix, label


OLDEST = {
    "boosted": replace(BOOSTED_TREE, xgboost_version="0.9"),
    "deep": replace(BOOSTED_TREE, xgboost_version="0.9", max_tree_depth=10),
    "forest": replace(RANDOM_FOREST, xgboost_version="0.9", num_parallel_tree=20),
}


@needs_exact
@pytest.mark.filterwarnings("ignore:.*WARNING.*:UserWarning")
@pytest.mark.parametrize("kind", OLDEST)
def test_the_oldest_xgboost_s_explanations_are_one_float32_sum_through_all_leaves(kind):
    """Whoever adds up otherwise is apart by as many roundings as the root of the leaves."""
    matrix, label = noisy_label()
    model = train(Rows(matrix, label), OLDEST[kind]).model
    scorer, some = Scorer(model), matrix[:300]
    theirs = xgboost.Booster()
    theirs.load_model(bytearray(model.data))

    found = scorer.contributions(some, approximate=False)
    others = theirs.predict(xgboost.DMatrix(some), pred_contribs=True).reshape(found.shape)

    assert model.release == "0.90"
    np.testing.assert_array_equal(replayed(theirs, some[:3]), found[:3, :, :-1])
    leaves = sum(tree.count("leaf=") for tree in scorer.texts())
    greatest = np.maximum(1, np.abs(found).max(axis=2))
    one = 2.0**-24 * np.sqrt(leaves)
    own = np.abs(found.sum(axis=2, dtype=np.float64) - scorer.margins(some)) / greatest
    apart = np.abs(found.astype(np.float64) - others).max(axis=2) / greatest
    assert 1e-7 < own.max() < 4 * one
    assert 1e-7 < apart.max() < 2 * one


@needs_exact
def test_only_the_installed_xgboost_reads_its_own(monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setenv(exact.FOLDER_VARIABLE, str(tmp_path))
        model, training, _ = trained(BOOSTED_TREE, "regression")

    assert (model.release, model.exact) == (xgboost.__version__, False)
    assert Scorer(model).margins(training.matrix).shape == (342, 1)


def test_dart_predicts_with_all_its_trees_every_time(settings):
    random = np.random.default_rng(1)
    matrix = random.normal(size=(500, 3)).astype(np.float32)
    chosen = replace(settings, booster_type="DART", dropout=0.4)
    trained = train(Rows(matrix, matrix[:, 0] * 2), chosen)

    first, again = (Scorer(trained.model).margins(matrix) for _ in range(2))

    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first[:9], Scorer(trained.model).margins(matrix[:9]))
