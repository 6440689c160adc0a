"""Train a pipeline, compare it with BigQuery ML, and decide which one is published.

`auto` publishes what scikit-learn trained if it answers as BigQuery ML does, otherwise the
pipeline made of BigQuery ML's weights, and keeps the figures of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sklearn.pipeline import Pipeline

from export import gauge, pipelines
from export.artifact import class_name
from export.errors import ParityFailure, UnsupportedError
from export.parity import Answers, Certificate, compare
from export.study import Study
from export.transplant import transplanted

BUILDERS = {"regression": pipelines.linear, "classification": pipelines.logistic}
STRATEGIES = {"auto": ("retrained", "transplanted")}


@dataclass(frozen=True)
class Candidate:
    """A pipeline that may be published.

    Parameters
    ----------
    method : {"retrained", "transplanted"}
        How it came to be.
    pipeline : sklearn.pipeline.Pipeline
        scikit-learn's classes alone.
    converged : bool
        Whether the solver reached the optimum; True if nothing was trained.
    open_constants : int or None
        Weights that training left open and that follow BigQuery ML's; see `gauge`.
    """

    method: str
    pipeline: Pipeline
    converged: bool = True
    open_constants: int | None = None


@dataclass(frozen=True)
class Choice:
    """What is published, and the figures of everything that was tried.

    Parameters
    ----------
    candidate : Candidate
        The one that is published.
    certificates : dict of str to Certificate
        By method.
    reason : str
        Why this method.
    """

    candidate: Candidate
    certificates: dict[str, Certificate]
    reason: str


def train(study: Study, method: str = "retrained") -> Candidate:
    """Make a pipeline.

    Parameters
    ----------
    study : Study
        What to train on.
    method : {"retrained", "transplanted"}
        Train with scikit-learn, or take BigQuery ML's weights.

    Raises
    ------
    UnsupportedError
        If scikit-learn has nothing that minimises what BigQuery ML did.
    """
    if method == "transplanted":
        pipeline = transplanted(study.weights, study.node.features, study.classes)
        return Candidate(method, pipeline)
    if study.classes is not None and len(set(study.training_label.tolist())) < 2:
        raise UnsupportedError(f"The training rows of '{study.node.name}' hold one class.")
    pipeline = BUILDERS[study.node.task](study.columns, study.node.options)
    converged = pipelines.fit(pipeline, study.training, study.training_label)
    if not _comparable(study, pipeline):
        return Candidate(method, pipeline, converged)
    constants = gauge.follow(pipeline, study.training, study.weights)
    return Candidate(method, pipeline, converged, constants)


def certify(study: Study, candidate: Candidate) -> Certificate:
    """Compare a pipeline with BigQuery ML on every test row and every hard row.

    Parameters
    ----------
    study : Study
        What `read_model` returned: the rows, and BigQuery ML's answers to them.
    candidate : Candidate
        What `train` returned; or `Candidate("retrained", pipeline)` for a pipeline from
        elsewhere, such as a published pickle, that takes the columns of `study.rows`.

    Returns
    -------
    Certificate
        Its `within` says whether every answer agrees; it does not raise if one does not.
    """
    return compare(study.expected, answer(study, candidate))


def answer(study: Study, candidate: Candidate) -> Answers:
    """Return a pipeline's answers to the rows to certify."""
    keys, pipeline = study.expected.keys, candidate.pipeline
    if study.classes is None:
        values = pipeline.predict(study.rows).reshape(-1, 1)
        return Answers(keys, study.expected.outputs, values, None)
    classes = tuple(pipeline.classes_.tolist())
    labels = tuple(pipeline.predict(study.rows).tolist())
    outputs = tuple(class_name(label) for label in classes)
    return Answers(keys, outputs, pipeline.predict_proba(study.rows), labels, classes)


def choose(study: Study) -> Choice:
    """Try the methods that the node allows and take the first whose certificate holds.

    Parameters
    ----------
    study : Study
        What `read_model` returned.

    Returns
    -------
    Choice
        The candidate, the certificate of every method tried, and the reason; `save` takes
        `choice.candidate` and `choice.certificates[choice.candidate.method]`.

    Raises
    ------
    ParityFailure
        If none does; the message has rows, worst difference, key, tolerance and likely cause.
    """
    certificates: dict[str, Certificate] = {}
    notes: list[str] = []
    for method in STRATEGIES.get(study.node.method, (study.node.method,)):
        try:
            candidate = train(study, method)
        except UnsupportedError as error:
            if method == study.node.method:
                raise
            notes.append(str(error))
            continue
        certificates[method] = certify(study, candidate)
        if certificates[method].within:
            return Choice(candidate, certificates, " ".join([*notes, held(candidate)]))
        notes.append(_failed(study, candidate, certificates[method]))
    raise ParityFailure(f"'{study.node.name}' is not published. " + " ".join(notes))


def _comparable(study: Study, pipeline: Pipeline) -> bool:
    """Tell whether both sides have the same weights; a penalty leaves none of them open."""
    penalised = float(study.node.options.get("l2_reg") or 0) > 0
    coefficients = pipeline.named_steps["model"].coef_
    same = study.columns == study.weights.columns
    return same and not penalised and coefficients.size == study.weights.coefficients.size


def held(candidate: Candidate) -> str:
    """Say in words why a candidate whose certificate holds may be published."""
    if candidate.method == "transplanted":
        return "Published is the pipeline made of ML.WEIGHTS and ML.FEATURE_INFO."
    text = "scikit-learn's own training answers as BigQuery ML does."
    if not candidate.open_constants:
        return text
    return text + (
        f" Training leaves {candidate.open_constants} constants open (each one-hot block shares "
        "one with the intercept), which only rows unlike any training row can show; they follow "
        "ML.WEIGHTS."
    )


def _failed(study: Study, candidate: Candidate, certificate: Certificate) -> str:
    worst = certificate.worst[0]
    return (
        f"{candidate.method}: {len(certificate.rows_apart)} of {certificate.rows} rows are not "
        f"within {certificate.tolerance:g}, {certificate.label_disagreements} labels differ; worst "
        f"is row '{worst['key']}', {worst['output']} {_number(worst['actual'])} instead of "
        f"{_number(worst['expected'])}. {_cause(study, candidate, certificate)}"
    )


def _cause(study: Study, candidate: Candidate, certificate: Certificate) -> str:
    """Return the likely cause, told by which rows are apart."""
    kinds = {row.key: row.kind for row in study.hard}
    apart = {kinds.get(key, "test") for key in certificate.rows_apart}
    if apart <= {"null"}:
        return "Likely cause: only rows with NULL differ, so the value that stands in for it does."
    if "test" not in apart:
        return "Likely cause: only hard rows differ, so weights that training leaves open do."
    if candidate.method == "transplanted":
        return "Likely cause: ML.WEIGHTS is not of the model that ML.PREDICT used; train it again."
    if study.node.task == "regression":
        return "Likely cause: other training rows, or a model that stopped before the optimum."
    return f"Likely cause: {_early(study)}, while scikit-learn {_late(candidate)}."


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
