"""Why a pipeline does not answer as BigQuery ML does, told by which rows are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from export import pipelines
from export.families.transplanting import TREES
from export.parity import Certificate
from export.study import Study

if TYPE_CHECKING:
    from export.certification import Candidate


def failure(study: Study, candidate: Candidate, certificate: Certificate) -> str:
    """Say how far a pipeline is from BigQuery ML, and why likely."""
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
        what = "the booster" if _is_tree(study) else "ML.WEIGHTS"
        return f"Likely cause: {what} is not of the model that ML.PREDICT used; train it again."
    if _is_tree(study):
        return "Likely cause: another XGBoost than BigQuery's, or rows drawn at random."
    if study.node.task == "regression":
        return "Likely cause: other training rows, or a model that stopped before the optimum."
    return f"Likely cause: {_early(study)}, while scikit-learn {_late(candidate)}."


def _is_tree(study: Study) -> bool:
    return study.identity.model_type in TREES


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
