"""Errors of the export.

ExportError
├── DbtManifestError     dbt's manifest is missing, unreadable or has no such model
├── DatasetError         features, model or labels cannot be read as the contract says
├── StaleModelError      the model was trained on other data than the features table holds
├── UnsupportedError     a model type or option that the export cannot rebuild
├── ParityFailure        no pipeline answers as BigQuery ML does
├── PublishConflict      another publisher moved the pointer first
├── PublishError         the bucket is gone, or a version's folder holds something else
└── ArtifactError        a published version is not what was signed
    ├── ManifestError    the manifest, signature or pointer breaks its schema
    ├── SignatureError   not signed by the key that is trusted, or signed for something else
    ├── DigestError      a file is missing or its bytes changed
    ├── LibraryError     the installed libraries cannot read the pickle safely
    ├── PickleError      the pickle names a class that has no place in it
    └── GoldenError      the pipeline does not repeat its golden answers
"""

from __future__ import annotations


class ExportError(Exception):
    """Base of everything the export raises on purpose."""


class DbtManifestError(ExportError):
    """dbt's manifest is missing, unreadable or has no such model."""


class DatasetError(ExportError):
    """Features, model or labels could not be read as the contract says."""


class StaleModelError(ExportError):
    """The model was trained on other data than the features table holds now."""


class UnsupportedError(ExportError):
    """A model type or option that the export cannot rebuild."""


class ParityFailure(ExportError):
    """No pipeline answers as BigQuery ML does."""


class PublishConflict(ExportError):
    """Another publisher moved the pointer first."""


class PublishError(ExportError):
    """The bucket is gone, or a version's folder holds something else."""


class ArtifactError(ExportError):
    """A published version is not what was signed."""


class ManifestError(ArtifactError):
    """The manifest, signature or pointer breaks its schema."""


class SignatureError(ArtifactError):
    """Not signed by the key that is trusted, or signed for something else."""


class DigestError(ArtifactError):
    """A file is missing or its bytes changed."""


class LibraryError(ArtifactError):
    """The installed libraries cannot read the pickle safely."""


class PickleError(ArtifactError):
    """The pickle names a class that has no place in it."""


class GoldenError(ArtifactError):
    """The pipeline does not repeat its golden answers."""
