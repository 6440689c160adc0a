"""Applies a trained model to batches of rows: scores, labels, probabilities, attributions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from emulator.ml import types
from emulator.ml.columns import Codes, Floats, as_floats
from emulator.ml.errors import InputDataError
from emulator.ml.features import CategoricalFeature, NumericFeature
from emulator.ml.logistic import sigmoid, softmax
from emulator.ml.model import Model


@dataclass(frozen=True)
class Scorer:
    """A model bound to the columns of some input.

    Parameters
    ----------
    model : Model
    positions : tuple of int
        Column of the input for each feature.
    label : int or None
        Column of the input that holds the label.
    """

    model: Model
    positions: tuple[int, ...]
    label: int | None

    def contributions(self, batch: pa.RecordBatch) -> Iterator[Floats]:
        """Yield each feature's part of the scores, of shape (outputs, rows)."""
        model = self.model
        for at, (feature, position) in enumerate(zip(model.features, self.positions, strict=True)):
            column = batch.column(position)
            weights = np.array([model.weights[output][at] for output in range(model.outputs)])
            if isinstance(feature, NumericFeature):
                yield weights * feature.encode(as_floats(column, feature.name, InputDataError))
            else:
                unseen = np.zeros((model.outputs, 1))
                yield np.hstack([weights, unseen])[:, feature.encode(column)]

    def scores(self, batch: pa.RecordBatch) -> Floats:
        """Return scores of shape (outputs, rows): predictions, or log odds of classes."""
        total = np.empty((self.model.outputs, batch.num_rows))
        total[:] = np.array(self.model.intercepts)[:, None]
        for part in self.contributions(batch):
            total += part
        return total

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


def bind(model: Model, schema: pa.Schema, *, needs_label: bool = False) -> Scorer:
    """Find a model's columns in an input, by name in any case.

    Raises
    ------
    InputDataError
        If a feature or the label is missing, or has another type than in training.
    """
    places: dict[str, int] = {}
    for position, name in enumerate(schema.names):
        if name.lower() in places:
            raise InputDataError(f'The input has the column "{name}" twice.')
        places[name.lower()] = position
    positions: list[int] = []
    for feature in model.features:
        if feature.name.lower() not in places:
            raise InputDataError(
                f'The input misses the feature column "{feature.name}" ({feature.type}) of model '
                f"{model.name}; it has: {', '.join(schema.names)}."
            )
        position = places[feature.name.lower()]
        _check_type(feature, schema.field(position))
        positions.append(position)
    label = places.get(model.label.lower())
    if needs_label and label is None:
        raise InputDataError(
            f'The input misses the label column "{model.label}" of model {model.name}.'
        )
    if needs_label and model.classes is None and label is not None:
        _check_number(model.label, schema.field(label))
    return Scorer(model, tuple(positions), label)


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
    assert model.classes is not None
    kind = types.arrow_type(model.label_type)
    values = [types.label_value(text, model.label_type) for text in model.classes]
    return pa.array(values, kind).take(pa.array(positions))


def _check_type(feature: NumericFeature | CategoricalFeature, field: pa.Field) -> None:
    if pa.types.is_null(field.type):
        return
    if isinstance(feature, NumericFeature):
        _check_number(feature.name, field)
    elif types.type_name(field) != feature.type:
        raise InputDataError(
            f'Column "{feature.name}" has type {types.type_name(field)} in the input; '
            f"the model was trained with {feature.type}."
        )


def _check_number(name: str, field: pa.Field) -> None:
    kind = types.type_name(field)
    if kind not in types.NUMERIC:
        raise InputDataError(
            f'Column "{name}" has type {kind} in the input; the model was trained with a number.'
        )
