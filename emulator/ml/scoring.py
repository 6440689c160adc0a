"""Applies a trained classification or regression to batches of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from emulator.ml.data import types
from emulator.ml.data.binding import Binding, bind, check_type, positions_of
from emulator.ml.data.columns import Codes, Floats
from emulator.ml.data.features import Encoded
from emulator.ml.data.training_columns import InputColumn
from emulator.ml.errors import InputDataError
from emulator.ml.glm.parameters import Weights
from emulator.ml.model import Model
from emulator.ml.probabilities import sigmoid, softmax
from emulator.ml.trees.parameters import Ensemble


@dataclass(frozen=True)
class Scorer:
    """A model bound to the columns of some input.

    Parameters
    ----------
    model : Model
    binding : Binding
    label : int or None
        Column of the input that holds the label.
    """

    model: Model
    binding: Binding
    label: int | None

    def scores(self, batch: pa.RecordBatch) -> Floats:
        """Return scores of shape (outputs, rows): predictions, or log odds of classes."""
        return self._parameters.scores(self.model.features, self._encode(batch), batch.num_rows)

    def attributions(self, batch: pa.RecordBatch, approximate: bool) -> tuple[Floats, Floats]:
        """Return parts of the scores and the baseline, as the parameters do."""
        features, data = self.model.features, self._encode(batch)
        if isinstance(self._parameters, Ensemble):
            return self._parameters.attributions(
                features, data, batch.num_rows, approximate=approximate
            )
        return self._parameters.attributions(features, data, batch.num_rows)

    def classes_of(self, batch: pa.RecordBatch) -> tuple[Codes, Codes]:
        """Return each row's label as a position in the classes, and which rows have one.

        A label that training did not see has the number of classes as its position.
        """
        assert self.model.classes is not None and self.label is not None
        array = batch.column(self.label)
        known = {text: at for at, text in enumerate(self.model.classes)}
        pairs = array.dictionary_encode()
        texts = [types.label_text(value) for value in pairs.dictionary.to_pylist()]
        lookup = np.array([*(known.get(text, len(known)) for text in texts), -1], dtype=np.intp)
        codes = lookup[pairs.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)]
        return codes, codes >= 0

    @property
    def _parameters(self) -> Weights | Ensemble:
        assert isinstance(self.model.parameters, Weights | Ensemble)
        return self.model.parameters

    def _encode(self, batch: pa.RecordBatch) -> list[Encoded]:
        return self.binding.encode(batch)


def make_scorer(model: Model, schema: pa.Schema, *, needs_label: bool = False) -> Scorer:
    """Find a model's columns in an input, by name in any case.

    Raises
    ------
    InputDataError
        If a feature or the label is missing, or has another type than in training.
    """
    assert model.label is not None
    binding = bind(model.inputs, model.features, schema, str(model.name))
    label = positions_of(schema).get(model.label.lower())
    if needs_label and label is None:
        raise InputDataError(
            f'The input misses the label column "{model.label}" of model {model.name}.'
        )
    if needs_label and model.classes is None and label is not None:
        check_type(InputColumn(model.label, "FLOAT64"), schema.field(label).type)
    return Scorer(model, binding, label)


def probabilities(model: Model, scores: Floats) -> Floats:
    """Return class probabilities of shape (classes, rows)."""
    if not model.is_binary:
        return softmax(scores)
    return np.stack([sigmoid(-scores[0]), sigmoid(scores[0])])


def predicted_classes(model: Model, chances: Floats, threshold: float = 0.5) -> Codes:
    """Return the predicted class of each row as a position in the classes."""
    if model.is_binary:
        return np.asarray((chances[1] > threshold).astype(np.intp))
    return np.asarray(chances.argmax(axis=0))


def label_array(model: Model, positions: Codes) -> pa.Array:
    """Return label values of these positions, in the label's own type."""
    assert model.classes is not None and model.label_type is not None
    kind = types.arrow_type(model.label_type)
    values = [types.label_value(text, model.label_type) for text in model.classes]
    return pa.array(values, kind).take(pa.array(positions))
