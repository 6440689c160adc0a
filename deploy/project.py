"""The project on Google Cloud: whether it can be used, and the bucket of Terraform's state."""

from __future__ import annotations

from deploy.errors import ProjectError, ToolError
from deploy.tools import answer, asks_well

FIRST_SERVICES = ("cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com")


def check(project: str) -> None:
    """Refuse a project that cannot be used, before anything is made.

    Raises
    ------
    ProjectError
        If nobody is logged in, the project is not there, or it has no billing.
    """
    if not answer("gcloud", "auth", "list", "--filter=status:ACTIVE", "--format=value(account)"):
        raise ProjectError("Nobody is logged in. Run `gcloud auth login --update-adc`.")
    try:
        state = answer("gcloud", "projects", "describe", project, "--format=value(lifecycleState)")
    except ToolError as error:
        raise ProjectError(
            f"The project '{project}' cannot be seen: it does not exist, or this account has no "
            f"role on it. `gcloud projects list` shows those that you can use. gcloud said: {error}"
        ) from error
    if state != "ACTIVE":
        raise ProjectError(f"The project '{project}' is '{state}'; expected ACTIVE.")
    if _billing(project) == "false":
        raise ProjectError(
            f"The project '{project}' has no billing account: Cloud Run and Cloud Build need one. "
            f"Link one: https://console.cloud.google.com/billing/linkedaccount?project={project}"
        )


def _billing(project: str) -> str:
    """Tell whether the project has billing; an account that may not look learns it later."""
    try:
        return answer(
            *("gcloud", "billing", "projects", "describe", project),
            "--format=value(billingEnabled)",
        ).lower()
    except ToolError:
        return "unknown"


def enable_first_services(project: str) -> None:
    """Enable what Terraform needs before it can enable the rest."""
    answer("gcloud", "services", "enable", *FIRST_SERVICES, f"--project={project}")


def state_bucket(project: str, location: str) -> str:
    """Return the bucket of Terraform's state, made if it is missing.

    Parameters
    ----------
    location : str
        Where it is made.
    """
    name = f"{project}-vendas-terraform"
    uri = f"gs://{name}"
    if not asks_well("gcloud", "storage", "buckets", "describe", uri, f"--project={project}"):
        closed = ("--uniform-bucket-level-access", "--public-access-prevention")
        where = (f"--project={project}", f"--location={location}")
        answer("gcloud", "storage", "buckets", "create", uri, *where, *closed)
    answer("gcloud", "storage", "buckets", "update", uri, "--versioning")
    return name


def make_proxy_account(project: str) -> None:
    """Make the account that Identity-Aware Proxy asks the API with; Terraform gives it a role."""
    create = ("gcloud", "beta", "services", "identity", "create", "--quiet")
    answer("gcloud", "services", "enable", "iap.googleapis.com", f"--project={project}")
    answer(*create, "--service=iap.googleapis.com", f"--project={project}")
