"""Train a pipeline, compare it with BigQuery ML, and decide which one is published.

`auto` publishes what scikit-learn trained if it answers as BigQuery ML does, otherwise the
pipeline made of what BigQuery ML holds. The figures of both are kept whatever is published.
"""

from __future__ import annotations

from dataclasses import dataclass

from sklearn.pipeline import Pipeline

from export import gauge, pipelines
from export.causes import failure
from export.certificate import Certificate
from export.errors import ParityFailure, UnsupportedError
from export.examination import Candidate, Examination, examine
from export.families.retraining import retrain
from export.families.transplanting import transplant
from export.study import Study
from export.training import TrainingRows, split_method
from export.transplant import Weights, transplanted

BUILDERS = {"regression": pipelines.linear, "classification": pipelines.logistic}
METHODS = ("retrained", "transplanted")
STRATEGIES = {"auto": METHODS}
PARTS = {
    "KMEANS": "ML.CENTROIDS and ML.FEATURE_INFO",
    "PCA": "ML.PRINCIPAL_COMPONENTS and ML.FEATURE_INFO",
}


@dataclass(frozen=True)
class Choice:
    """What is published, and the figures of everything that was tried.

    Parameters
    ----------
    candidate : Candidate
        The one that is published.
    examination : Examination
        What the pass over the rows found of every method tried.
    reason : str
        Why this method.
    """

    candidate: Candidate
    examination: Examination
    reason: str

    @property
    def certificates(self) -> dict[str, Certificate]:
        """The certificates by method."""
        return self.examination.certificates


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
        If scikit-learn has nothing that minimises what BigQuery ML did, or there are more
        training rows than fit into memory.
    """
    if method == "transplanted":
        return Candidate(method, _transplanted(study))
    rows = _training(study)
    if study.weights is None:
        kind, sources = study.identity.model_type, study.sources
        return Candidate(method, *retrain(kind, sources, rows.frame, rows.label))
    pipeline = BUILDERS[study.node.task](study.columns, study.node.options)
    converged = pipelines.fit(pipeline, rows.frame, rows.label)
    if not _comparable(study, study.weights, pipeline):
        return Candidate(method, pipeline, converged)
    constants = gauge.follow(pipeline, rows.frame, study.weights)
    return Candidate(method, pipeline, converged, constants)


def certify(study: Study, candidate: Candidate) -> Certificate:
    """Compare a pipeline with BigQuery ML on every test row and every hard row.

    Parameters
    ----------
    study : Study
        What `read_model` returned: where the rows are, and BigQuery ML's answers to them.
    candidate : Candidate
        What `train` returned; or `Candidate("retrained", pipeline)` for a pipeline from
        elsewhere, such as a published pickle, that takes the model's input columns.

    Returns
    -------
    Certificate
        Its `within` says whether every answer agrees; it does not raise if one does not.
    """
    return examine(study, [candidate]).certificates[candidate.method]


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
    candidates = [one for one in tried.values() if isinstance(one, Candidate)]
    examination = examine(study, candidates)
    allowed = STRATEGIES.get(study.node.method, (study.node.method,))
    notes: list[str] = []
    for method in allowed:
        one = tried[method]
        if isinstance(one, UnsupportedError):
            if method == study.node.method:
                raise one
            notes.append(str(one))
        elif examination.found[method].certificate.within:
            untried = [str(tried[m]) for m in METHODS if m not in (*allowed, *examination.found)]
            return Choice(one, examination, " ".join([*notes, held(study, one), *untried]))
        else:
            notes.append(failure(study, one, examination.found[method]))
    raise ParityFailure(f"'{study.node.name}' is not published. " + " ".join(notes))


def held(study: Study, candidate: Candidate) -> str:
    """Say in words why a candidate whose certificate holds may be published."""
    if candidate.method == "transplanted":
        weighted = hasattr(candidate.pipeline[-1], "coef_")
        parts = "ML.WEIGHTS and ML.FEATURE_INFO" if weighted else "the booster of EXPORT MODEL"
        parts = PARTS.get(study.identity.model_type, parts)
        return f"Published is the pipeline made of {parts}."
    text = "scikit-learn's own training answers as BigQuery ML does."
    if not candidate.open_constants:
        return text
    return text + (
        f" Training leaves {candidate.open_constants} constants open (each one-hot block shares "
        "one with the intercept), which only rows unlike any training row can show; they follow "
        "ML.WEIGHTS."
    )


def _try(study: Study, method: str) -> Candidate | UnsupportedError:
    try:
        return train(study, method)
    except UnsupportedError as error:
        return error


def _training(study: Study) -> TrainingRows:
    rows = study.training
    if not study.facts.exact:
        raise UnsupportedError(
            f"scikit-learn did not train '{study.node.name}': Google does not publish which rows "
            f"DATA_SPLIT_METHOD '{split_method(study.node)}' takes; it publishes that of 'custom' "
            "and 'no_split'."
        )
    if rows is None:
        raise UnsupportedError(
            f"scikit-learn did not train '{study.node.name}': it has {study.facts.rows:,} training "
            "rows, more than `max_training_rows` of its export block lets into memory."
        )
    if study.classes is not None and len(set(rows.label.tolist())) < 2:
        raise UnsupportedError(f"The training rows of '{study.node.name}' hold one class.")
    return rows


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
