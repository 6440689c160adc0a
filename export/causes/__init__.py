"""Why a pipeline does not answer as BigQuery ML does.

Each look asks one question of the model, of the training rows, or of some rows that are
apart and some that are not; the first that finds something is what the failure says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from export.causes import by_model, by_rows
from export.causes.case import Case
from export.examination import Candidate, Examined
from export.study import Study

LOOKS: tuple[Callable[[Case], str | None], ...] = (
    by_model.options,
    by_model.training_rows,
    by_rows.exchanged_classes,
    by_rows.threshold,
    by_rows.nulls,
    by_rows.value,
    by_rows.exchanged_columns,
    by_rows.exchanged_categories,
    by_rows.rounding,
    by_model.contribution,
    by_model.otherwise,
)


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


def _number(value: Any) -> str:
    return "NULL or infinite" if value is None else f"{value:.10g}"
