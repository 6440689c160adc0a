"""Rows to certify, with BigQuery ML's answers, a part at a time."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from export.manifest import Value
from export.parity import Answers


@dataclass(frozen=True)
class Batch:
    """Some rows.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_features)
        As a pipeline takes them.
    expected : Answers
        BigQuery ML's answers, or its explanations of them.
    truth : tuple
        What was true; None is NULL. Empty for hard rows and without a label.
    kinds : tuple of str or None
        Why each row is hard; None for rows of the test split.
    """

    frame: pd.DataFrame
    expected: Answers
    truth: tuple[Value, ...] = ()
    kinds: tuple[str, ...] | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the rows."""
        return self.expected.keys
