"""The options of BOOSTED_TREE_* and RANDOM_FOREST_* with the manual's defaults.

`parameters` turns them into XGBoost's. Regression is `reg:squarederror` and classes, two
included, are `multi:softprob`: the boosters that BigQuery ML exports say so (`num_class` 2 for
two classes), and the two probabilities of a row in its manual do not add up to 1 in the last
bit, as those of one logit would. `base_score` is 0.5 there; its random forests have learning
rate 1.

TREE_METHOD: the manual says that AUTO is HIST. Every recorded number, and the thresholds of the
boosters Google exported (1.99999905: a cut less 1e-6), come from `approx`, so AUTO is `approx`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from emulator.ml.trees.exact import RELEASES

SEED = 0
STAND_IN_BINS = 65
ROWS_PER_THREAD = 5_000


@dataclass(frozen=True)
class Settings:
    """Options as in OPTIONS(), the defaults those of BOOSTED_TREE_*."""

    booster_type: str = "GBTREE"
    dart_normalize_type: str = "TREE"
    num_parallel_tree: int = 1
    max_tree_depth: int = 6
    dropout: float = 0.0
    l1_reg: float = 0.0
    l2_reg: float = 1.0
    learn_rate: float = 0.3
    tree_method: str = "AUTO"
    min_tree_child_weight: int = 1
    colsample_bytree: float = 1.0
    colsample_bylevel: float = 1.0
    colsample_bynode: float = 1.0
    min_split_loss: float = 0.0
    subsample: float = 1.0
    xgboost_version: str = "0.9"
    early_stop: bool = True
    min_rel_progress: float = 0.01
    max_iterations: int = 20
    enable_global_explain: bool = False
    approx_global_feature_contrib: bool | None = None
    approximate_from_trees: int = 10

    @property
    def approximates_global_explain(self) -> bool:
        """APPROX_GLOBAL_FEATURE_CONTRIB, which many parallel trees switch on by themselves."""
        many = self.num_parallel_tree >= self.approximate_from_trees
        given = self.approx_global_feature_contrib
        return self.enable_global_explain and (many if given is None else given)


BOOSTED_TREE = Settings()
RANDOM_FOREST = Settings(
    num_parallel_tree=100,
    max_tree_depth=15,
    subsample=0.8,
    colsample_bynode=0.8,
    learn_rate=1.0,
    max_iterations=1,
    approximate_from_trees=50,
)


def parameters(settings: Settings, classes: int, release: str, rows: int) -> dict[str, str]:
    """Return XGBoost's parameters.

    Parameters
    ----------
    settings : Settings
        What the statement asks for.
    classes : int
        How many classes the label has; 0 for regression.
    release : str
        The XGBoost that is to train, such as "0.90" or "3.0.5".
    rows : int
        How many rows it trains on.
    """
    chosen = {
        "booster": settings.booster_type.lower(),
        "num_parallel_tree": settings.num_parallel_tree,
        "max_depth": settings.max_tree_depth,
        "alpha": settings.l1_reg,
        "lambda": settings.l2_reg,
        "eta": settings.learn_rate,
        "min_child_weight": settings.min_tree_child_weight,
        "colsample_bytree": settings.colsample_bytree,
        "colsample_bylevel": settings.colsample_bylevel,
        "colsample_bynode": settings.colsample_bynode,
        "gamma": settings.min_split_loss,
        "subsample": settings.subsample,
        "base_score": 0.5,
        "seed": SEED,
        "nthread": threads(rows),
        "verbosity": 0,
        **_objective(classes),
        **(_exact_method(settings) if release in RELEASES else _stand_in_method(settings)),
    }
    if settings.booster_type == "DART":
        chosen["normalize_type"] = settings.dart_normalize_type.lower()
        chosen["rate_drop"] = settings.dropout
    return {name: str(value) for name, value in chosen.items()}


def threads(rows: int) -> int:
    """Return how many threads to use on so many rows, at most `OMP_NUM_THREADS` or the cores.

    On few rows threads mostly wait for each other, and on a busy machine for long.
    """
    given = os.environ.get("OMP_NUM_THREADS", "")
    most = int(given) if given.isdecimal() and int(given) else os.cpu_count() or 1
    return min(most, 1 + rows // ROWS_PER_THREAD)


def _objective(classes: int) -> dict[str, object]:
    if not classes:
        return {"objective": "reg:squarederror", "eval_metric": "rmse"}
    return {"objective": "multi:softprob", "num_class": classes, "eval_metric": "mlogloss"}


def _exact_method(settings: Settings) -> dict[str, object]:
    method = settings.tree_method.lower()
    return {"tree_method": "approx" if method == "auto" else method}


def _stand_in_method(settings: Settings) -> dict[str, object]:
    """Return what comes nearest to 0.90's `approx` in XGBoost 3, which rewrote it.

    The old sketch holds at most 2 / 0.03 = 66 cuts a column, and the old `approx` ignores
    COLSAMPLE_BYNODE. Of `exact`, and `hist` and `approx` with 16 to 512 bins, `hist` with 65
    is nearest (relative differences in percent from BigQuery's recorded numbers; rows 1633,
    1672 and 1690 are predictions, log_loss is the classifier's, the rest the regressor's):

    | method | MAE | MSE | MSLE | median | R2 | 1633 | 1672 | 1690 | log_loss |
    |---|---|---|---|---|---|---|---|---|---|
    | hist 65 | +0.8 | +1.1 | -4.0 | -1.9 | -0.0 | -0.0 | +0.2 | -1.5 | +1.4 |
    | approx 65 | +0.8 | +1.1 | -4.0 | -1.9 | -0.0 | -0.0 | +0.2 | -1.5 | -7.5 |
    | hist 64 | +0.7 | +0.9 | +2.3 | -6.2 | -0.0 | -1.1 | -2.7 | -0.5 | +8.7 |
    | hist 66 | -3.8 | -8.8 | -8.8 | -5.0 | +0.3 | +2.3 | -1.5 | +0.3 | -1.7 |
    | hist 33 | +2.2 | +3.9 | +4.3 | -6.8 | -0.1 | +1.3 | +1.7 | -3.5 | +3.3 |
    | hist 256 | +10.2 | +19.4 | +15.2 | +8.6 | -0.7 | -1.5 | -0.2 | -2.0 | -7.3 |
    | exact | +10.2 | +19.4 | +15.2 | +8.6 | -0.7 | -1.5 | -0.2 | -2.0 | -7.3 |

    Its classifier mistakes 1 of 334 penguins, BigQuery's none. Random forests, 12 seeds against
    the record: R2 +0.6, MAE -0.9, MSE -1.7, median +5.2, predictions at most 1.0, log loss +1.2;
    with COLSAMPLE_BYNODE -1.7, +2.2, +5.0, +0.9, 2.5 and -6.7.
    """
    method = settings.tree_method.lower()
    if method == "hist":
        return {"tree_method": "hist", "max_bin": 256}
    if method == "exact":
        return {"tree_method": "exact"}
    stand_in = "hist" if method == "auto" else "approx"
    return {"tree_method": stand_in, "max_bin": STAND_IN_BINS, "colsample_bynode": 1.0}
