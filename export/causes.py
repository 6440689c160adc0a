"""Why a pipeline does not answer as BigQuery ML does.

Each look asks one question of the model, of the training rows, or of some rows that are
apart and some that are not; the first that finds something is what the failure says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice, permutations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from export import pipelines
from export.answers import BASELINE
from export.batch import Batch
from export.examination import Candidate, Examined, Witnesses, answer, explanation
from export.families.transplanting import TREES
from export.parity import TOLERANCE, Answers
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
}
FLOAT32 = 2.0**-22
MOST_PAIRS = 200
# Of the rows that are not apart, so many may have the value too: where a probability is all
# but 0 or 1, no weight shows.
STRAY = 0.1
MOST_CLASSES = 6


@dataclass(frozen=True)
class Case:
    """What is known of a failure."""

    study: Study
    candidate: Candidate
    examined: Examined

    @property
    def apart(self) -> Witnesses:
        """Some of the rows that are apart."""
        return self.examined.apart

    @property
    def near(self) -> Witnesses:
        """Some of the rows that are not."""
        return self.examined.near

    @property
    def is_tree(self) -> bool:
        """Whether the model is of trees."""
        return self.study.identity.model_type in TREES

    @property
    def retrained(self) -> bool:
        """Whether scikit-learn trained the pipeline."""
        return self.candidate.method == "retrained"


def failure(study: Study, candidate: Candidate, examined: Examined) -> str:
    """Say how far a pipeline is from BigQuery ML, and why likely."""
    found = examined.certificate
    if found.alike and found.explanations is not None:
        found, what = found.explanations, "explanations of "
    else:
        what = ""
    worst = found.worst[0]
    return (
        f"{candidate.method}: {what}{found.apart} of {found.rows} rows are not "
        f"within {found.tolerance:g}, {found.label_disagreements} labels differ; worst "
        f"is row '{worst['key']}', {worst['output']} {_number(worst['actual'])} instead of "
        f"{_number(worst['expected'])}. Likely cause: {_cause(study, candidate, examined)}"
    )


def _cause(study: Study, candidate: Candidate, examined: Examined) -> str:
    case = Case(study, candidate, examined)
    return next(found for look in LOOKS if (found := look(case)))


def _options(case: Case) -> str | None:
    """Other options than those that BigQuery ML trained with."""
    if not case.retrained:
        return None
    model = case.study.sources.warehouse.client.get_model(case.study.node.relation)
    runs = model.training_runs or [{}]
    trained = runs[-1].get("trainingOptions", {})
    for name, value in case.study.node.options.items():
        then = trained.get(TRAINED.get(name, ""))
        if then is not None and float(then) != float(value):
            return (
                f"the option {name} is {value} in dbt's project, and BigQuery ML trained with "
                f"{float(then):g}; run `dbt build`."
            )
    return None


def _training_rows(case: Case) -> str | None:
    """Other training rows than those whose mean ML.FEATURE_INFO tells."""
    rows = case.study.training
    if not case.retrained or rows is None:
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


def _classes(case: Case) -> str | None:
    """Whether the classes' probabilities are in another order."""
    classes, expected, actual = case.study.classes, case.apart.expected, case.apart.actual
    if classes is None or not 1 < len(classes) <= MOST_CLASSES or _agree(expected, actual):
        return None
    if not len(expected):
        return None
    for order in permutations(range(len(classes))):
        if _agree(expected, actual[:, order]):
            moved = [f"{classes[a]!r}" for a, b in enumerate(order) if a != b]
            return f"the classes {', '.join(moved)} are exchanged."
    return None


def _threshold(case: Case) -> str | None:
    """Labels that differ where the probabilities agree."""
    apart, classes = case.apart, case.study.classes
    if classes is None or not _agree(apart.expected, apart.actual):
        return None
    if all(pair is None or pair[0] == pair[1] for pair in apart.labels):
        return None
    if len(classes) > 2:
        return "the probabilities agree and the labels do not: another rule than the likeliest."
    low, high = apart.expected[:, 1].min(), apart.expected[:, 1].max()
    return (
        f"another decision threshold: the probabilities agree, and labels differ where that of "
        f"{classes[1]!r} is between {low:.4g} and {high:.4g}. BigQuery ML's is 0.5."
    )


def _nulls(case: Case) -> str | None:
    """Only hard rows with NULL are apart."""
    if set(case.examined.certificate.kinds_apart) <= {"null"} and len(case.apart.frame):
        column = _shared(case, only_null=True)
        of = f" of '{column}'" if column else ""
        return f"only rows with NULL differ, so the value that stands in for it{of} does."
    return None


def _value(case: Case) -> str | None:
    """One value, or one range of values, that every row apart has and no other."""
    for feature in case.study.features:
        ours, others = case.apart.frame.get(feature.name), case.near.frame.get(feature.name)
        if ours is None or others is None or not len(ours) or not len(others):
            continue
        if feature.kind == "categorical":
            if found := _category(case, feature.name, ours, others):
                return found
        elif found := _range(feature.name, ours, others):
            return found
    return None


