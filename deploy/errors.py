"""Errors of a deployment.

DeployError
├── ToolError        gcloud or Terraform is missing, or said no
├── ProjectError     the project is not there, has no billing, or nobody is logged in
└── MissingError     a report, the managers or the keys of this deployment are not at hand
"""

from __future__ import annotations


class DeployError(Exception):
    """Base of everything a deployment raises on purpose."""


class ToolError(DeployError):
    """A program that it calls is missing or failed."""


class ProjectError(DeployError):
    """The project cannot be used."""


class MissingError(DeployError):
    """Something that only people have is not at hand."""
