"""ML.ADVANCED_WEIGHTS against statsmodels, which fits the same dummy-encoded designs."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from google.api_core.exceptions import BadRequest

P_VALUES = "calculate_p_values = true, category_encoding_method = 'dummy_encoding'"
FEATURES = "fuel, box, year, mileage"


@pytest.fixture
def advanced(ask):
    def run(kind, label, extra="", standardize=False):
        ask(
            f"create or replace model careful options(model_type = '{kind}', {P_VALUES}, {extra} "
            f"input_label_cols = ['{label}'], data_split_method = 'no_split') "
            f"as select {FEATURES}, {label} from cars"
        )
        scaled = f"struct({standardize} as standardize)"
        rows = ask(f"select * from ml.advanced_weights(model careful, {scaled})")
        return {(one["processed_input"], one["category"]): one for one in rows}

    return run


@pytest.fixture
def rows(ask):
    return ask(f"select {FEATURES}, price, dear from cars")


def dummies(rows, found, centred=True):
    """Return statsmodels' design with the intercept first, and the keys of its columns."""
    columns, keys = [np.ones(len(rows))], [("__INTERCEPT__", None)]
    for name in ("fuel", "box", "year", "mileage"):
        values = [row[name] for row in rows]
        if name in ("year", "mileage"):
            numbers = np.array([math.nan if one is None else float(one) for one in values])
            numbers = np.where(np.isnan(numbers), np.nanmean(numbers), numbers)
            columns.append(numbers - numbers.mean() * centred)
            keys.append((name, None))
            continue
        for (owner, category), one in found.items():
            if owner == name and not math.isnan(one["standard_error"]):
                value = None if category == "_null_filler" else category
                columns.append(np.array([float(each == value) for each in values]))
                keys.append((owner, category))
    return np.stack(columns, axis=1), keys


def test_errors_of_a_linear_model_are_those_of_least_squares(advanced, rows):
    found = advanced("linear_reg", "price", "optimize_strategy = 'normal_equation',")
    design, keys = dummies(rows, found)

    fit = sm.OLS(np.array([row["price"] for row in rows]), design).fit()

    for key, weight, error in list(zip(keys, fit.params, fit.bse, strict=True))[1:]:
        assert found[key]["weight"] == pytest.approx(weight, rel=1e-7), key
        assert found[key]["standard_error"] == pytest.approx(error, rel=1e-8), key
        expected = math.erfc(abs(weight / error) / math.sqrt(2))
        assert found[key]["p_value"] == pytest.approx(expected, rel=1e-5, abs=1e-300)
    assert found["__INTERCEPT__", None]["standard_error"] is None
    assert found["__INTERCEPT__", None]["p_value"] is None
    dropped = [one for one in found.values() if one["category"] and math.isnan(one["p_value"])]
    assert len(dropped) == 2 and all(one["weight"] == 0.0 for one in dropped)


def test_errors_of_a_logistic_model_are_those_of_its_likelihood(advanced, rows):
    extra = "max_iterations = 3000, early_stop = false,"
    found = advanced("logistic_reg", "dear", extra)
    design, keys = dummies(rows, found)
    label = np.array([row["dear"] == "Low" for row in rows], dtype=float)

    fit = sm.Logit(label, design).fit(disp=0, tol=1e-12)

    for key, weight, error in list(zip(keys, fit.params, fit.bse, strict=True))[1:]:
        assert found[key]["weight"] == pytest.approx(weight, rel=1e-3, abs=1e-3), key
        assert found[key]["standard_error"] == pytest.approx(error, rel=1e-3), key


def test_standardized_weights_have_an_error_for_the_intercept(advanced, rows):
    plain = advanced("linear_reg", "price")
    scaled = advanced("linear_reg", "price", standardize=True)
    spread = np.nanstd([math.nan if r["mileage"] is None else r["mileage"] for r in rows])

    ratio = scaled["mileage", None]["standard_error"] / plain["mileage", None]["standard_error"]
    assert ratio == pytest.approx(spread)
    assert scaled["mileage", None]["p_value"] == pytest.approx(plain["mileage", None]["p_value"])
    assert scaled["__INTERCEPT__", None]["standard_error"] > 0


def test_models_without_p_values_are_refused(ask):
    with pytest.raises(BadRequest, match="was not trained with CALCULATE_P_VALUES"):
        ask("select * from ml.advanced_weights(model price)")
    with pytest.raises(BadRequest, match=r"multiclass logistic regression.*3 classes"):
        ask(
            f"create model never options(model_type = 'logistic_reg', {P_VALUES}, "
            f"input_label_cols = ['segment']) as select {FEATURES}, segment from cars"
        )
