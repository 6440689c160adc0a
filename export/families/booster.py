"""The booster that EXPORT MODEL writes, with its vocabularies: what BigQuery ML holds of trees.

BigQuery writes XGBoost 0.82's binary format, which XGBoost up to 3.0 opens. A folder of its own
in the bucket takes the files and is emptied again.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.cloud.storage import Bucket

from export.bucket import refusals
from export.errors import DatasetError, UnsupportedError
from export.nodes import Node
from export.pipelines import NULL_FILLER
from export.warehouse import Warehouse

LABEL, ONE_HOT = "LABEL_ENCODING", "ONE_HOT_ENCODING"
FOLDER = "exports"
BOOSTER, METADATA = "model.bst", "assets/model_metadata.json"
ENCODINGS = {"categorical_label": LABEL, "categorical_one_hot": ONE_HOT}
_ASSET = re.compile(r"assets/(\d+)[^/]*\.txt")


@dataclass(frozen=True)
class TreeFeature:
    """A feature as the trees read it.

    Parameters
    ----------
    name : str
    mean : float or None
        What a NULL of a number becomes; None for other features.
    vocabulary : tuple of str
        Sorted categories; with one-hot encoding `_null_filler` is among them if training had
        NULLs.
    """

    name: str
    mean: float | None
    vocabulary: tuple[str, ...] = ()


@dataclass(frozen=True)
class Booster:
    """An exported tree model.

    Parameters
    ----------
    content : bytes
        The booster's file.
    features : tuple of TreeFeature
        In the order of the training query.
    method : str
        How categories are encoded.
    """

    content: bytes
    features: tuple[TreeFeature, ...]
    method: str

    @property
    def is_binary(self) -> bool:
        """Whether it is in the old format, as the releases that BigQuery uses write it."""
        return not self.content.startswith(b"{")  # as JSON does, and UBJSON


def export_booster(warehouse: Warehouse, bucket: Bucket, node: Node) -> Booster:
    """Let BigQuery write a model to the bucket and read it.

    Raises
    ------
    DatasetError
        If BigQuery refuses, or the files are not those of a tree model.
    PublishError
        If the bucket is not there.
    UnsupportedError
        If a feature is encoded in a way that scikit-learn has no step for.
    """
    folder = f"{FOLDER}/{node.name}/{uuid.uuid4().hex}/"
    try:
        warehouse.rows(
            f"export model `{node.relation}` options(uri = 'gs://{bucket.name}/{folder}')"
        )
        with refusals(bucket, folder):
            files = {blob.name[len(folder) :]: blob for blob in bucket.list_blobs(prefix=folder)}
            wanted = [n for n in files if n in (BOOSTER, METADATA) or _ASSET.fullmatch(n)]
            contents = {name: files[name].download_as_bytes() for name in wanted}
        return read_booster(contents, node.name)
    finally:
        with refusals(bucket, folder):
            for blob in bucket.list_blobs(prefix=folder):
                blob.delete()


def read_booster(files: Mapping[str, bytes], model: str) -> Booster:
    """Read the files of an export by name.

    Raises
    ------
    DatasetError
        If one is missing.
    UnsupportedError
        If a feature is an array or encoded by the label's means.
    """
    for name in (BOOSTER, METADATA):
        if name not in files:
            raise DatasetError(f"EXPORT MODEL of '{model}' wrote no {name}: {sorted(files)}.")
    metadata = json.loads(files[METADATA])
    found = {
        int(match[1]): content.decode().splitlines()
        for name, content in files.items()
        if (match := _ASSET.fullmatch(name))
    }
    described = [metadata["features"][name] for name in metadata["feature_names"]]
    features = tuple(
        _feature(name, described[at], found.get(at, []), model)
        for at, name in enumerate(metadata["feature_names"])
    )
    kinds = {one.get("encode_type") for one in described}
    methods = {method for kind, method in ENCODINGS.items() if kind in kinds}
    return Booster(files[BOOSTER], features, methods.pop() if methods else LABEL)


def _feature(name: str, described: Mapping[str, Any], words: list[str], model: str) -> TreeFeature:
    kind = described.get("encode_type")
    if kind is None:
        return TreeFeature(name, float(described["mean"]))
    if kind == "array_struct":
        return TreeFeature(name, None)
    if kind not in ENCODINGS:
        raise UnsupportedError(
            f"The feature '{name}' of '{model}' is encoded as '{kind}'; the export rebuilds "
            f"{', '.join(ENCODINGS)}. Set CATEGORY_ENCODING_METHOD to LABEL_ENCODING."
        )
    if ENCODINGS[kind] == LABEL and words[:1] == [NULL_FILLER]:
        words = words[1:]  # its place is 0, as that of every unknown category
    return TreeFeature(name, None, tuple(words))
