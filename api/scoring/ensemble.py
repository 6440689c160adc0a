"""Trees as an ONNX model: written by the child from XGBoost's own JSON, run by ONNX Runtime.

For one row of the trees of `benchmarks.serving` XGBoost's `inplace_predict` takes 210 µs and ONNX
Runtime 8, each on one thread; the benchmark measures the whole answer, not these.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from api.errors import LoadError

if TYPE_CHECKING:
    import xgboost

Floats = NDArray[np.float64]
OPERATORS = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 9
NAMES = ["scores"]


class Ensemble:
    """Trees in ONNX Runtime, on one thread: requests are many."""

    def __init__(self, model: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )

    def scores(self, matrix: NDArray[np.float32]) -> Floats:
        """Return scores of shape (n_rows, n_outputs)."""
        (found,) = self._session.run(NAMES, {"rows": matrix})
        return np.asarray(found, dtype=np.float64)


def open_trees(text: str) -> Ensemble:
    """Open trees as tables hold them.

    Raises
    ------
    LoadError
        If ONNX Runtime does not take them.
    """
    try:
        return Ensemble(base64.b64decode(text, validate=True))
    except Exception as error:
        raise LoadError(f"ONNX Runtime does not take the trees: {error}") from error


def onnx_of(booster: xgboost.Booster, columns: int) -> bytes:
    """Return a booster as an ONNX model from `rows` to raw scores.

    Parameters
    ----------
    booster : xgboost.Booster
        Of trees; its base score and the weights of its trees (DART) are in the leaves then.
    columns : int
        Width of its matrix.
    """
    from onnx import TensorProto, helper

    learner = json.loads(booster.save_raw("json"))["learner"]
    shape = learner["learner_model_param"]
    outputs = max(1, int(shape["num_class"]))
    start = float(str(shape["base_score"]).strip("[]"))
    nodes: dict[str, Any] = _nodes(learner["gradient_booster"])
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["rows"],
        ["scores"],
        domain="ai.onnx.ml",
        n_targets=outputs,
        base_values=[start] * outputs,
        **nodes,
    )
    graph = helper.make_graph(
        [node],
        "trees",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, columns])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, outputs])],
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPERATORS.items()]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    content: bytes = model.SerializeToString()
    return content


def _nodes(gradient_booster: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the attributes of TreeEnsembleRegressor: a line a node, a line a leaf."""
    weights = gradient_booster.get("weight_drop")
    model = gradient_booster["gbtree"]["model"] if weights else gradient_booster["model"]
    found: dict[str, list[Any]] = {name: [] for name in NODES + LEAVES}
    for number, (tree, output) in enumerate(zip(model["trees"], model["tree_info"], strict=True)):
        factor = float(weights[number]) if weights else 1.0
        for place, left in enumerate(tree["left_children"]):
            is_leaf = left == -1
            threshold = float(tree["split_conditions"][place])
            line = (
                *(number, place, "LEAF" if is_leaf else "BRANCH_LT"),
                0 if is_leaf else int(tree["split_indices"][place]),
                0.0 if is_leaf else threshold,
                *(0 if is_leaf else left, 0 if is_leaf else int(tree["right_children"][place])),
                0 if is_leaf else int(tree["default_left"][place]),
            )
            for name, cell in zip(NODES, line, strict=True):
                found[name].append(cell)
            if is_leaf:
                for name, cell in zip(
                    LEAVES, (number, place, int(output), threshold * factor), strict=True
                ):
                    found[name].append(cell)
    return found


NODES = (
    "nodes_treeids",
    "nodes_nodeids",
    "nodes_modes",
    "nodes_featureids",
    "nodes_values",
    "nodes_truenodeids",
    "nodes_falsenodeids",
    "nodes_missing_value_tracks_true",
)
LEAVES = ("target_treeids", "target_nodeids", "target_ids", "target_weights")
