"""Two hundred malformed ML statements out of a grammar: each is an error of BigQuery's form.

Each statement is a right one with one thing wrong. A seed makes them the same in every run.
"""

from __future__ import annotations

import random
import re
import time

import pytest
from google.api_core.exceptions import BadRequest, Conflict, GoogleAPICallError, NotFound

COUNT = 200
SECONDS = 20
REASONS = {"invalidQuery", "notFound", "duplicate", "invalid"}

OPTIONS = {
    "linear_reg": ["input_label_cols = ['price']", "l2_reg = 0.1", "max_iterations = 3"],
    "logistic_reg": ["input_label_cols = ['dear']", "auto_class_weights = true"],
    "boosted_tree_regressor": ["input_label_cols = ['price']", "max_tree_depth = 3"],
    "kmeans": ["num_clusters = 3", "standardize_features = true"],
    "pca": ["num_principal_components = 2", "scale_features = false"],
}
WRONG_VALUES = ["-1", "''", "'nope'", "[]", "[1, 2]", "struct(1)", "date '2020-01-01'", "null"]
CALLS = {
    "predict": "ml.predict(model price, table cars)",
    "evaluate": "ml.evaluate(model dear, (select * from cars), struct(0.5 as threshold))",
    "explain_predict": "ml.explain_predict(model price, table cars, struct(2 as top_k_features))",
    "weights": "ml.weights(model price, struct(true as standardize))",
    "roc_curve": "ml.roc_curve(model dear, table cars, [0.1, 0.9])",
    "confusion_matrix": "ml.confusion_matrix(model segment, table cars)",
    "training_info": "ml.training_info(model price)",
    "feature_info": "ml.feature_info(model price)",
    "global_explain": "ml.global_explain(model price)",
}
GARBAGE = ["%%", ")", "(", "]", "select", "'open", "model", "@@", ";;", "struct(", "`", "/*"]


def wrong_option(pick: random.Random) -> str:
    kind = pick.choice(sorted(OPTIONS))
    options = [f"model_type = '{kind}'", *OPTIONS[kind]]
    at = pick.randrange(len(options))
    name = options[at].split(" = ")[0]
    value = pick.choice([one for one in WRONG_VALUES if not (name == "l2_reg" and one == "null")])
    options[at] = f"{name} = {value}"
    return f"create model never options({', '.join(options)}) as select * from cars"


def unknown_option(pick: random.Random) -> str:
    kind = pick.choice(sorted(OPTIONS))
    name = pick.choice(["l2reg", "clusters", "optimizer", "num_trials", "budget_hours", "x y"])
    options = [f"model_type = '{kind}'", *OPTIONS[kind], f"{name} = 1"]
    pick.shuffle(options)
    return f"create model never options({', '.join(options)}) as select * from cars"


def broken_create(pick: random.Random) -> str:
    kind = pick.choice(sorted(OPTIONS))
    options = f"options(model_type = '{kind}', {', '.join(OPTIONS[kind])})"
    words = ["create", "model", "never", options, "as", "select * from cars"]
    fault = pick.randrange(4)
    if fault == 0:
        del words[pick.choice([2, 3, 4])]
    elif fault == 1:
        words.insert(pick.choice([2, 3, 4]), pick.choice(GARBAGE))
    elif fault == 2:
        words[1] = pick.choice(["or replace model if not exists", "model if exists", "models"])
    else:
        words[-1] = pick.choice(
            ["select", "select nope from cars", "select * from nope", "cars", "", "select 1 +"]
        )
    return " ".join(words)


def wrong_data(pick: random.Random) -> str:
    kind, label = pick.choice([("linear_reg", "price"), ("logistic_reg", "dear")])
    query = pick.choice(
        [
            "select year from cars",
            f"select {label} from cars",
            f"select year, null as {label} from cars",
            f"select year, {label}, year from cars",
            f"select year, [{label}] as {label} from cars",
            f"select cast(null as int64) as year, {label} from cars",
            f"select year, {label} from cars where false",
            f"select sqrt(-year) as x, {label} from cars",
            f"select 1 / 0 as x, {label} from cars",
        ]
    )
    return (
        f"create model never options(model_type = '{kind}', input_label_cols = ['{label}']) "
        f"as {query}"
    )


def broken_transform(pick: random.Random) -> str:
    clause = pick.choice(
        ["", "year", "year + 1, price", "max(year) as y, price", "nope, price", "* , price",
         "ml.standard_scaler(year) as y, price", "ml.bucketize(year) as y, price",
         "ml.imputer(year, 'x') over() as y, price", "(select 1) as y, price", "price * 2 as price"]
    )  # fmt: skip
    return (
        f"create model never transform({clause}) options(model_type = 'linear_reg', "
        "input_label_cols = ['price']) as select * from cars"
    )


