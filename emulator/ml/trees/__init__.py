"""Boosted trees and random forests as BigQuery ML trains them, over NumPy arrays.

`training` boosts, `models` scores and explains, `settings` holds the options and `encodings`
makes the matrix; class weights are row weights. With `exact`'s libraries the numbers are
BigQuery's to the digit; without them the installed XGBoost stands in (`settings` says how near
it comes). Nothing here knows SQL, Arrow or a session.
"""

from emulator.ml.trees.errors import ExactLibraryError, LibraryError, TreesError
from emulator.ml.trees.importance import Importance
from emulator.ml.trees.models import Scorer, TreeModel, probabilities
from emulator.ml.trees.rows import Rows
from emulator.ml.trees.settings import BOOSTED_TREE, RANDOM_FOREST, Settings
from emulator.ml.trees.training import Round, Trained, train

__all__ = [
    "BOOSTED_TREE",
    "RANDOM_FOREST",
    "ExactLibraryError",
    "Importance",
    "LibraryError",
    "Round",
    "Rows",
    "Scorer",
    "Settings",
    "Trained",
    "TreeModel",
    "TreesError",
    "probabilities",
    "train",
]