def _category(case: Case, name: str, ours: Any, others: Any) -> str | None:
    mine = set(ours.map(_text))
    if len(mine) != 1 or others.map(_text).isin(mine).mean() > STRAY:
        return None
    (value,) = mine
    known = _known(case.candidate.pipeline)
    if known and value not in known:
        return f"the pipeline lacks the category {value} of '{name}': only its rows differ."
    return f"only rows with '{name}' = {value} differ: its weight, or its place among categories."


def _range(name: str, ours: Any, others: Any) -> str | None:
    if ours.isna().all() and not others.isna().any():
        return f"only rows where '{name}' is NULL differ: the value that stands in for it."
    if ours.isna().any():
        return None
    low, high = ours.min(), ours.max()
    width = max(high, others.max()) - min(low, others.min())
    if others.between(low, high).mean() > STRAY or high - low > width / 2:
        return None
    return (
        f"only rows with '{name}' from {low:.10g} to {high:.10g} differ: a bucket or a step "
        "begins elsewhere."
    )


def _order(case: Case) -> str | None:
    """Two columns exchanged."""
    study, rows = case.study, case.apart
    if not len(rows.frame) or _agree(rows.expected, rows.actual):
        return None
    kinds = {feature.name: feature.kind for feature in study.features}
    pairs = ((a, b) for a, b in combinations(kinds, 2) if kinds[a] == kinds[b])
    for first, second in islice(pairs, MOST_PAIRS):
        swapped = rows.frame.rename(columns={first: second, second: first})
        if _agree(rows.expected, _answered(case, swapped[list(kinds)])):
            return f"the columns '{first}' and '{second}' are exchanged."
    return None


def _rounding(case: Case) -> str | None:
    """Differences of the size that float32 rounds by."""
    rows, model = case.apart, case.candidate.pipeline[-1]
    if case.study.node.task != "regression" or not len(rows.frame) or not hasattr(model, "coef_"):
        return None
    columns = case.candidate.pipeline[:-1].transform(rows.frame)
    terms = np.abs(columns) @ np.abs(np.ravel(model.coef_)) + abs(float(model.intercept_))
    apart = np.abs(rows.expected[:, 0] - rows.actual[:, 0])
    if not (apart <= FLOAT32 * terms).all():
        return None
    return (
        "numbers in float32 where BigQuery ML has float64: the differences are no larger than "
        "what it rounds away of the terms of the sum."
    )


def _contribution(case: Case) -> str | None:
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


def _family(case: Case) -> str:
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


LOOKS: tuple[Callable[[Case], str | None], ...] = (
    _options,
    _training_rows,
    _classes,
    _threshold,
    _nulls,
    _value,
    _order,
    _rounding,
    _contribution,
    _family,
)


def _foreign(case: Case) -> str:
    parts = {"KMEANS": "ML.CENTROIDS", "PCA": "ML.PRINCIPAL_COMPONENTS"}
    kind = case.study.identity.model_type
    what = "the booster" if case.is_tree else parts.get(kind, "ML.WEIGHTS")
    return f"{what} is not of the model that ML.PREDICT used; train it again."


def _answered(case: Case, frame: pd.DataFrame) -> NDArray[np.float64]:
    expected = case.study.hard_batch.expected
    keys = tuple(str(row) for row in range(len(frame)))
    blank = Answers(keys, expected.outputs, case.apart.expected, None, expected.classes)
    found = answer(case.study, case.candidate.pipeline, Batch(frame, blank))
    places = [found.outputs.index(name) for name in expected.outputs if name in found.outputs]
    return found.values[:, places]


def _agree(expected: NDArray[np.float64], actual: NDArray[np.float64]) -> bool:
    if expected.shape != actual.shape or not expected.size:
        return False
    told = ~np.isnan(expected)
    size = np.maximum(1.0, np.abs(expected))
    with np.errstate(invalid="ignore"):
        return bool((np.abs(expected - actual) <= TOLERANCE * size)[told].all())


def _shared(case: Case, *, only_null: bool) -> str | None:
    frame = case.apart.frame
    names = [f.name for f in case.study.features if frame[f.name].isna().all() and only_null]
    return names[0] if names else None


def _known(pipeline: Any) -> set[str]:
    """Return the texts that the pipeline's encoders know."""
    return {_text(value) for block in _blocks(pipeline[0]) for value in block}


def _blocks(step: Any) -> Iterator[Any]:
    if hasattr(step, "categories_"):
        yield from step.categories_
    elif hasattr(step, "estimator"):
        yield from _blocks(step.estimator)
    elif hasattr(step, "transformers_"):
        for _, one, _ in step.transformers_:
            yield from _blocks(one)
    elif hasattr(step, "steps"):
        for _, one in step.steps:
            yield from _blocks(one)


def _text(value: Any) -> str:
    return "NULL" if value is None or value != value else repr(value)


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


def _number(value: Any) -> str:
    return "NULL or infinite" if value is None else f"{value:.10g}"