def broken_call(pick: random.Random) -> str:
    call = CALLS[pick.choice(sorted(CALLS))]
    fault = pick.randrange(6)
    if fault == 0:
        call = call.replace("model ", pick.choice(["", "model nope.", "table ", "model 1"]), 1)
    elif fault == 1:
        call = re.sub(r"ml\.\w+", f"ml.{pick.choice(['predicts', 'score', 'train', 'x'])}", call)
    elif fault == 2:
        call = call[:-1] + ", struct(1 as nope))"
    elif fault == 3:
        at = call.index("(") + 1
        call = call[:at] + pick.choice(GARBAGE) + " " + call[at:]
    elif fault == 4:
        call = call[: -pick.randrange(1, 8)]
    else:
        call = call[:-1] + pick.choice([", table nope)", ", 'x', 'y')", ", @missing)", ", model)"])
    return f"select * from {call}"


def wrong_call(pick: random.Random) -> str:
    return "select * from " + pick.choice(
        [
            "ml.roc_curve(model price, table cars)",
            "ml.confusion_matrix(model price)",
            "ml.centroids(model price)",
            "ml.principal_components(model dear)",
            "ml.feature_importance(model price)",
            "ml.transform(model price, table cars)",
            "ml.reconstruction_loss(model price, table cars)",
            "ml.advanced_weights(model price)",
            "ml.detect_anomalies(model price, struct(0.1 as contamination), table cars)",
            "ml.predict(model price, (select 1 as x))",
            "ml.predict(model price, (select 'x' as year, fuel, box, mileage from cars))",
            "ml.predict(model price, struct(0.5 as threshold), table cars)",
            "ml.evaluate(model dear, table cars, struct(2 as threshold))",
            "ml.evaluate(model dear, struct(0.5 as threshold))",
            "ml.explain_predict(model price, table cars, struct(0 as top_k_features))",
            "ml.explain_predict(model price)",
            "ml.generate_text(model price, table cars)",
        ]
    )


def wrong_change(pick: random.Random) -> str:
    return pick.choice(
        [
            "drop model",
            "drop model nope",
            "drop models price",
            "drop model price price",
            "alter model price",
            "alter model price set options",
            "alter model price set options(nope = 1)",
            "alter model price set options(labels = 'x')",
            "alter model price set options(labels = [('A b', 'c')])",
            "alter model nope set options(description = 'x')",
            "alter model price set options(description = 1)",
            "alter model price set options(expiration_timestamp = 'soon')",
            "create model price options(model_type = 'linear_reg') as select 1 as label, 2 as x",
            "create model cars options(model_type = 'linear_reg') as select 1 as label, 2 as x",
            "create model `a b` options(model_type = 'linear_reg') as select 1 as label, 2 as x",
            "create view never (a) as select * from ml.weights(model price)",
            "create function never() as ((select weight from ml.weights(model price) limit 1))",
        ]
    )


def wrong_preprocessing(pick: random.Random) -> str:
    expression = pick.choice(
        [
            "ml.standard_scaler(year)",
            "ml.standard_scaler(fuel) over()",
            "ml.min_max_scaler(year) over(order by year)",
            "ml.quantile_bucketize(year, 0) over()",
            "ml.label_encoder(year) over()",
            "ml.one_hot_encoder(fuel, 'x') over()",
            "ml.bucketize(year, 'x')",
            "ml.hash_bucketize(year, 3)",
            "ml.ngrams(fuel, 2)",
            "ml.lp_norm([1.0], -1)",
            "ml.distance([1], [1, 2])",
            "ml.polynomial_expand(year)",
            "ml.feature_cross(struct(fuel))",
            "ml.tf_idf(fuel)",
        ]
    )
    return f"select {expression} as x from cars"


KINDS = (
    wrong_option, unknown_option, broken_create, wrong_data, broken_transform, broken_call,
    broken_call, wrong_call, wrong_change, wrong_preprocessing,
)  # fmt: skip


def statements() -> list[str]:
    pick = random.Random(20_261_123)
    found: list[str] = []
    for number in range(100 * COUNT):
        statement = KINDS[number % len(KINDS)](pick)
        if statement not in found:
            found.append(statement)
        if len(found) == COUNT:
            return found
    raise AssertionError("the grammar is too small")


@pytest.fixture(scope="module")
def models(client) -> set[str]:
    return {model.model_id for model in client.list_models("ml_wire")}


@pytest.mark.parametrize("statement", statements())
def test_a_malformed_statement_is_refused_as_bigquery_refuses(ask, models, statement):
    started = time.monotonic()

    with pytest.raises(GoogleAPICallError) as caught:
        ask(statement)

    assert isinstance(caught.value, BadRequest | NotFound | Conflict), caught.value
    assert time.monotonic() - started < SECONDS
    assert caught.value.message.strip()
    assert {error.get("reason") for error in caught.value.errors} <= REASONS
    assert "Traceback" not in str(caught.value)


def test_nothing_was_made_and_everything_still_answers(client, ask, models):
    assert {model.model_id for model in client.list_models("ml_wire")} == models
    assert ask("select count(*) as n from ml.predict(model price, table cars)") == [{"n": 800}]
