"""The units in which k-means and PCA see coordinates: what is divided by, and from where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emulator.ml.data.columns import Floats
from emulator.ml.data.features import Feature, NumericFeature


def spreads(features: Sequence[Feature], standardised: bool) -> Floats:
    """Return a divisor for each coordinate; a constant number is not divided."""
    found = np.ones(sum(feature.width for feature in features))
    at = 0
    for feature in features:
        if standardised and isinstance(feature, NumericFeature) and feature.stddev_sample > 0:
            found[at] = feature.stddev_sample
        at += feature.width
    return found


def origins(features: Sequence[Feature]) -> Floats:
    """Return what each coordinate lacks to its own zero: the mean of a number."""
    found = np.zeros(sum(feature.width for feature in features))
    at = 0
    for feature in features:
        if isinstance(feature, NumericFeature):
            found[at] = feature.mean
        at += feature.width
    return found
