"""Destroy: say what would be lost, ask, and take it away."""

from __future__ import annotations

from rich.console import Console

from deploy import project
from deploy.deployment import Target
from deploy.errors import MissingError
from deploy.tools import answer, asks_well, require

COUNTED = {
    "reports": "raw/vendas/*.csv",
    "versions of models": "models/*/*/manifest.json",
    "records of runs": "runs/*.json",
}


def losses(target: Target) -> list[str]:
    """Return what a destruction would take away, in words.

    Raises
    ------
    MissingError
        If nothing is deployed.
    """
    require("gcloud", "terraform")
    project.check(target.project)
    terraform = target.terraform()
    terraform.init(project.state_bucket(target.project, target.region))
    outputs, made = terraform.outputs(), terraform.made()
    if not made:
        raise MissingError(f"Nothing is deployed in project '{target.project}'.")
    told = []
    if bucket := outputs.get("bucket"):
        told += [f"{_count(bucket, path)} {name}" for name, path in COUNTED.items()]
    if inbox := outputs.get("inbox"):
        told.append(f"{_count(inbox.removeprefix('gs://'), '**')} files in the inbox")
    datasets = [name for name in made if name.startswith("google_bigquery_dataset.")]
    told.append(f"{len(datasets)} datasets with all their tables and models")
    return [*told, f"{len(made)} resources in all: service, jobs, accounts, grants, images"]


def destroy(target: Target, console: Console) -> None:
    """Take away everything that Terraform made; services stay enabled."""
    images = target.terraform().outputs().get("images", {})
    terraform = target.terraform(
        public_keys="-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
        **{f"{name}_image": uri for name, uri in images.items()},
    )
    console.print("Taking the protection off …")
    terraform.apply(deletion_protection="false")
    console.print("Destroying …")
    terraform.destroy(deletion_protection="false")
    console.print(
        f"Done. The bucket gs://{target.project}-vendas-terraform (Terraform's state) and "
        f"'{target.folder}' (the keys) stay; delete them if nobody needs them."
    )


def _count(bucket: str, path: str) -> int:
    uri = f"gs://{bucket}/{path}"
    if not asks_well("gcloud", "storage", "ls", uri):
        return 0
    return len(answer("gcloud", "storage", "ls", uri).splitlines())
