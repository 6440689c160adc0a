"""A model's training options as its REST resource holds them."""

from __future__ import annotations

from typing import Any

from emulator.ml.model import Model
from emulator.ml.options.base import SupervisedOptions
from emulator.ml.options.glm import GlmOptions
from emulator.ml.options.kmeans import KMeansOptions
from emulator.ml.options.pca import PcaOptions
from emulator.ml.options.time_series import TimeSeriesOptions
from emulator.ml.options.trees import TreeOptions

_SPLITS = {"SEQ": "SEQUENTIAL"}
_INITIALISATIONS = {"KMEANS++": "KMEANS_PLUS_PLUS"}


def training_options(model: Model) -> dict[str, Any]:
    """Return the options of the model's family, defaults included."""
    options = model.options
    if isinstance(options, GlmOptions):
        return _supervised(options) | _glm(options)
    if isinstance(options, TreeOptions):
        return _supervised(options) | _trees(options)
    if isinstance(options, KMeansOptions):
        return _kmeans(options)
    if isinstance(options, PcaOptions):
        return _pca(options)
    if isinstance(options, TimeSeriesOptions):
        return _time_series(options)
    return {}


def _supervised(options: SupervisedOptions) -> dict[str, Any]:
    """Return the options of every family that learns a label."""
    body: dict[str, Any] = {
        "minRelativeProgress": options.min_rel_progress,
        "earlyStop": options.early_stop,
        "inputLabelColumns": [options.label],
        "dataSplitMethod": _SPLITS.get(options.data_split_method, options.data_split_method),
        "enableGlobalExplain": options.enable_global_explain,
    }
    if options.data_split_method in ("RANDOM", "SEQ", "AUTO_SPLIT"):
        fraction = options.data_split_eval_fraction
        body["dataSplitEvalFraction"] = 0.2 if fraction is None else fraction
    if options.data_split_col is not None:
        body["dataSplitColumn"] = options.data_split_col
    if options.is_classifier:
        body["autoClassWeights"] = options.auto_class_weights
    if options.class_weights is not None:
        body["labelClassWeights"] = dict(options.class_weights)
    return body


def _glm(options: GlmOptions) -> dict[str, Any]:
    body: dict[str, Any] = {
        "lossType": "MEAN_LOG_LOSS" if options.is_classifier else "MEAN_SQUARED_LOSS",
        "maxIterations": str(options.max_iterations),
        "l1Regularization": options.l1_reg,
        "l2Regularization": options.l2_reg,
        "warmStart": options.warm_start,
        "learnRateStrategy": options.learn_rate_strategy,
        "calculatePValues": options.calculate_p_values,
        "categoryEncodingMethod": options.category_encoding_method,
        "fitIntercept": options.fit_intercept,
    }
    if options.learn_rate_strategy == "CONSTANT":
        body["learnRate"] = options.learn_rate
    else:
        body["initialLearnRate"] = options.ls_init_learn_rate
    if not options.is_classifier:
        body["optimizationStrategy"] = options.optimize_strategy
    return body


def _trees(options: TreeOptions) -> dict[str, Any]:
    chosen = options.settings
    body: dict[str, Any] = {
        "maxIterations": str(chosen.max_iterations),
        "l1Regularization": chosen.l1_reg,
        "l2Regularization": chosen.l2_reg,
        "learnRate": chosen.learn_rate,
        "boosterType": chosen.booster_type,
        "numParallelTree": str(chosen.num_parallel_tree),
        "maxTreeDepth": str(chosen.max_tree_depth),
        "treeMethod": chosen.tree_method,
        "minTreeChildWeight": str(chosen.min_tree_child_weight),
        "colsampleBytree": chosen.colsample_bytree,
        "colsampleBylevel": chosen.colsample_bylevel,
        "colsampleBynode": chosen.colsample_bynode,
        "minSplitLoss": chosen.min_split_loss,
        "subsample": chosen.subsample,
        "xgboostVersion": chosen.xgboost_version,
        "categoryEncodingMethod": options.category_encoding_method,
        "approxGlobalFeatureContrib": chosen.approximates_global_explain,
    }
    if chosen.booster_type == "DART":
        body |= {"dropout": chosen.dropout, "dartNormalizeType": chosen.dart_normalize_type}
    if options.instance_weight_col is not None:
        body["instanceWeightColumn"] = options.instance_weight_col
    return body


def _kmeans(options: KMeansOptions) -> dict[str, Any]:
    method = options.kmeans_init_method
    body: dict[str, Any] = {
        "maxIterations": str(options.max_iterations),
        "minRelativeProgress": options.min_rel_progress,
        "earlyStop": options.early_stop,
        "numClusters": str(options.num_clusters),
        "distanceType": options.distance_type,
        "kmeansInitializationMethod": _INITIALISATIONS.get(method, method),
        "standardizeFeatures": options.standardize_features,
        "warmStart": options.warm_start,
    }
    if options.kmeans_init_col is not None:
        body["kmeansInitializationColumn"] = options.kmeans_init_col
    return body


def _pca(options: PcaOptions) -> dict[str, Any]:
    body: dict[str, Any] = {
        "scaleFeatures": options.scale_features,
        "pcaSolver": options.pca_solver,
    }
    if options.pca_explained_variance_ratio is not None:
        body["pcaExplainedVarianceRatio"] = options.pca_explained_variance_ratio
    else:
        body["numPrincipalComponents"] = str(options.num_principal_components)
    return body


def _time_series(options: TimeSeriesOptions) -> dict[str, Any]:
    body: dict[str, Any] = {
        "timeSeriesTimestampColumn": options.time_series_timestamp_col,
        "timeSeriesDataColumn": options.time_series_data_col,
        "autoArima": options.auto_arima,
        "horizon": str(options.horizon),
        "dataFrequency": options.data_frequency,
        "includeDrift": options.include_drift,
        "cleanSpikesAndDips": options.clean_spikes_and_dips,
        "adjustStepChanges": options.adjust_step_changes,
        "decomposeTimeSeries": options.decompose_time_series,
    }
    if options.time_series_id_col:
        body["timeSeriesIdColumns"] = list(options.time_series_id_col)
    if options.auto_arima:
        body["autoArimaMaxOrder"] = str(options.settings.auto_arima_max_order)
        body["autoArimaMinOrder"] = str(options.settings.auto_arima_min_order)
    if options.non_seasonal_order is not None:
        body["nonSeasonalOrder"] = dict(
            zip("pdq", map(str, options.non_seasonal_order), strict=True)
        )
    if len(options.holiday_region) == 1:
        body["holidayRegion"] = options.holiday_region[0]
    elif options.holiday_region:
        body["holidayRegions"] = list(options.holiday_region)
    return body | _limits(options)


def _limits(options: TimeSeriesOptions) -> dict[str, Any]:
    """Return the options without a default, where the statement gave them; int64 are texts."""
    lengths = {
        "minTimeSeriesLength": options.min_time_series_length,
        "maxTimeSeriesLength": options.max_time_series_length,
        "trendSmoothingWindowSize": options.trend_smoothing_window_size,
    }
    numbers = {
        "timeSeriesLengthFraction": options.time_series_length_fraction,
        "forecastLimitLowerBound": options.forecast_limit_lower_bound,
        "forecastLimitUpperBound": options.forecast_limit_upper_bound,
    }
    given = {name: str(value) for name, value in lengths.items() if value is not None}
    return given | {name: value for name, value in numbers.items() if value is not None}
