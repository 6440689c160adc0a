"""Causes that the model tells: its options, its training rows, its weights."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

from export import pipelines
from export.answers import BASELINE
from export.causes.case import Case
from export.examination import Candidate
from export.parity import TOLERANCE
from export.responses import explanation
from export.study import Study

# The option of a model, as its resource names what it was trained with.
TRAINED = {
    "l1_reg": "l1Regularization",
    "l2_reg": "l2Regularization",
    "max_iterations": "maxIterations",
    "min_rel_progress": "minRelativeProgress",
    "learn_rate": "learnRate",
    "max_tree_depth": "maxTreeDepth",
    "num_parallel_tree": "numParallelTree",
    "subsample": "subsample",
    "min_split_loss": "minSplitLoss",
    "min_tree_child_weight": "minTreeChildWeight",
    "num_clusters": "numClusters",
    "distance_type": "distanceType",
    "standardize_features": "standardizeFeatures",
    "scale_features": "scaleFeatures",
}
# What ML.CENTROIDS and ML.PRINCIPAL_COMPONENTS do not tell is read from dbt's project.
READ = ("KMEANS", "PCA")


def options(case: Case) -> str | None:
    """Other options than those that BigQuery ML trained with."""
    if not case.retrained and case.study.identity.model_type not in READ:
        return None
    model = case.study.sources.warehouse.client.get_model(case.study.node.relation)
    runs = model.training_runs or [{}]
    trained = runs[-1].get("trainingOptions", {})
    for name, value in case.study.node.options.items():
        then = trained.get(TRAINED.get(name, ""))
        ours, theirs = _option(value), _option(then)
        if isinstance(ours, type(theirs)) and ours != theirs:
            told = f"{theirs:g}" if isinstance(theirs, float) else theirs
            return (
                f"the option {name} is {value} in dbt's project, and BigQuery ML trained with "
                f"{told}; run `dbt build`."
            )
    return None


def _option(value: Any) -> float | str | None:
    """Return an option as REST and dbt both mean it: numbers may be texts there."""
    try:
        return None if value is None else float(str(value))
    except ValueError:
        return str(value).upper()


def training_rows(case: Case) -> str | None:
    """Other training rows than those whose mean ML.FEATURE_INFO tells.

    Of a TRANSFORM clause's inputs it tells the mean over the evaluation rows too.
    """
    rows = case.study.training
    if not case.retrained or rows is None or case.study.sources.is_transformed:
        return None
    told = {row["input"]: row for row in case.study.sources.rows("feature_info")}
    for name in case.study.columns.numeric:
        mean = told.get(name, {}).get("mean")
        ours = float(rows.frame[name].mean())
        if mean is not None and abs(ours - mean) > 1e-9 * max(1.0, abs(mean)):
            return (
                f"other training rows: the mean of '{name}' is {ours:.10g} in those that "
                f"scikit-learn had and {mean:.10g} in those of BigQuery ML (ML.FEATURE_INFO). Is "
                "it another split?"
            )
    return None


def contribution(case: Case) -> str | None:
    """One feature's attribution, or the baseline, that is not BigQuery ML's."""
    if case.study.explained is None:
        return None
    differing: dict[str, float] = {}
    for batch in islice(case.study.explained(), 2):
        actual = explanation(case.candidate.pipeline, batch)
        if set(actual.outputs) != set(batch.expected.outputs):
            return None
        sizes = np.maximum(1.0, np.abs(batch.expected.values).max(axis=1))
        for place, name in enumerate(batch.expected.outputs[:-1]):
            given = actual.values[:, actual.outputs.index(name)]
            apart = np.abs(given - batch.expected.values[:, place])
            if (apart > TOLERANCE * sizes).any():
                differing[name] = max(differing.get(name, 0.0), float(apart.max()))
    if len(differing) > 1:
        differing.pop(BASELINE, None)  # every weight times its mean is a part of it
    names = sorted(differing, key=lambda name: -differing[name])
    if not names or len(names) > (2 if case.retrained else 3) or (case.retrained and case.is_tree):
        return None
    listed = ", ".join("the intercept" if name == BASELINE else f"'{name}'" for name in names)
    held = "" if case.retrained else f" {_foreign(case)}"
    return f"the weight of {listed}: what it adds is up to {differing[names[0]]:.4g} off.{held}"


def otherwise(case: Case) -> str:
    """Say what is likely where nothing else was found."""
    if "test" not in case.examined.certificate.kinds_apart and case.examined.certificate.apart:
        return "only hard rows differ, so weights that training leaves open do."
    if not case.retrained:
        return _foreign(case)
    if case.is_tree:
        return "another XGBoost than BigQuery's, or rows drawn at random."
    if case.study.node.task == "classification":
        return f"{_early(case.study)}, while scikit-learn {_late(case.candidate)}."
    return "other training rows, or a model that stopped before the optimum."


def _foreign(case: Case) -> str:
    parts = {"KMEANS": "ML.CENTROIDS", "PCA": "ML.PRINCIPAL_COMPONENTS"}
    kind = case.study.identity.model_type
    what = "the booster" if case.is_tree else parts.get(kind, "ML.WEIGHTS")
    if case.study.sources.is_transformed:
        what += ", or a statistic of the TRANSFORM clause,"
    return f"{what} is not of the model that ML.PREDICT used; train it again."


def _early(study: Study) -> str:
    steps = "a few" if study.iterations is None else str(study.iterations)
    limit = study.node.options.get("max_iterations", 20)
    progress = float(study.node.options.get("min_rel_progress", 0.01))
    return (
        f"BigQuery ML's gradient descent stopped after {steps} iterations (its limits are "
        f"{limit} iterations and progress below {progress:.4g} of the loss)"
    )


def _late(candidate: Candidate) -> str:
    if candidate.converged:
        return "went on to the optimum"
    return (
        f"was still improving after {pipelines.MAX_ITERATIONS} (separable classes have no optimum)"
    )
