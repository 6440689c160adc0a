"""Tree models over the wire: statements, functions and what they must agree on."""

import pytest
from google.api_core.exceptions import BadRequest

FEATURES = "fuel, box, year, mileage"
TYPES = {
    "boosted": ("boosted_tree", ""),
    "forest": ("random_forest", ", num_parallel_tree = 20"),
    "dart": ("boosted_tree", ", booster_type = 'dart', dropout = 0.1, subsample = 0.8"),
}


@pytest.fixture(params=sorted(TYPES))
def grow(ask, request):
    """Train a tree model and return its name."""
    prefix, extra = TYPES[request.param]

    def run(label: str, options: str = "") -> str:
        kind = "regressor" if label == "price" else "classifier"
        name = f"{request.param}_{label}"
        ask(
            f"create or replace model {name} options(model_type = '{prefix}_{kind}', "
            f"input_label_cols = ['{label}'], data_split_method = 'no_split', "
            f"enable_global_explain = true{extra}{options}) as select {FEATURES}, {label} from cars"
        )
        return name

    return run


@pytest.mark.parametrize("label", ["price", "dear", "segment"])
def test_attributions_add_up_to_the_prediction_of_every_row(ask, grow, label):
    name = grow(label)
    settings = "struct(4 as top_k_features)"

    rows = ask(f"select * from ml.explain_predict(model {name}, table cars, {settings})")

    assert len(rows) == 800
    for row in rows:
        parts = sum(one["attribution"] for one in row["top_feature_attributions"])
        total = parts + row["baseline_prediction_value"]
        assert total == pytest.approx(row["prediction_value"], rel=1e-4, abs=1e-4)
    if label == "price":
        assert all(row["prediction_value"] == row["predicted_price"] for row in rows)


def test_approximate_attributions_add_up_too_and_differ(ask, grow):
    name = grow("price")
    sql = "select * from ml.explain_predict(model {}, table cars, struct({} as top_k_features{}))"
    fast = ask(sql.format(name, 4, ", true as approx_feature_contrib"))
    exact = ask(sql.format(name, 4, ""))

    for row in fast:
        parts = sum(one["attribution"] for one in row["top_feature_attributions"])
        total = parts + row["baseline_prediction_value"]
        assert total == pytest.approx(row["prediction_value"], rel=1e-4)
    assert [r["top_feature_attributions"] for r in fast] != [
        r["top_feature_attributions"] for r in exact
    ]


def test_functions_of_classifiers_agree(ask, grow):
    name = grow("dear")

    (metrics,) = ask(f"select * from ml.evaluate(model {name}, table cars)")
    assert ask(f"select * from ml.evaluate(model {name})") == [pytest.approx(metrics)]
    matrix = ask(f"select * from ml.confusion_matrix(model {name})")
    right = sum(row[row["expected_label"]] for row in matrix)
    assert metrics["accuracy"] == pytest.approx(right / 800)
    rows = ask(f"select * from ml.predict(model {name}, table cars)")
    assert sum(row["predicted_dear"] == row["dear"] for row in rows) == right
    for row in rows:
        assert sum(one["prob"] for one in row["predicted_dear_probs"]) == pytest.approx(1.0)
    assert ask(f"select max(recall) as r from ml.roc_curve(model {name})") == [{"r": 1.0}]


def test_explanations_rank_what_matters(ask, grow):
    name = grow("price")

    by_share = ask(f"select * from ml.global_explain(model {name})")
    by_split = ask(f"select * from ml.feature_importance(model {name})")

    assert {one["feature"] for one in by_share} == {one["feature"] for one in by_split}
    assert {by_share[0]["feature"], by_share[1]["feature"]} == {"year", "mileage"}
    assert all(one["importance_weight"] >= 0 for one in by_split)
    box = next(one for one in by_split if one["feature"] == "box")
    year = next(one for one in by_split if one["feature"] == "year")
    assert year["importance_gain"] > box["importance_gain"]


@pytest.mark.parametrize("method", ["one_hot_encoding", "target_encoding", "label_encoding"])
def test_categories_are_encoded_as_asked(ask, method):
    for label, kind in (("price", "regressor"), ("segment", "classifier")):
        ask(
            f"create or replace model encoded options(model_type = 'boosted_tree_{kind}', "
            f"category_encoding_method = '{method}', input_label_cols = ['{label}'], "
            f"data_split_method = 'no_split') as select {FEATURES}, {label} from cars"
        )
        metric = "r2_score" if label == "price" else "accuracy"
        (row,) = ask(f"select {metric} as m from ml.evaluate(model encoded)")
        assert row["m"] > 0.8
        (unseen,) = ask(
            f"select predicted_{label} as p from ml.predict(model encoded, "
            "(select 'Steam' as fuel, 'Manual' as box, 2015 as year, null as mileage))"
        )
        assert unseen["p"] is not None


def test_weights_make_rows_count(ask):
    ask(
        "create or replace model weighted options(model_type = 'boosted_tree_regressor', "
        "input_label_cols = ['y'], instance_weight_col = 'w', data_split_method = 'no_split') as "
        "select 1 as x, 10.0 * mod(n, 2) as y, 1.0 - mod(n, 2) as w "
        "from unnest(generate_array(1, 100)) as n"
    )

    (row,) = ask("select predicted_y as p from ml.predict(model weighted, (select 1 as x))")
    assert row["p"] == pytest.approx(0.0, abs=0.1)


def test_the_resource_shows_the_options(client, grow):
    name = grow("price")

    options = client.get_model(f"ml_wire.{name}").training_runs[0]["trainingOptions"]
    assert options["numParallelTree"] == ("20" if name.startswith("forest") else "1")
    assert options["maxTreeDepth"] == ("15" if name.startswith("forest") else "6")
    assert options["xgboostVersion"] == "0.9"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("boosted_tree_regressor', subsample = 1.5", "SUBSAMPLE: 1.5. Expected .* at most 1"),
        ("boosted_tree_regressor', dropout = 0.5", "can only be set when BOOSTER_TYPE is 'DART'"),
        ("boosted_tree_regressor', xgboost_version = '1.7'", "XGBOOST_VERSION"),
        ("random_forest_regressor', num_parallel_tree = 1", "NUM_PARALLEL_TREE: 1"),
        ("random_forest_regressor', learn_rate = 0.1", "LEARN_RATE is not supported for model"),
        ("boosted_tree_regressor', class_weights = [('a', 1.0)]", "only apply to classification"),
        ("boosted_tree_regressor', instance_weight_col = 'price'", "cannot be the label"),
        ("boosted_tree_regressor', instance_weight_col = 'fuel'", '"fuel" has type STRING'),
    ],
)
def test_impossible_options_are_refused(ask, options, message):
    with pytest.raises(BadRequest, match=message):
        ask(
            f"create model never options(model_type = '{options}, input_label_cols = ['price']) "
            f"as select {FEATURES}, price from cars"
        )
