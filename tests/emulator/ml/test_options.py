import pytest

from emulator.ml.errors import NotEmulated, OptionError, StatementError
from emulator.ml.literals import read_options
from emulator.ml.options import read_training_options
from emulator.ml.syntax import Source


def read(text):
    values, _ = read_options(Source(f"({text})"), 0)
    return read_training_options(values)


def test_defaults_are_those_of_the_manual():
    options = read("model_type = 'linear_reg'")

    assert options.label == "label"
    assert options.data_split_method == "AUTO_SPLIT"
    assert (options.max_iterations, options.min_rel_progress) == (20, 0.01)
    assert (options.learn_rate_strategy, options.ls_init_learn_rate) == ("LINE_SEARCH", 0.1)
    assert options.early_stop and options.fit_intercept


def test_values_of_every_kind_are_read():
    options = read(
        "MODEL_TYPE='LOGISTIC_REG', input_label_cols=['a b'], l2_reg=.5, max_iterations=7,"
        ' early_stop=FALSE, class_weights=[("x", 0.2), STRUCT("y", 1)], data_split_method="seq",'
        " data_split_col='day', data_split_eval_fraction=2e-1, learn_rate_strategy='constant',"
        " learn_rate=0.4, category_encoding_method='dummy_encoding'"
    )

    assert options.label == "a b"
    assert options.class_weights == (("x", 0.2), ("y", 1.0))
    assert (options.l2_reg, options.learn_rate, options.early_stop) == (0.5, 0.4, False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_iterations=3", "MODEL_TYPE is missing"),
        ("model_type='linear_reg', l2reg=1", "Unknown option: l2reg. Did you mean L2_REG"),
        ("model_type='linear'", "Invalid value for option MODEL_TYPE: 'LINEAR'"),
        ("model_type='linear_reg', max_iterations=0", "MAX_ITERATIONS: 0. Expected an INT64"),
        ("model_type='linear_reg', l1_reg=-1", "L1_REG: -1. Expected a number of at least 0"),
        ("model_type='linear_reg', early_stop='yes'", "EARLY_STOP: 'yes'. Expected TRUE or FALSE"),
        ("model_type='linear_reg', input_label_cols='y'", "an ARRAY with the name of one column"),
        ("model_type='linear_reg', input_label_cols=['a','b']", "one column"),
        ("model_type='linear_reg', learn_rate=0.1", "LEARN_RATE can only be set when"),
        ("model_type='linear_reg', auto_class_weights=true", "only apply to classification"),
        ("model_type='logistic_reg', optimize_strategy='normal_equation'", "only applies to LIN"),
        (
            "model_type='logistic_reg', auto_class_weights=true, class_weights=[('a',1)]",
            "CLASS_WEIGHTS cannot be set",
        ),
        (
            "model_type='linear_reg', l1_reg=1, optimize_strategy='normal_equation'",
            "cannot be used with L1_REG",
        ),
        ("model_type='linear_reg', calculate_p_values=true", "CALCULATE_P_VALUES needs CATEGORY"),
        ("model_type='linear_reg', num_clusters=3", "NUM_CLUSTERS is not supported for model type"),
        ("model_type='linear_reg', max_iterations=null", "MAX_ITERATIONS: NULL. Expected"),
        ("model_type='linear_reg', max_iterations=true", "MAX_ITERATIONS: TRUE. Expected"),
        ("model_type='linear_reg', l1_reg=(1, 'a')", r"L1_REG: \(1, 'a'\)\. Expected"),
        ("model_type='linear_reg', l1_reg=[null, 0.5]", r"L1_REG: \[NULL, 0\.5\]\. Expected"),
        ("model_type='pca'", "none was given"),
        (
            "model_type='pca', num_principal_components=2, pca_explained_variance_ratio=0.5",
            "both were given",
        ),
        (
            "model_type='random_forest_regressor', subsample=1.0",
            "SUBSAMPLE: 1.0. Expected a number above 0 and below 1",
        ),
        ("model_type='random_forest_regressor', subsample=0", "SUBSAMPLE: 0. Expected"),
        (
            "model_type='boosted_tree_regressor', approx_global_feature_contrib=true",
            "can only be TRUE when ENABLE_GLOBAL_EXPLAIN",
        ),
        (
            "model_type='arima_plus', forecast_limit_lower_bound='0'",
            "FORECAST_LIMIT_LOWER_BOUND: '0'. Expected a finite FLOAT64",
        ),
        ("model_type='kmeans', num_clusters=1", "NUM_CLUSTERS: 1. Expected an INT64 from 2 to 100"),
        ("model_type='linear_reg', data_split_method='custom'", "DATA_SPLIT_COL is required"),
        ("model_type='linear_reg', data_split_col='x'", "DATA_SPLIT_COL can only be set"),
        ("model_type='linear_reg', data_split_eval_fraction=0.2", "can only be set when"),
        (
            "model_type='linear_reg', data_split_method='random', data_split_eval_fraction=1",
            "Expected a number above 0 and below 1",
        ),
    ],
)
def test_impossible_options_are_refused_by_name(text, message):
    with pytest.raises(OptionError, match=message):
        read(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("model_type='autoencoder'", "MODEL_TYPE = 'AUTOENCODER'"),
        ("model_type='linear_reg', num_trials=3", "NUM_TRIALS"),
        ("model_type='linear_reg', l1_reg=hparam_range(0, 5)", "Hyperparameter tuning"),
        ("model_type='linear_reg', warm_start=true", "WARM_START"),
        ("model_type='linear_reg', model_registry='vertex_ai'", "MODEL_REGISTRY"),
        ("model_type='linear_reg', kms_key_name='k'", "KMS_KEY_NAME"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(text, name):
    with pytest.raises(NotEmulated, match=name):
        read(text)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("(5)", 5),
        ("((0x1F))", 31),
        ("-0x10", -16),
        ("- 7", -7),
        ("-9223372036854775808", -(2**63)),
        (".5e1", 5.0),
        ("ARRAY['a', 'b']", ["a", "b"]),
        ("ARRAY<STRING>['a']", ["a"]),
        ("ARRAY<STRUCT<STRING, FLOAT64>>[('a', 1.0), ('b', 2)]", [("a", 1.0), ("b", 2)]),
        ("[STRUCT<STRING, FLOAT64>('a', 1.0)]", [("a", 1.0)]),
        ("[STRUCT('a' AS l, 1.0 AS w)]", [("a", 1.0)]),
        ("STRUCT(1)", (1,)),
        (r"'\u00e9\x41\101\n\''", "\u00e9AA\n'"),
        (r"r'\u00e9\n'", r"\u00e9\n"),
        ("'''it's'''", "it's"),
        ('"""a "b" c"""', 'a "b" c'),
    ],
)
def test_constants_are_read_as_googlesql_writes_them(written, value):
    values, _ = read_options(Source(f"(x = {written}, y = 1)"), 0)

    assert values == {"x": value, "y": 1}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("x = 9223372036854775808", "Invalid integer literal: 9223372036854775808"),
        ("x = -9223372036854775809", "Invalid integer literal: -9223372036854775809"),
        (f"x = {'9' * 5000}", "Invalid integer literal"),
        ("x = 1e400", "Invalid floating point literal: 1e400"),
        (r"x = '\q'", r"Illegal escape sequence: \\q"),
        (r"x = '\ud800'", "is no character"),
        ("'x' = 1", "Expected the name of an option, found the string 'x'"),
        ("x = ", "Expected a value"),
    ],
)
def test_no_literal_beyond_googlesql_is_read(written, message):
    with pytest.raises(StatementError, match=message):
        read_options(Source(f"({written})"), 0)


def test_approx_global_feature_contrib_may_be_false_by_itself():
    options = read("model_type='boosted_tree_regressor', approx_global_feature_contrib=false")

    assert options.approx_global_feature_contrib is False
