"""The export step by step, for a notebook: read a model, train, certify, save the pickle."""

from __future__ import annotations

from pathlib import Path

from cloud import Settings, storage_client
from export.artifact import key_id, signing_key, trusted_keys
from export.certificate import Certificate
from export.certification import Choice, held
from export.connections import open_warehouse
from export.errors import DatasetError, ParityFailure
from export.examination import Candidate, examine
from export.identity import Untrained, identify
from export.nodes import MANIFEST_FILE, read_nodes
from export.package import package
from export.study import Study, read_study


def read_model(settings: Settings, model: str, *, dbt_manifest: Path = MANIFEST_FILE) -> Study:
    """Read everything about one model from BigQuery.

    Parameters
    ----------
    settings : Settings
        Where BigQuery is.
    model : str
        dbt's name of a model with an export block, such as "price_linear".
    dbt_manifest : pathlib.Path
        dbt's `target/manifest.json`; a relative path starts at the working directory.

    Returns
    -------
    Study
        What `train`, `certify`, `choose` and `save` work on.

    Raises
    ------
    ExportError
        If dbt's manifest has no such model, or dbt did not train it.
    """
    warehouse = open_warehouse(settings)
    (node,) = read_nodes(dbt_manifest, [model])
    identity = identify(warehouse, node, _key(settings))
    if isinstance(identity, Untrained):
        raise DatasetError(f"'{model}' was not trained: {identity.verdict['reason']}")
    bucket = storage_client(settings).bucket(settings.bucket)
    return read_study(warehouse, bucket, identity)


def save(
    settings: Settings,
    study: Study,
    candidate: Candidate,
    certificate: Certificate,
    directory: Path,
) -> list[Path]:
    """Write a certified pipeline's files, as they would be published.

    Parameters
    ----------
    settings : Settings
        Where the signing key is.
    study, candidate, certificate
        What `read_model`, `train` and `certify` returned.
    directory : pathlib.Path
        Made if missing.

    Returns
    -------
    list of pathlib.Path
        `model.pkl` first.

    Raises
    ------
    ParityFailure
        If the certificate does not hold.
    """
    if certificate.within:  # whatever was handed in, what is saved is of this candidate
        examination = examine(study, [candidate])
        certificate = examination.certificates[candidate.method]
    if not certificate.within:
        raise ParityFailure(
            f"'{study.node.name}' ({candidate.method}) is not saved: {certificate.apart} "
            f"of {certificate.rows} rows are not within {certificate.tolerance:g}, by up to "
            f"{certificate.max_rel:.3g}."
        )
    choice = Choice(candidate, examination, held(study, candidate))
    key = signing_key(settings.signing_key_file, settings.public_key_file)
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in package(study, choice, key, bucket=settings.bucket).items():
        (directory / name).write_bytes(content)
        paths.append(directory / name)
    return paths


def _key(settings: Settings) -> str:
    """Return the id of the key that would sign; who only reads goes by the newest trusted one."""
    if settings.public_key_file.exists() and not settings.signing_key_file.exists():
        return next(iter(trusted_keys(settings.public_key_file).keys))
    key = signing_key(settings.signing_key_file, settings.public_key_file)
    return key_id(key.public_key())
