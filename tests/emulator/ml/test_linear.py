import numpy as np
import pyarrow as pa
import pytest

from emulator.ml.glm import linear
from tests.emulator.ml.training import cars, dense, scores, trained

FEATURES = ["fuel", "box", "year", "mileage", "price"]


def least_squares(table, intercept=True):
    design, _ = dense(table)
    if intercept:
        design = np.column_stack([np.ones(len(design)), design])
    target = table["price"].to_numpy()
    scale = np.sqrt((design**2).mean(axis=0))
    weights = np.linalg.lstsq(design / scale, target, rcond=None)[0]
    return (design / scale) @ weights


@pytest.mark.parametrize("nulls", [False, True], ids=["complete", "with nulls"])
def test_predicts_what_least_squares_predicts(nulls):
    table = cars(nulls=nulls).select(FEATURES)

    model = trained(table, model_type="LINEAR_REG", input_label_cols=["price"])

    assert model.options.optimize_strategy == "NORMAL_EQUATION"
    np.testing.assert_allclose(scores(model, table)[0], least_squares(table), rtol=1e-11)


def test_a_line_without_intercept_goes_through_the_origin():
    table = cars().select(["year", "mileage", "price"])
    design = np.stack([table["year"].to_numpy(), table["mileage"].to_numpy()], axis=1)
    weights = np.linalg.lstsq(design, table["price"].to_numpy(), rcond=None)[0]

    model = trained(table, model_type="LINEAR_REG", input_label_cols=["price"], fit_intercept=False)

    np.testing.assert_allclose([w[0] for w in model.parameters.weights[0]], weights, rtol=1e-10)
    assert abs(model.parameters.raw_intercept(model.features, 0)) < 1e-8


def test_weights_of_a_categorical_column_add_up_to_zero():
    model = trained(cars().select(FEATURES), model_type="LINEAR_REG", input_label_cols=["price"])

    assert abs(sum(model.parameters.weights[0][0])) < 1e-8
    assert abs(sum(model.parameters.weights[0][1])) < 1e-8


def test_dummy_encoding_leaves_out_the_most_frequent_category():
    table = cars().select(FEATURES)
    names = table["fuel"].to_pylist()
    most = max(sorted(set(names)), key=names.count)

    model = trained(
        table,
        model_type="LINEAR_REG",
        input_label_cols=["price"],
        category_encoding_method="DUMMY_ENCODING",
    )

    fuel = dict(zip(model.features[0].categories, model.parameters.weights[0][0], strict=True))
    assert fuel[most] == 0.0
    np.testing.assert_allclose(scores(model, table)[0], least_squares(table), rtol=1e-11)


def test_almost_equal_columns_do_not_cost_digits():
    random = np.random.default_rng(1)
    x = random.normal(1_000_000, 1, 2_000)
    z = x + random.normal(0, 1e-4, 2_000)
    table = pa.table({"x": x, "z": z, "y": 3 * x - 2 * z + 7})

    model = trained(table, model_type="LINEAR_REG", input_label_cols=["y"])

    np.testing.assert_allclose(scores(model, table)[0], table["y"].to_numpy(), rtol=1e-13)
    np.testing.assert_allclose([w[0] for w in model.parameters.weights[0]], [3, -2], rtol=1e-6)


def test_a_column_that_repeats_another_changes_no_prediction():
    table = cars().select(FEATURES)
    doubled = table.append_column("again", table["fuel"]).append_column("same", table["year"])

    model = trained(doubled, model_type="LINEAR_REG", input_label_cols=["price"])

    np.testing.assert_allclose(scores(model, doubled)[0], least_squares(table), rtol=1e-11)


def test_a_constant_column_gets_no_weight():
    table = cars().select(FEATURES).append_column("wheels", pa.array([4] * 800))

    model = trained(table, model_type="LINEAR_REG", input_label_cols=["price"])

    assert model.parameters.weights[0][-1] == (0.0,)


def test_conjugate_gradients_agree_with_the_direct_solution(monkeypatch):
    table = cars(nulls=True).select(FEATURES)
    monkeypatch.setattr(linear, "DIRECT_SIZE", 3)

    model = trained(table, model_type="LINEAR_REG", input_label_cols=["price"])

    np.testing.assert_allclose(scores(model, table)[0], least_squares(table), rtol=1e-9)


def test_l2_shrinks_the_standardised_weights_by_its_closed_form():
    table = cars().select(["year", "mileage", "price"])
    raw = np.stack([table["year"].to_numpy(), table["mileage"].to_numpy()], axis=1)
    z = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    y = table["price"].to_numpy()
    expected = np.linalg.solve(z.T @ z / len(z) + 0.5 * np.eye(2), z.T @ (y - y.mean()) / len(z))

    model = trained(table, model_type="LINEAR_REG", input_label_cols=["price"], l2_reg=0.5)

    standardised = [w[0] for w in model.parameters.weights[0]] * raw.std(axis=0)
    np.testing.assert_allclose(standardised, expected, rtol=1e-10)


def test_l1_leads_to_gradient_descent_and_to_zeros():
    table = cars().select(FEATURES)

    model = trained(
        table,
        model_type="LINEAR_REG",
        input_label_cols=["price"],
        l1_reg=3_000.0,
        max_iterations=200,
        min_rel_progress=1e-6,
    )

    assert model.options.optimize_strategy == "BATCH_GRADIENT_DESCENT"
    assert (0.0, 0.0) == model.parameters.weights[0][1]


def test_gradient_descent_comes_close_to_least_squares():
    table = cars().select(FEATURES)

    model = trained(
        table,
        model_type="LINEAR_REG",
        input_label_cols=["price"],
        optimize_strategy="BATCH_GRADIENT_DESCENT",
        max_iterations=500,
        min_rel_progress=1e-12,
    )

    np.testing.assert_allclose(scores(model, table)[0], least_squares(table), rtol=1e-4)


def test_few_rows_for_many_categories_choose_gradient_descent():
    table = cars(rows=60).select(FEATURES)

    model = trained(table, model_type="LINEAR_REG", input_label_cols=["price"])

    assert model.options.optimize_strategy == "BATCH_GRADIENT_DESCENT"


@pytest.mark.parametrize("batch_rows", [7, 100, 5000])
def test_the_order_and_size_of_batches_do_not_change_the_model(batch_rows):
    table = cars(nulls=True).select(FEATURES)
    shuffled = table.take(np.random.default_rng(batch_rows).permutation(table.num_rows))
    options = {
        "model_type": "LINEAR_REG",
        "input_label_cols": ["price"],
        "data_split_method": "AUTO_SPLIT",
    }

    expected = trained(table, **options)
    model = trained(shuffled, batch_rows, **options)

    assert model.parameters.weights == expected.parameters.weights
    assert model.metrics == expected.metrics
