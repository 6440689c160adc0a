import pytest

from emulator.ml.errors import NotEmulated, OptionError
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
