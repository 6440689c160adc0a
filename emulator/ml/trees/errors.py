"""What keeps trees from being trained or read.

TreesError
├── ExactLibraryError   an old XGBoost cannot be fetched, or its file is damaged
└── LibraryError        XGBoost refused: an impossible parameter, matrix, label or model
"""

from __future__ import annotations


class TreesError(Exception):
    """A tree model cannot be trained or read; the message says what to do."""


class ExactLibraryError(TreesError):
    """One of BigQuery's own XGBoost versions is not to be had, or not whole."""


class LibraryError(TreesError):
    """XGBoost refused what it was given."""
