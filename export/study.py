"""Everything about one model that the export works on, asked of BigQuery once.

Rows to certify are no part of it: they stay in BigQuery, beside BigQuery ML's answers, and
are read in parts each time they are needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from google.cloud.storage import Bucket

from export import answers, dataset
from export.background import Background, read_background
from export.batch import Batch
from export.families.sources import Sources
from export.families.transplanting import EXPLAINED
from export.hard_rows import HardRow, hard_rows
from export.identity import Identity
from export.manifest import Feature
from export.nodes import Node
from export.pipelines import Columns, categories_of
from export.training import Facts, TrainingRows, read_facts, read_rows
from export.transplant import Weights, read_weights
from export.warehouse import Warehouse

LINEAR = ("LINEAR_REG", "LOGISTIC_REG")
# Explanations are compared on all test rows up to so many, and on that many of more.
MOST_EXPLAINED = 10_000
Batches = Callable[[], Iterator[Batch]]


@dataclass(frozen=True)
class Study:
    """One model's rows, BigQuery ML's answers and what BigQuery ML is made of.

    Parameters
    ----------
    identity : Identity
        The model and its version.
    facts : Facts
        What the rows hold that BigQuery ML trained on.
    columns : Columns
        The input columns, as a pipeline is built of them.
    training : TrainingRows or None
        Those rows; None if there are more than fit into memory, or nobody knows which they are.
    hard : tuple of HardRow
        The hard rows.
    hard_batch : Batch
        The same, with BigQuery ML's answers.
    tests : callable
        Reads the test split with BigQuery ML's answers, a batch at a time, anew each time.
    explained : callable or None
        Reads rows with BigQuery ML's explanations; None for a family without any.
    sources : Sources
        What else BigQuery holds of the model.
    weights : Weights or None
        BigQuery ML's, of a linear model without a TRANSFORM clause.
    iterations : int or None
        How many BigQuery ML trained.
    metrics : dict of str to float
        BigQuery ML's, on the test split.
    background : Background
        What the model card tells of the data and the leak audit.
    """

    identity: Identity
    facts: Facts
    columns: Columns
    training: TrainingRows | None
    hard: tuple[HardRow, ...]
    hard_batch: Batch
    tests: Batches
    explained: Batches | None
    sources: Sources
    weights: Weights | None
    iterations: int | None
    metrics: dict[str, float | None]
    background: Background

    @property
    def node(self) -> Node:
        """What dbt says of the model."""
        return self.identity.node

    @property
    def features(self) -> tuple[Feature, ...]:
        """Input columns as training saw them."""
        return self.facts.features

    @property
    def classes(self) -> tuple[Any, ...] | None:
        """The classes BigQuery ML knows, ascending; None without classes."""
        return self.sources.classes

    @property
    def explained_rows(self) -> int:
        """How many test rows are explained."""
        return min(self.facts.tests, _most_explained(self.node))


def read_study(warehouse: Warehouse, bucket: Bucket, identity: Identity) -> Study:
    """Ask BigQuery about a model, and let it predict and explain.

    Parameters
    ----------
    warehouse : Warehouse
    bucket : google.cloud.storage.Bucket
        Where BigQuery may write the booster of a tree model, which is read and deleted.
    identity : Identity

    Raises
    ------
    ExportError
        DatasetError or UnsupportedError, with BigQuery's own words where it has some.
    """
    node = identity.node
    types = dataset.feature_types(warehouse, node)
    facts = read_facts(warehouse, node, types)
    hard = tuple(hard_rows(facts.features, facts.typical))
    trained_on = facts.condition if facts.exact else None
    sources = Sources(warehouse, bucket, node, types, trained_on, None)
    outputs = sources.outputs
    asked = json.dumps([{answers.KEY: row.key} | row.values for row in hard])
    table = answers.predict(warehouse, node, answers.given_rows(node, types), outputs, rows=asked)
    hard_batch = answers.hard_batch(answers.predictions(warehouse, node, table, outputs), hard)
    if node.task == "classification":
        sources = replace(sources, classes=hard_batch.expected.classes)
    tests = answers.predict(warehouse, node, answers.split_rows(node), outputs)
    explained = None
    if identity.model_type in EXPLAINED:
        explained = _explained(sources, facts, hard, asked)
    return Study(
        identity=identity,
        facts=facts,
        columns=_columns(facts.features),
        training=read_rows(warehouse, node, facts),
        hard=hard,
        hard_batch=hard_batch,
        tests=partial(answers.predictions, warehouse, node, tests, outputs),
        explained=explained,
        sources=sources,
        weights=_weights(identity, sources),
        iterations=answers.iterations(warehouse, node),
        metrics=_metrics(warehouse, node),
        background=read_background(warehouse, node),
    )


def _explained(sources: Sources, facts: Facts, hard: tuple[HardRow, ...], asked: str) -> Batches:
    node, warehouse, number = sources.node, sources.warehouse, len(sources.columns)
    most = _most_explained(node)
    chosen = answers.split_rows(node, most if facts.tests > most else None)
    tables = (
        answers.explain(
            warehouse, node, answers.given_rows(node, sources.types), number, rows=asked
        ),
        answers.explain(warehouse, node, chosen, number),
    )
    names = tuple(column.name for column in sources.columns)

    def read() -> Iterator[Batch]:
        unusual, usual = (
            answers.explanations(warehouse, node, table, names, sources.classes) for table in tables
        )
        yield answers.hard_batch(unusual, hard)
        yield from usual

    return read


def _most_explained(node: Node) -> int:
    return int(node.export.get("max_explained_rows", MOST_EXPLAINED))


def _columns(features: tuple[Feature, ...]) -> Columns:
    return Columns(
        numeric=tuple(f.name for f in features if f.kind == "numeric"),
        categories={
            f.name: categories_of([*(f.categories or ()), *([None] if f.nullable else [])])
            for f in features
            if f.kind == "categorical"
        },
    )


def _weights(identity: Identity, sources: Sources) -> Weights | None:
    if identity.model_type not in LINEAR or sources.is_transformed:
        return None
    names = sources.class_names
    return read_weights(
        sources.rows("weights"),
        sources.rows("feature_info"),
        identity.node.features,
        names if len(names) > 2 else None,
    )


def _metrics(warehouse: Warehouse, node: Node) -> dict[str, float | None]:
    if node.label:
        return dataset.evaluation(warehouse, node)
    return answers.evaluation(warehouse, node)
