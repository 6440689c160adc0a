"""Deploy: check, keys, report, images, everything, first run. Each step can be done again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from deploy import images, project
from deploy.errors import MissingError
from deploy.tools import FOLDER, ROOT, Terraform, require, show
from export.artifact import signing_key
from ingest.report import write_normal_form

KEPT = ROOT / ".cloud"
KEY_SECRET = "google_secret_manager_secret_version.signing_key"
DETECTED_TABLE = 'google_bigquery_table.external["vendas"]'


@dataclass(frozen=True)
class Target:
    """Where to deploy.

    Parameters
    ----------
    project : str
        The project's ID.
    region : str
        Where containers run; the state's bucket lies there too.
    approve : bool
        Whether to ask nobody before something is changed.
    """

    project: str
    region: str
    approve: bool = False

    @property
    def folder(self) -> Path:
        """Where this machine keeps the keys of the project."""
        return KEPT / self.project

    def terraform(self, **variables: str) -> Terraform:
        """Return Terraform with the variables that a deployment knows."""
        known = {"project_id": self.project, "region": self.region} | variables
        return Terraform({f"TF_VAR_{k}": v for k, v in known.items()}, approve=self.approve)


def deploy(target: Target, report: Path | None, console: Console) -> dict[str, str]:
    """Bring the project on Google Cloud to what stands here, and run the pipeline once.

    Parameters
    ----------
    report : pathlib.Path or None
        The first report, as a manager exported it; needed once.

    Returns
    -------
    dict of str to str
        Addresses: `url` and `inbox`.

    Raises
    ------
    DeployError
        Naming what is missing, or what said no.
    """
    require("gcloud", "terraform")
    _require_choices()
    console.print(f"Checking project {target.project} …")
    project.check(target.project)
    project.enable_first_services(target.project)
    bucket = project.state_bucket(target.project, target.region)
    target.terraform().init(bucket)
    made = target.terraform().made()
    variables = _keys(target, made) | _report(target, report, made)
    terraform = target.terraform(**variables, **_placeholders(target))
    console.print("Making what images are built with …")
    terraform.apply(*images.BUILT_WITH)
    console.print("Building the images …")
    built = images.build(target.project, target.region, terraform.outputs(), images.tag())
    project.make_proxy_account(target.project)
    console.print("Making everything …")
    names = {f"{name}_image": uri for name, uri in built.items()}
    terraform = target.terraform(**variables, **names)
    terraform.apply()
    outputs = terraform.outputs()
    console.print("Running the pipeline …")
    _run(target, outputs["jobs"]["schedule"])
    return {"url": outputs["url"], "inbox": outputs["inbox"]}


def _require_choices() -> None:
    if not (FOLDER / "terraform.tfvars").exists():
        raise MissingError(
            "terraform/terraform.tfvars is missing: it says who the managers are and where the "
            "data lie. Copy terraform/examples/minimal.tfvars there and change it."
        )


def _keys(target: Target, made: list[str]) -> dict[str, str]:
    """Return the keys; they are made for a new deployment, never for one that has some."""
    signing, public = target.folder / "signing.pem", target.folder / "public.pem"
    if not signing.exists():
        if os.environ.get("TF_VAR_public_keys"):
            return {}
        if KEY_SECRET in made:
            raise MissingError(
                f"The keys of this deployment are not in '{target.folder}'. Copy the folder from "
                "whoever deployed first, or set TF_VAR_public_keys to the content of public.pem: "
                "the signing key itself is in Secret Manager already."
            )
    signing_key(signing, public)
    return {"signing_key": signing.read_text(), "public_keys": public.read_text()}


def _report(target: Target, report: Path | None, made: list[str]) -> dict[str, str]:
    if report is not None:
        target.folder.mkdir(parents=True, exist_ok=True)
        return {"report": str(write_normal_form(report, target.folder))}
    if DETECTED_TABLE not in made:
        raise MissingError(
            "The first deploy needs a report: BigQuery detects the columns of vendas from it. "
            "Name one: make deploy PROJECT=… REGION=… REPORT=my.csv"
        )
    return {}


def _placeholders(target: Target) -> dict[str, str]:
    """Name images that need not be there yet: what they are built with comes first."""
    repository = f"{target.region}-docker.pkg.dev/{target.project}/vendas"
    return {f"{name}_image": f"{repository}/{name}:none" for name in images.IMAGES}


def _run(target: Target, job: str) -> None:
    where = (f"--project={target.project}", f"--region={target.region}")
    show("gcloud", "run", "jobs", "execute", job, *where, "--wait")
