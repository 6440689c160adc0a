"""The files of an exported tree model, as Google's page on exporting models lays them out.

`assets/` holds a vocabulary for each feature that is no number and `model_metadata.json`;
`model.bst` is the booster, in the old binary format where an exact library trained it. What a
TRANSFORM clause does is left out: BigQuery writes a TensorFlow SavedModel for it, `transform/`.
`predictor.py`, in a package beside `main.py`, is ours.
"""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

from emulator.ml.data.features import (
    NULL_CATEGORY,
    CategoricalFeature,
    Feature,
    MultiHotFeature,
    NumericFeature,
    VectorFeature,
)
from emulator.ml.errors import NotEmulated, StatementError
from emulator.ml.model import Model
from emulator.ml.time_series.parameters import SeriesSet
from emulator.ml.trees.matrix import LABEL, ONE_HOT
from emulator.ml.trees.parameters import Ensemble

PACKAGE = "xgboost_predictor-0.1"
_MAIN = '''"""Reads rows as JSON lines from standard input and prints predictions."""

import json
import os
import sys

from predictor import Predictor

for found in Predictor(os.path.dirname(os.path.abspath(__file__))).predict(
    [json.loads(line) for line in sys.stdin if line.strip()]
):
    print(json.dumps(found))
'''


def booster_files(model: Model) -> dict[str, bytes]:
    """Return the files of an export by their path.

    Raises
    ------
    StatementError
        If BigQuery cannot export such a model.
    NotEmulated
        If BigQuery exports such a model as a TensorFlow SavedModel.
    """
    ensemble = model.parameters
    if isinstance(ensemble, SeriesSet):
        raise StatementError(f"{model.type} models cannot be exported, on BigQuery neither.")
    if not isinstance(ensemble, Ensemble):
        raise NotEmulated(
            f"EXPORT MODEL of a {model.type} model (a TensorFlow SavedModel on BigQuery)",
            "Boosted trees and random forests are exported as a Booster.",
        )
    files = {
        "model.bst": ensemble.booster,
        "main.py": _MAIN.encode(),
        f"{PACKAGE}.tar.gz": _package(),
        "assets/model_metadata.json": _metadata(model, ensemble).encode(),
    }
    for at, feature in enumerate(model.features):
        asset = _asset(feature, ensemble, at)
        if asset is not None:
            kind, lines = asset
            files[f"assets/{at}_{kind}.txt"] = "".join(f"{line}\n" for line in lines).encode()
    return files


def _metadata(model: Model, ensemble: Ensemble) -> str:
    body: dict[str, Any] = {
        "feature_names": [feature.name for feature in model.features],
        "features": {
            feature.name: _described(feature, ensemble.encoding.method)
            for feature in model.features
        },
        "label_col": model.label,
        "model_type": model.type.lower(),
    }
    if model.classes is not None:
        body["class_names"] = list(reversed(model.classes))
    return json.dumps(body, indent=1, sort_keys=True)


def _described(feature: Feature, method: str) -> dict[str, Any]:
    if isinstance(feature, NumericFeature):
        numbers = (feature.min, feature.max, feature.mean, feature.stddev_sample)
        return dict(zip(("min", "max", "mean", "std"), numbers, strict=True))
    if isinstance(feature, VectorFeature):
        return {"encode_type": "array_struct" if feature.is_sparse else "array_numerical"}
    if isinstance(feature, MultiHotFeature):
        return {"encode_type": "mhe"}
    names = {LABEL: "categorical_label", ONE_HOT: "categorical_one_hot"}
    return {"encode_type": names.get(method, "categorical_target")}


def _asset(feature: Feature, ensemble: Ensemble, at: int) -> tuple[str, list[str]] | None:
    """Return the kind and the lines of a feature's vocabulary."""
    if isinstance(feature, VectorFeature):
        kind = "array_struct_dimension" if feature.is_sparse else "array_numerical_length"
        return kind, [str(feature.width)]
    if not isinstance(feature, CategoricalFeature):
        return None
    known = list(feature.categories)
    if isinstance(feature, MultiHotFeature):
        return "array_one_hot", known
    if ensemble.encoding.method == LABEL:
        return "categorical_label", [NULL_CATEGORY, *known[: feature.category_count]]
    if ensemble.encoding.method == ONE_HOT:
        null_first = known[-1:] + known[:-1] if feature.has_null else known
        return "categorical_one_hot", null_first
    cells = ensemble.encoding.targets[at]
    # A share of 0 is missing for XGBoost where there are several cells.
    return "categorical_target", [
        "\t".join([name, *("" if len(row) > 1 and not one else repr(one) for one in row)])
        for name, row in zip(known, cells, strict=True)
    ]


def _package() -> bytes:
    """Return the predictor as a package, the same bytes each time but for the compression."""
    source = (Path(__file__).with_name("predictor.py")).read_bytes()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        entry = tarfile.TarInfo(f"{PACKAGE}/predictor.py")
        entry.size = len(source)
        archive.addfile(entry, io.BytesIO(source))
    return out.getvalue()
