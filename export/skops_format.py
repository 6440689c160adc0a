"""The pipeline in skops' format: data and class names, opened without running code.

skops reads NumPy's arrays without being asked; of a scikit-learn pipeline it asks about one
type alone, the `numpy.dtype` that SimpleImputer keeps. skops rebuilds it from an empty
array, pickles refused. Of trees it asks about XGBoost's own classes and the dictionary in which
scikit-learn's vote keeps them. A type that is not among them is not published.
"""

from __future__ import annotations

import zipfile
from typing import Any

from export.errors import PickleError

NUMPY = ("numpy.dtype",)
TREES = {
    "REGRESSOR": ("xgboost.core.Booster", "xgboost.sklearn.XGBRegressor"),
    "CLASSIFIER": (
        "sklearn.utils._bunch.Bunch",
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
    ),
}


def trusted(model_type: str) -> tuple[str, ...]:
    """Return the types that a reader of a model's file has to trust, sorted."""
    return (*NUMPY, *TREES.get(model_type.rpartition("_")[2], ()))


def dump(pipeline: Any) -> bytes:
    """Write a pipeline.

    Raises
    ------
    PickleError
        If a reader would have to trust any other type.
    """
    from skops.io import dumps, get_untrusted_types  # loads all of scikit-learn: over a second

    data: bytes = dumps(pipeline, compression=zipfile.ZIP_DEFLATED)
    known = {*NUMPY, *(name for names in TREES.values() for name in names)}
    strangers = sorted(set(get_untrusted_types(data=data)) - known)
    if strangers:
        raise PickleError(f"skops would have to trust {strangers}; expected {sorted(known)} alone.")
    return data
