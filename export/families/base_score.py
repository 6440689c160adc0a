"""The base score of trees, added where the library that trained them adds it.

XGBoost 0.90 and 1.1, which BigQuery uses, add the base score to the sum of a row's leaves; later
ones begin their sum with it. In float32 the two differ by the last bit of some rows: up to 0.004
of numbers near 48,000, in 7 of 1,000,000 rows of a forest. As a last tree of one leaf it is added
as BigQuery adds it, to the bit.

Sources: XGBoost 0.90, src/predictor/cpu_predictor.cc, `PredLoopSpecalize` adds `PredValue`, a sum
that begins with 0, to the base score; XGBoost 3.0, the same file, `PredictByAllTrees` adds each
leaf to it.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xgboost

OBJECTIVES = ("reg:linear", "reg:squarederror", "multi:softprob")


def add_base_score_last(booster: xgboost.Booster) -> None:
    """Make the base score the last tree of a booster, one for each class; it stays the same model.

    Parameters
    ----------
    booster : xgboost.Booster
        As the installed XGBoost read it. One whose base score is not in the unit of its margins
        stays as it is.
    """
    content = json.loads(booster.save_raw("json"))
    learner = content["learner"]
    shape = learner["learner_model_param"]
    score = np.float32(str(shape["base_score"]).strip("[]"))
    if learner["objective"]["name"] not in OBJECTIVES or not score:
        return
    shape["base_score"] = "0"
    grown = learner["gradient_booster"]
    model = grown["gbtree"]["model"] if "gbtree" in grown else grown["model"]
    outputs = max(1, int(shape["num_class"]))
    for output in range(outputs):
        leaf = _leaf(float(score), len(model["trees"]), shape["num_feature"])
        model["trees"].append(leaf)
        model["tree_info"].append(output)
        grown.get("weight_drop", []).append(1.0)  # DART's
    model["gbtree_model_param"]["num_trees"] = str(len(model["trees"]))
    model["iteration_indptr"].append(len(model["trees"]))
    booster.load_model(bytearray(json.dumps(content).encode()))


def _leaf(value: float, number: int, features: str) -> dict[str, Any]:
    """Return a tree that is one leaf, as XGBoost's JSON has it."""
    return {
        "id": number,
        "base_weights": [value],
        "default_left": [0],
        "left_children": [-1],
        "right_children": [-1],
        "parents": [2**31 - 1],
        "loss_changes": [0.0],
        "split_conditions": [value],
        "split_indices": [0],
        "split_type": [0],
        "sum_hessian": [1.0],
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
        "tree_param": {
            "num_deleted": "0",
            "num_feature": features,
            "num_nodes": "1",
            "size_leaf_vector": "1",
        },
    }
