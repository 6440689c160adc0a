"""Training and evaluation rows of a linear model, with their labels."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.ml.data.columns import Codes, Floats
from emulator.ml.data.design import Design
from emulator.ml.data.features import Feature
from emulator.ml.data.rows import design_of, in_design_order
from emulator.ml.data.training_data import Label, TrainingSet


@dataclass(frozen=True)
class Part:
    """Encoded rows with their label: numbers, or positions of classes."""

    design: Design
    label: Floats | Codes


@dataclass(frozen=True)
class Parts:
    """What a linear model is fitted to and judged on.

    Parameters
    ----------
    encoded : tuple of Feature
        In the order of the design.
    training : Part
    evaluation : Part or None
        None if every row trains.
    """

    encoded: tuple[Feature, ...]
    label: Label
    training: Part
    evaluation: Part | None

    @property
    def judged(self) -> Part:
        """The rows that metrics are computed on."""
        return self.training if self.evaluation is None else self.evaluation


def make_parts(given: TrainingSet) -> Parts:
    """Return the designs of a training set, whose data are taken out on the way."""
    assert given.label is not None
    pairs = in_design_order(given.features, given.data)
    given.data.clear()
    parts = [
        Part(design_of(pairs, rows), given.label.values[rows]) if len(rows) else None
        for rows in (given.training, given.evaluation)
    ]
    assert parts[0] is not None
    return Parts(tuple(feature for feature, _ in pairs), given.label, parts[0], parts[1])
