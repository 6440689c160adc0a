"""Logistic models against a plain re-implementation that shares no code with the engine."""

import numpy as np
import pytest

from emulator.ml.data.features import NULL_CATEGORY
from tests.emulator.ml.training import cars, chances, dense, trained

FEATURES = ["fuel", "box", "year", "mileage"]


def descend_densely(table, label, rounds=20, weight_of=None, one_score=False):
    """Return class probabilities (rows, classes) by the recipe, with dense matrices."""
    design, names = dense(table)
    numbers = [n for n, name in enumerate(names) if "=" not in name]
    design[:, numbers] -= design[:, numbers].mean(axis=0)
    design = np.column_stack([np.ones(len(design)), design])
    scale = np.sqrt((design**2).mean(axis=0))
    for n in numbers:  # the deviation is that of the values that are there
        known = np.array(table[names[n]].drop_null().to_pylist(), dtype=float)
        scale[n + 1] = known.std()
    design = design / scale
    classes = sorted(set(label))
    truth = np.array([[float(value == one) for one in classes] for value in label])
    rows = np.array([weight_of[value] for value in label]) if weight_of else np.ones(len(label))
    rows = rows / rows.sum()

    def probabilities(weights):
        if one_score:
            positive = 1 / (1 + np.exp(-design @ weights[:, 0]))
            return np.column_stack([1 - positive, positive])
        powers = np.exp(design @ weights)
        return powers / powers.sum(axis=1, keepdims=True)

    def loss(weights):
        return -(rows * np.log((probabilities(weights) * truth).sum(axis=1))).sum()

    weights = np.zeros((design.shape[1], 1 if one_score else len(classes)))
    rate, before, losses = 0.1, loss(weights), []
    for _ in range(rounds):
        error = (
            (probabilities(weights) - truth)[:, -1:]
            if one_score
            else (probabilities(weights) - truth)
        )
        slope = design.T @ (rows[:, None] * error)
        rate = min((f * rate for f in (2, 1, 0.5, 0.25)), key=lambda r: loss(weights - r * slope))
        weights = weights - rate * slope
        losses.append(loss(weights))
        if (before - losses[-1]) / before < 0.01:
            break
        before = losses[-1]
    return probabilities(weights), losses


@pytest.mark.parametrize("nulls", [False, True], ids=["complete", "with nulls"])
def test_more_than_two_classes_follow_the_softmax_recipe(nulls):
    table = cars(nulls=nulls)
    expected, losses = descend_densely(table, table["segment"].to_pylist())

    model = trained(
        table.select([*FEATURES, "segment"]),
        model_type="LOGISTIC_REG",
        input_label_cols=["segment"],
    )

    np.testing.assert_allclose([step.loss for step in model.iterations], losses, rtol=1e-12)
    np.testing.assert_allclose(chances(model, table).T, expected, rtol=1e-9)


def test_two_classes_follow_the_sigmoid_recipe():
    table = cars()
    expected, losses = descend_densely(table, table["dear"].to_pylist(), one_score=True)

    model = trained(
        table.select([*FEATURES, "dear"]), model_type="LOGISTIC_REG", input_label_cols=["dear"]
    )

    assert model.classes == ("High", "Low")
    np.testing.assert_allclose([step.loss for step in model.iterations], losses, rtol=1e-12)
    np.testing.assert_allclose(chances(model, table).T, expected, rtol=1e-9)


def test_automatic_class_weights_balance_the_classes():
    table = cars()
    label = table["segment"].to_pylist()
    weights = {one: len(label) / (label.count(one) * 3) for one in set(label)}
    expected, _ = descend_densely(table, label, weight_of=weights)

    model = trained(
        table.select([*FEATURES, "segment"]),
        model_type="LOGISTIC_REG",
        input_label_cols=["segment"],
        auto_class_weights=True,
    )

    np.testing.assert_allclose(chances(model, table).T, expected, rtol=1e-9)


def test_given_class_weights_weigh_their_rows():
    table = cars()
    weights = {"High": 3.0, "Low": 0.5}
    expected, _ = descend_densely(
        table, table["dear"].to_pylist(), weight_of=weights, one_score=True
    )

    model = trained(
        table.select([*FEATURES, "dear"]),
        model_type="LOGISTIC_REG",
        input_label_cols=["dear"],
        class_weights=list(weights.items()),
    )

    np.testing.assert_allclose(chances(model, table).T, expected, rtol=1e-9)


def test_a_constant_rate_is_used_as_it_is():
    model = trained(
        cars().select([*FEATURES, "dear"]),
        model_type="LOGISTIC_REG",
        input_label_cols=["dear"],
        learn_rate_strategy="CONSTANT",
        learn_rate=0.3,
        early_stop=False,
        max_iterations=5,
    )

    assert [step.learning_rate for step in model.iterations] == [0.3] * 5


def test_nulls_of_a_category_are_a_category_and_unseen_ones_count_nothing():
    table = cars(nulls=True).select([*FEATURES, "dear"])
    model = trained(table, model_type="LOGISTIC_REG", input_label_cols=["dear"])
    fuel = model.features[0]

    positions = fuel.encode(table["fuel"].combine_chunks())

    assert fuel.categories == ("Diesel", "Electric", "Petrol", NULL_CATEGORY)
    nulls = [value is None for value in table["fuel"].to_pylist()]
    assert (positions[nulls] == 3).all()
    assert list(fuel.encode(table["box"].combine_chunks()[:2])) == [4, 4]


def test_half_a_million_to_one_does_not_overflow():
    table = cars().select([*FEATURES, "dear"])

    model = trained(
        table,
        model_type="LOGISTIC_REG",
        input_label_cols=["dear"],
        early_stop=False,
        max_iterations=50,
        ls_init_learn_rate=1e6,
    )

    assert np.isfinite(chances(model, table)).all()
