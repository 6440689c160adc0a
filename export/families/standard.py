"""The preprocessing of KMEANS and PCA: numbers by mean and sample deviation, one-hot categories.

Source: the recorded cases of PCA and k-means: (x - mean) / STDDEV over the values that are not
NULL, a NULL is then 0, and one-hot columns, that of NULL among them, stay 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.compose import ColumnTransformer

from export.families.columns import CATEGORY, NUMBER, Column, Steps, assemble, filled, one_hot
from export.families.columns import scaled as scale_step
from export.families.design import Designed, Floats


@dataclass(frozen=True)
class Standard:
    """Features in units of their deviation.

    Parameters
    ----------
    features : tuple of Designed
    centred, scaled : bool
        Whether a number's mean is taken away, and whether it is divided by its deviation.
    """

    features: tuple[Designed, ...]
    centred: bool = True
    scaled: bool = True

    @property
    def origins(self) -> Floats:
        """What is taken away from each column of the design."""
        return self._of_numbers([self._origin(one) for one in self.features], 0.0)

    @property
    def spreads(self) -> Floats:
        """What each column of the design is divided by."""
        return self._of_numbers([self._spread(one) for one in self.features], 1.0)

    def preparation(self) -> ColumnTransformer:
        """Return the fitted preprocessing."""
        by_name = {one.column.name: one for one in self.features}

        def tail(column: Column) -> Steps:
            feature = by_name[column.name]
            if column.kind == NUMBER:
                step = scale_step(self._origin(feature), self._spread(feature))
                return [filled(feature.mean), step]
            return one_hot(column, feature.categories) if column.kind == CATEGORY else []

        return assemble([one.column for one in self.features], tail)

    def _origin(self, feature: Designed) -> float:
        return feature.mean if self.centred else 0.0

    def _spread(self, feature: Designed) -> float:
        return feature.deviation if self.scaled and feature.deviation > 0 else 1.0

    def _of_numbers(self, values: Sequence[float], otherwise: float) -> Floats:
        found: list[float] = []
        for feature, value in zip(self.features, values, strict=True):
            width = len(feature.names)
            found += [value] if feature.column.kind == NUMBER else [otherwise] * width
        return np.array(found)
