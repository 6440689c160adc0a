"""How the coordinates of one feature are written: a number, or an array of categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from emulator.ml.data.features import CategoricalFeature, Feature, NumericFeature

FIELDS = (
    ("feature", pa.string()),
    ("numerical_value", pa.float64()),
    (
        "categorical_value",
        pa.list_(pa.struct([("category", pa.string()), ("value", pa.float64())])),
    ),
)


def category_names(feature: Feature) -> Sequence[str]:
    """Return names of a feature's coordinates; of a vector, its positions."""
    if isinstance(feature, CategoricalFeature):
        return feature.categories
    return [str(at) for at in range(feature.width)]


def coordinates(
    feature: Feature, values: Sequence[float], *, without_zeros: bool = False
) -> dict[str, Any]:
    """Return the fields of one feature's coordinates."""
    if isinstance(feature, NumericFeature):
        return {"feature": feature.name, "numerical_value": values[0], "categorical_value": []}
    pairs = zip(category_names(feature), values, strict=True)
    listed = [
        {"category": name, "value": value} for name, value in pairs if value or not without_zeros
    ]
    return {"feature": feature.name, "numerical_value": None, "categorical_value": listed}
