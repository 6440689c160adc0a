"""What is known of a failure."""

from __future__ import annotations

from dataclasses import dataclass

from export.examination import Candidate, Examined, Witnesses
from export.families.transplanting import TREES
from export.study import Study


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
