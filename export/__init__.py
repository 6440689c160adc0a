"""The scikit-learn twin of a BigQuery ML model: trained, certified, signed and published.

    study = read_model(settings, "price_linear")
    candidate = train(study)
    certificate = certify(study, candidate)
    save(settings, study, candidate, certificate, directory)

`publish_models` does it for every model and publishes. Names load when they are used: the
API imports `export.artifact` from an image without Google's BigQuery clients.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from export.certificate import Certificate
    from export.certification import Choice, certify, choose, train
    from export.errors import ExportError
    from export.examination import Candidate
    from export.publication import Publication
    from export.publish import publish_models
    from export.steps import read_model, save
    from export.study import Study
    from export.versions import list_versions, rollback, verify_version

HOMES = {
    "Candidate": "examination",
    "Certificate": "certificate",
    "Choice": "certification",
    "ExportError": "errors",
    "Publication": "publication",
    "Study": "study",
    "certify": "certification",
    "choose": "certification",
    "list_versions": "versions",
    "publish_models": "publish",
    "read_model": "steps",
    "rollback": "versions",
    "save": "steps",
    "train": "certification",
    "verify_version": "versions",
}

__all__ = [
    "Candidate",
    "Certificate",
    "Choice",
    "ExportError",
    "Publication",
    "Study",
    "certify",
    "choose",
    "list_versions",
    "publish_models",
    "read_model",
    "rollback",
    "save",
    "train",
    "verify_version",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in HOMES:
        raise AttributeError(f"module 'export' has no attribute '{name}'")
    return getattr(import_module(f"export.{HOMES[name]}"), name)
