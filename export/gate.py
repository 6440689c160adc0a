"""Whether a published version may become the current one.

What a manifest says holds against the champion that it names. Against another one, both
answer the test split as the features table has it now.
"""

from __future__ import annotations

from collections.abc import Iterator

from google.cloud.storage import Bucket

from export import bucket as store
from export import dataset
from export.artifact import MANIFEST, Manifest, Pointer, TrustedKeys, check_pointer, load
from export.contest import Batch, Contestant, Promotion, compare, obstacle
from export.errors import ArtifactError
from export.nodes import Node
from export.warehouse import Warehouse

LARGEST_BATCH = 10_000
TEST = "`split` = 'test'"
FIRST = Promotion("first", None, "There was no current version.")


def recorded(manifest: Manifest, current: Pointer | None) -> Promotion | None:
    """Return what is known without asking: the first version's, or the manifest's own."""
    if current is None:
        return FIRST
    found = manifest.promotion
    if found is None or found["champion"] != current.version:
        return None
    return Promotion(**found)


def judge(
    warehouse: Warehouse,
    node: Node,
    bucket: Bucket,
    keys: TrustedKeys,
    challenger: Contestant,
    current: Pointer,
) -> Promotion:
    """Let a version and the current one answer the test split.

    Parameters
    ----------
    warehouse, node : Warehouse and Node
        Where the test rows are.
    bucket, keys : Bucket and TrustedKeys
        Where the current version is, and who may have signed it.
    challenger : Contestant
        The version that wants to be current.
    current : Pointer
        What names the champion.

    Returns
    -------
    Promotion
        `incomparable`, with the reason, if the champion cannot be opened or cannot answer.
    """
    if not challenger.manifest.label:
        return Promotion(
            "no_label",
            current.version,
            "It predicts no label, so no test row can say which is better.",
        )
    try:
        champion = _champion(bucket, keys, current)
    except ArtifactError as error:
        words = f"The current version cannot be opened: {error}"
        return Promotion("incomparable", current.version, words)
    columns = dataset.columns(warehouse, node)
    reason = obstacle(challenger.manifest, champion.manifest) or _lacking(columns, champion)
    if reason:
        return Promotion("incomparable", current.version, reason)
    return compare(challenger, champion, _batches(warehouse, node, challenger, champion))


def held_back(promotion: Promotion, model: str, version: str) -> str:
    """Say that a version is published and not current, why, and what can be done."""
    return (
        f"{version} is published but not current ({promotion.outcome}): {promotion.reason} "
        f"{promotion.champion} stays current. To serve {version} all the same: "
        f"{force_command(model, version)}"
    )


def force_command(model: str, version: str) -> str:
    """Return the command that promotes a version against the gate."""
    return f"`python -m export promote {model} {version} --force`"


def _champion(bucket: Bucket, keys: TrustedKeys, current: Pointer) -> Contestant:
    files = store.read(bucket, current.model, current.version)
    check_pointer(current, files.get(MANIFEST))
    return Contestant(*load(files, keys, model=current.model, version=current.version))


def _lacking(columns: dict[str, str], champion: Contestant) -> str | None:
    features = champion.manifest.features
    missing = [f.name for f in features if f.name not in columns]
    if missing:
        return f"The current version needs the column '{missing[0]}', which the table has no more."
    turned = [f for f in features if (f.type == "STRING") != (columns[f.name] == "STRING")]
    if turned:
        return (
            f"The current version takes '{turned[0].name}' as {turned[0].type}; the table has "
            f"{columns[turned[0].name]} now."
        )
    return None


def _batches(
    warehouse: Warehouse, node: Node, challenger: Contestant, champion: Contestant
) -> Iterator[Batch]:
    features = [*challenger.manifest.features, *champion.manifest.features]
    names = list(dict.fromkeys(f.name for f in features))
    label = str(challenger.manifest.label)
    for batch in dataset.rows_where(warehouse, node, [*names, label], TEST):
        for start in range(0, batch.num_rows, LARGEST_BATCH):
            part = batch.slice(start, LARGEST_BATCH)
            yield part.select(names).to_pylist(), part.column(label).to_pylist()
