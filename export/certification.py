"""Train a pipeline, compare it with BigQuery ML, and decide which one is published.

`auto` publishes what scikit-learn trained if it answers as BigQuery ML does, otherwise the
pipeline made of what BigQuery ML holds. The figures of both are kept whatever is published.
"""

from __future__ import annotations

from dataclasses import dataclass

from sklearn.pipeline import Pipeline

from export import gauge, pipelines
from export.artifact import class_name
from export.causes import failure
from export.errors import ParityFailure, UnsupportedError
from export.families.retraining import retrain
from export.families.transplanting import transplant
from export.parity import Answers, Certificate, compare
from export.study import Study
from export.transplant import Weights, transplanted

BUILDERS = {"regression": pipelines.linear, "classification": pipelines.logistic}
METHODS = ("retrained", "transplanted")
STRATEGIES = {"auto": METHODS}


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
        return Candidate(method, _transplanted(study))
    if study.classes is not None and len(set(study.training_label.tolist())) < 2:
        raise UnsupportedError(f"The training rows of '{study.node.name}' hold one class.")
    if study.weights is None:
        kind, rows = study.identity.model_type, (study.training, study.training_label)
        return Candidate(method, *retrain(kind, study.sources, *rows))
    pipeline = BUILDERS[study.node.task](study.columns, study.node.options)
    converged = pipelines.fit(pipeline, study.training, study.training_label)
    if not _comparable(study, study.weights, pipeline):
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
    """Try both methods and take the first whose certificate holds of those the node allows.

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
    tried = {method: _try(study, method) for method in METHODS}
    allowed = STRATEGIES.get(study.node.method, (study.node.method,))
    certificates = {
        method: one.certificate for method, one in tried.items() if isinstance(one, _Tried)
    }
    notes: list[str] = []
    for method in allowed:
        one = tried[method]
        if isinstance(one, UnsupportedError):
            if method == study.node.method:
                raise one
            notes.append(str(one))
        elif one.certificate.within:
            return Choice(one.candidate, certificates, " ".join([*notes, held(one.candidate)]))
        else:
            notes.append(failure(study, one.candidate, one.certificate))
    raise ParityFailure(f"'{study.node.name}' is not published. " + " ".join(notes))


@dataclass(frozen=True)
class _Tried:
    candidate: Candidate
    certificate: Certificate


def _try(study: Study, method: str) -> _Tried | UnsupportedError:
    try:
        candidate = train(study, method)
    except UnsupportedError as error:
        return error
    return _Tried(candidate, certify(study, candidate))


def _transplanted(study: Study) -> Pipeline:
    if study.weights is None:
        return transplant(study.identity.model_type, study.sources)
    return transplanted(study.weights, study.node.features, study.classes)


def _comparable(study: Study, weights: Weights, pipeline: Pipeline) -> bool:
    """Tell whether both sides have the same weights; a penalty leaves none of them open."""
    penalised = float(study.node.options.get("l2_reg") or 0) > 0
    coefficients = pipeline.named_steps["model"].coef_
    same = study.columns == weights.columns
    return same and not penalised and coefficients.size == weights.coefficients.size


def held(candidate: Candidate) -> str:
    """Say in words why a candidate whose certificate holds may be published."""
    if candidate.method == "transplanted":
        weighted = hasattr(candidate.pipeline[-1], "coef_")
        parts = "ML.WEIGHTS and ML.FEATURE_INFO" if weighted else "the booster of EXPORT MODEL"
        return f"Published is the pipeline made of {parts}."
    text = "scikit-learn's own training answers as BigQuery ML does."
    if not candidate.open_constants:
        return text
    return text + (
        f" Training leaves {candidate.open_constants} constants open (each one-hot block shares "
        "one with the intercept), which only rows unlike any training row can show; they follow "
        "ML.WEIGHTS."
    )
