"""Trains a model from a training query: read, fit by family, name."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from emulator.ml.clustering.training import fit_clusters
from emulator.ml.data.training_columns import Columns
from emulator.ml.data.training_data import TrainingSet, make_training_set
from emulator.ml.decomposition.training import fit_components
from emulator.ml.glm.training import fit_glm
from emulator.ml.model import Fitted, Metadata, Model, ModelName
from emulator.ml.options import TREES
from emulator.ml.options.base import TrainingOptions
from emulator.ml.options.time_series import TimeSeriesOptions
from emulator.ml.time_series.holidays import modelled
from emulator.ml.time_series.training import SeriesCollector, fit_time_series
from emulator.ml.transform.clause import Clause
from emulator.ml.transform.freezing import Frozen, freeze
from emulator.ml.trees.fitting import fit_trees
from emulator.session import Session
from emulator.syntax import check_query

# How the rows of each type of model are fitted; a sibling type is one entry.
FITS: dict[str, Callable[[TrainingSet, Any], Fitted]] = {
    "LINEAR_REG": fit_glm,
    "LOGISTIC_REG": fit_glm,
    **dict.fromkeys(TREES, fit_trees),
    "KMEANS": fit_clusters,
    "PCA": fit_components,
}


@dataclass(frozen=True)
class Order:
    """What CREATE MODEL asks for; `holidays` is the query of `custom_holiday`."""

    name: ModelName
    options: TrainingOptions
    query: str
    clause: Clause | None
    holidays: str | None = None


async def train(order: Order, session: Session) -> Model:
    """Run the training query, fit and judge the model; nothing is stored.

    Raises
    ------
    TrainingDataError
        If the query's columns or rows cannot train such a model.
    """
    started = time.time()
    query, parameters, frozen = order.query, session.parameters, None
    if order.clause is not None:
        frozen = await freeze(order.clause, query, order.options, session)
        query, parameters = frozen.query, None
    if order.options.model_type == "TRANSFORM_ONLY":
        fitted = Fitted(options=order.options, parameters=None)
        return named(fitted, order.name, started, frozen)
    custom = None
    if order.holidays is not None:
        check_query(order.holidays)
        custom = await session.query(order.holidays)
    async with session.reader(query, parameters) as reader:
        if isinstance(order.options, TimeSeriesOptions):
            series = SeriesCollector(reader.schema, order.options)
            for batch in reader:
                series.append(batch)
            holidays = modelled(order.options.holiday_region, custom)
            fitted = fit_time_series(series, order.options, holidays, needs_days=custom is not None)
        else:
            columns = Columns(reader.schema, order.options)
            for batch in reader:
                columns.append(batch)
            fitted = fit(columns, order.options)
    return named(fitted, order.name, started, frozen)


def fit(columns: Columns, options: TrainingOptions) -> Fitted:
    """Fit and judge a model on the rows that `columns` collected."""
    rows = make_training_set(columns, options)
    fitted = FITS[options.model_type](rows, options)
    label = rows.label
    return replace(
        fitted,
        inputs=rows.inputs,
        features=rows.features,
        profiles=rows.profiles,
        label=None if label is None else label.name,
        label_type=None if label is None else label.type,
        classes=None if label is None else label.classes,
        split_method=rows.split_method,
    )


def named(fitted: Fitted, name: ModelName, started: float, frozen: Frozen | None = None) -> Model:
    """Return the model of that name; a TRANSFORM clause's columns before it are described."""
    now = int(time.time() * 1000)
    values = {each.name: getattr(fitted, each.name) for each in fields(fitted)}
    metadata = Metadata(created=now, modified=now)
    transform = None
    if frozen is not None:
        values |= {"profiles": frozen.profiles, "summaries": frozen.summaries}
        transform = frozen.transform
    return Model(**values, name=name, transform=transform, started=started, metadata=metadata)
