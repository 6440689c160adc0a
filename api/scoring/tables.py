"""A fitted pipeline as plain numbers: what the child hands to the serving process.

Every input column becomes a vector: a number by the line of the piece it lies in, a text by a
table. Of a linear model the vectors are attributions: added to the baseline they are the
scores. Of trees they are the columns that the trees read. The link turns scores into a value
or into probabilities.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

Cell = float | None  # None: missing, which trees know
Link = Literal["identity", "logistic", "softmax"]


class Part(NamedTuple):
    """What one place of a column's vectors is.

    Parameters
    ----------
    feature : str
        The model's feature: the input column, or what a TRANSFORM clause makes of it.
    target : int
        The output that it adds to; of trees the column of their matrix.
    """

    feature: str
    target: int


class Number(msgspec.Struct, frozen=True, tag=True):
    """An input column of numbers.

    Parameters
    ----------
    edges : tuple of float
        Ascending; piece `k` goes from `edges[k - 1]` to below `edges[k]`.
    slopes, offsets : tuple of shape (n_edges + 1, n_parts)
        In each piece a vector is `slope * number + offset`.
    null : tuple of shape (n_parts,)
        Where there is no number.
    parts : tuple of Part
    """

    edges: tuple[float, ...]
    slopes: tuple[tuple[float, ...], ...]
    offsets: tuple[tuple[float, ...], ...]
    null: tuple[Cell, ...]
    parts: tuple[Part, ...]


class Text(msgspec.Struct, frozen=True, tag=True):
    """An input column of texts.

    Parameters
    ----------
    known : dict of str to tuple of shape (n_parts,)
        By category.
    null, unseen : tuple of shape (n_parts,)
        Where there is no text, and for any other one.
    parts : tuple of Part
    """

    known: dict[str, tuple[Cell, ...]]
    null: tuple[Cell, ...]
    unseen: tuple[Cell, ...]
    parts: tuple[Part, ...]


class Tables(msgspec.Struct, frozen=True):
    """A whole model.

    Parameters
    ----------
    link : {"identity", "logistic", "softmax"}
        From scores to outputs.
    columns : dict of str to Number or Text
        By input column, in the model's order.
    baseline : tuple of float
        Of each output the score that every row starts from; of trees the row of their matrix
        before any column is known.
    trees : str or None
        An ONNX model in base64, which turns the matrix into scores; None for linear models.
    """

    link: Link
    columns: dict[str, Number | Text]
    baseline: tuple[Cell, ...]
    trees: str | None = None
