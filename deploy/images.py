"""The two images, built by Cloud Build: no Docker is needed here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from deploy.tools import answer, asks_well, show

IMAGES = ("api", "pipeline")
# What a build needs: the repository, the account that builds, and the bucket of its sources.
BUILT_WITH = (
    "google_artifact_registry_repository_iam_member.build",
    "google_storage_bucket_iam_member.build",
    "google_project_iam_member.build",
)


def tag() -> str:
    """Return the commit; with the time behind it if files were changed since."""
    commit = answer("git", "rev-parse", "--short=12", "HEAD")
    if not answer("git", "status", "--porcelain"):
        return commit
    return f"{commit}-{datetime.now(UTC):%Y%m%d%H%M%S}"


def build(project: str, region: str, outputs: dict[str, Any], name: str) -> dict[str, str]:
    """Build what is not in the repository yet.

    Parameters
    ----------
    outputs : dict
        Terraform's.
    name : str
        The tag.

    Returns
    -------
    dict of str to str
        The images' addresses, by `api` and `pipeline`.
    """
    found = {image: f"{outputs['repository']}/{image}:{name}" for image in IMAGES}
    describe = ("gcloud", "artifacts", "docker", "images", "describe")
    if all(asks_well(*describe, uri, f"--project={project}") for uri in found.values()):
        return found
    account = f"projects/{project}/serviceAccounts/{outputs['service_accounts']['build']}"
    substitutions = f"_REPOSITORY={outputs['repository']},_TAG={name}"
    show(
        *("gcloud", "builds", "submit", ".", f"--project={project}", f"--region={region}"),
        *("--config=deploy/cloudbuild.yaml", f"--substitutions={substitutions}"),
        *(f"--service-account={account}",),
        f"--gcs-source-staging-dir=gs://{outputs['bucket']}/build/source",
    )
    return found
