"""AUTO_CLASS_WEIGHTS and CLASS_WEIGHTS: how much the rows of each class weigh."""

from __future__ import annotations

import numpy as np

from emulator.ml.data.columns import Codes, Floats
from emulator.ml.errors import OptionError
from emulator.ml.options.base import SupervisedOptions


def class_weights(
    labels: Codes, classes: tuple[str, ...], options: SupervisedOptions
) -> Floats | None:
    """Return the weight of the rows of each class, or None if all weigh the same.

    Raises
    ------
    OptionError
        If CLASS_WEIGHTS does not name every class, and no other, or all weights are 0.
    """
    if options.auto_class_weights:
        counts = np.bincount(labels, minlength=len(classes))
        return np.asarray(counts.sum() / (counts * len(counts)))
    if options.class_weights is None:
        return None
    given = dict(options.class_weights)
    if set(given) != set(classes):
        raise OptionError(
            "CLASS_WEIGHTS must have a weight for every label and no other: the labels are "
            f"{', '.join(classes)}; weights were given for {', '.join(given)}."
        )
    if not any(given.values()):
        raise OptionError("CLASS_WEIGHTS must not be 0 for every label: no row would count.")
    return np.array([given[label] for label in classes])
