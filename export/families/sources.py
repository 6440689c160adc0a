"""What BigQuery holds of one model, asked as it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from google.cloud.storage import Bucket

from export.artifact import class_name
from export.errors import UnsupportedError
from export.families.booster import Booster, export_booster
from export.families.clause import read_clause
from export.families.clause_steps import column_of
from export.families.columns import NUMBER, Column, plain
from export.families.probes import learn
from export.nodes import Node
from export.warehouse import Warehouse

TEXTS = ("STRING",)
NO_FEATURES = ("input_label_cols", "data_split_col", "instance_weight_col", "kmeans_init_col")


@dataclass(frozen=True)
class Sources:
    """Where a model's parts come from.

    Parameters
    ----------
    warehouse : Warehouse
    bucket : google.cloud.storage.Bucket
        Where BigQuery may write a booster.
    node : Node
    types : mapping of str to str
        BigQuery's type of each input column.
    training : str or None
        A condition on the features table: the rows that the model was trained on; None if nobody
        knows them.
    classes : tuple or None
        The label's classes, ascending; None without classes.
    """

    warehouse: Warehouse
    bucket: Bucket
    node: Node
    types: Mapping[str, str]
    training: str | None
    classes: tuple[Any, ...] | None

    def rows(self, function: str) -> list[dict[str, Any]]:
        """Return the rows of an ML function that takes the model alone."""
        return self.warehouse.rows(f"select * from ml.{function}(model `{self.node.relation}`)")

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The model's features, a TRANSFORM clause's if it has one."""
        model = self.warehouse.client.get_model(self.node.relation)
        given = [(str(t.name), str(t.transform_sql)) for t in model.transform_columns or ()]
        if not given:
            return tuple(plain(n, is_text=self.types[n] in TEXTS) for n in self.node.features)
        clause = read_clause(given, self._kept())
        learned = learn(self.warehouse, self.node, clause, self.types)
        return tuple(
            column_of(made, learned[made.name], is_text=self.types[made.source] in TEXTS)
            for made in clause
        )

    @property
    def class_names(self) -> list[str]:
        """The classes as SQL writes them."""
        return [class_name(label) for label in self.classes or ()]

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Names of the clusters or components that the model has; of others none."""
        if self.node.task == "clustering":
            count = max(int(row["centroid_id"]) for row in self.rows("centroids"))
            return tuple(str(number) for number in range(1, count + 1))
        if self.node.task == "decomposition":
            count = len(self.rows("principal_component_info"))
            return tuple(f"principal_component_{number}" for number in range(1, count + 1))
        return ()

    @property
    def is_transformed(self) -> bool:
        """Whether a TRANSFORM clause changes the input columns, or leaves some out."""
        names = tuple(one.name for one in self.columns)
        return names != self.node.features or any(
            one.steps or one.name != one.source for one in self.columns
        )

    @cached_property
    def statistics(self) -> dict[str, tuple[float, float]]:
        """Mean and sample deviation of each number over the training rows.

        Raises
        ------
        UnsupportedError
            If ML.FEATURE_INFO does not tell them, because of a TRANSFORM clause, and nobody knows
            the rows.
        """
        if not self.is_transformed:
            return {
                row["input"]: (float(row["mean"] or 0.0), float(row["stddev"] or 0.0))
                for row in self.rows("feature_info")
                if row["mean"] is not None
            }
        if self.training is None:
            raise UnsupportedError(
                f"'{self.node.name}' has a TRANSFORM clause and a DATA_SPLIT_METHOD that takes "
                "rows Google does not publish, so nobody knows the means that stand in for NULL. "
                "Use 'custom' or 'no_split'."
            )
        numbers = [one.name for one in self.columns if one.kind == NUMBER]
        parts = [f"avg(`{n}`) as m{at}, stddev(`{n}`) as s{at}" for at, n in enumerate(numbers)]
        inputs = ", ".join(f"`{name}`" for name in self.node.features)
        (row,) = self.warehouse.rows(
            f"select {', '.join(parts)} from ml.transform(model `{self.node.relation}`, "
            f"(select {inputs} from `{self.node.tables['features']}` where {self.training}))"
        )
        return {
            name: (float(row[f"m{at}"] or 0.0), float(row[f"s{at}"] or 0.0))
            for at, name in enumerate(numbers)
        }

    @cached_property
    def booster(self) -> Booster:
        """The exported booster of a tree model."""
        return export_booster(self.warehouse, self.bucket, self.node)

    def _kept(self) -> list[str]:
        found = [self.node.label] if self.node.label else []
        for option in NO_FEATURES:
            value = self.node.options.get(option) or []
            found += value if isinstance(value, list) else [value]
        return found
