"""Errors of the export.

ExportError
├── DbtManifestError     dbt's manifest is missing, unreadable or has no such model
├── DatasetError         features, model or labels cannot be read as the contract says
├── StaleModelError      the model was trained on other data than the features table holds
├── UnsupportedError     a model type or option that the export cannot rebuild
├── ParityFailure        no pipeline answers as BigQuery ML does
├── PublishConflict      another publisher moved the pointer first
├── PublishError         the bucket is gone, or a version's folder holds something else
├── PromotionError       a version that the gate holds back was to be promoted
└── ArtifactError        a published version is not what was signed
    ├── ManifestError    the manifest, signature or pointer breaks its schema
    ├── PointerError     the pointer names another manifest than the version has
    │   └── MissingVersionError  the pointer names a version that is not there
    ├── SignatureError   the signature does not fit the manifest
    │   ├── ForeignManifestError  the manifest is another model's or version's
    │   ├── KeyFileError          a key cannot be read, made, rotated or retired
    │   ├── UnknownKeyError       signed by a key that is not trusted
    │   └── RetiredKeyError       signed by a key that was trusted once
    ├── DigestError      a file's bytes changed
    │   ├── MissingFileError      it is not there
    │   ├── TruncatedFileError    its end is
    │   └── SwappedFileError      it is the file of another version
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


class PromotionError(ExportError):
    """A version that the gate holds back was to be promoted."""


class ArtifactError(ExportError):
    """A published version is not what was signed."""


class ManifestError(ArtifactError):
    """The manifest, signature or pointer breaks its schema."""


class PointerError(ArtifactError):
    """The pointer names another manifest than the version has."""


class MissingVersionError(PointerError):
    """The pointer names a version that is not there."""


class SignatureError(ArtifactError):
    """The signature does not fit the manifest."""


class ForeignManifestError(SignatureError):
    """The manifest is another model's or version's."""


class KeyFileError(SignatureError):
    """A key cannot be read, made, rotated or retired."""


class UnknownKeyError(SignatureError):
    """Signed by a key that is not trusted."""


class RetiredKeyError(SignatureError):
    """Signed by a key that was trusted once."""


class DigestError(ArtifactError):
    """A file's bytes changed."""


class MissingFileError(DigestError):
    """A file is not there."""


class TruncatedFileError(DigestError):
    """A file's end is not there."""


class SwappedFileError(DigestError):
    """A file is the one of another version."""


class LibraryError(ArtifactError):
    """The installed libraries cannot read the pickle safely."""


class PickleError(ArtifactError):
    """The pickle names a class that has no place in it."""


class GoldenError(ArtifactError):
    """The pipeline does not repeat its golden answers."""
