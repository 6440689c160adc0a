"""The columns of a model's design, as BigQuery ML names them in weights, centroids and loadings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.families.columns import NUMBER, VECTOR, Column

Floats = NDArray[np.float64]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Designed:
    """A feature, and what it is in the design.

    Parameters
    ----------
    column : Column
    categories : tuple of str
        Names of its columns: categories, sorted, or positions of a vector; empty for a number.
    mean, deviation : float
        Of a number over the training rows: what a NULL becomes, and the sample's deviation.
    """

    column: Column
    categories: tuple[str, ...] = ()
    mean: float = 0.0
    deviation: float = 1.0

    @property
    def names(self) -> list[tuple[str, str | None]]:
        """Feature and category of each of its columns."""
        if self.column.kind == NUMBER:
            return [(self.column.name, None)]
        return [(self.column.name, category) for category in self.categories]


def designed(
    columns: Sequence[Column],
    categories: Mapping[str, Sequence[str]],
    statistics: Mapping[str, tuple[float, float]],
) -> tuple[Designed, ...]:
    """Return the features in their order.

    Parameters
    ----------
    columns : sequence of Column
    categories : mapping of str to sequence of str
        Those that have a column, by feature.
    statistics : mapping of str to (mean, deviation)
        Of numbers.
    """
    found = []
    for column in columns:
        if column.kind == NUMBER:
            mean, deviation = statistics[column.name]
            found.append(Designed(column, (), mean, deviation))
        elif column.kind == VECTOR:
            found.append(Designed(column, tuple(map(str, range(column.width)))))
        else:
            found.append(Designed(column, tuple(sorted(categories[column.name]))))
    return tuple(found)


def names_of(features: Sequence[Designed]) -> list[tuple[str, str | None]]:
    """Return feature and category of each column of the design."""
    return [name for one in features for name in one.names]


def listed_categories(rows: Sequence[Row], name: str, cells: str) -> dict[str, set[str]]:
    """Return the categories that rows list, by feature.

    Parameters
    ----------
    rows : sequence of mappings
        Of ML.WEIGHTS, ML.CENTROIDS or ML.PRINCIPAL_COMPONENTS.
    name, cells : str
        Keys of the feature's name and of its array of categories.
    """
    found: dict[str, set[str]] = {}
    for row in rows:
        for entry in row[cells] or ():
            found.setdefault(row[name], set()).add(entry["category"])
    return found


def filled_matrix(
    rows: Sequence[Row], features: Sequence[Designed], count: int, line_of: str, first: int
) -> Floats:
    """Return the values that rows give to each column, of shape (count, columns).

    Parameters
    ----------
    rows : sequence of mappings
        Of ML.CENTROIDS or ML.PRINCIPAL_COMPONENTS; what they leave out is 0.
    count : int
        Number of lines.
    line_of, first : str and int
        Key of a row's line, and the number of the first.
    """
    found = np.zeros((count, len(names_of(features))))
    places = {name: at for at, name in enumerate(names_of(features))}
    for row in rows:
        line = int(row[line_of]) - first
        if row["numerical_value"] is not None:
            found[line, places[row["feature"], None]] = row["numerical_value"]
        for entry in row["categorical_value"] or ():
            found[line, places[row["feature"], entry["category"]]] = entry["value"]
    return found
