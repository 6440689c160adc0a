"""The parity gate against Google's own models: trained there on the sample's features.

What the local run made (features, verdicts, fingerprint) is loaded into the scratch dataset, the
models are trained there with the SQL and options that dbt compiled, and the export certifies its
pipelines against them. It publishes into the local cloud's scratch bucket.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from google.cloud import bigquery

from cloud import bigquery_client
from export import publish_models
from export.nodes import TABLES
from tests.verification.findings import DIFFERS, SAME, Finding
from tests.verification.sides import Side

RUN_DATASETS = ("vendas_ml", "vendas_marts")


def compare_parity(google: Side, local: Side, manifest: Path) -> Iterator[Finding]:
    """Certify the sample's models against Google's; a finding each.

    Parameters
    ----------
    manifest : pathlib.Path
        dbt's, of the run on the local cloud.
    """
    content = manifest.read_text()
    nodes = json.loads(content)["nodes"]
    ours = bigquery_client(local.settings)
    for name in TABLES:
        _copy(ours, google, name, nodes)
    for node in nodes.values():
        if node["config"].get("meta", {}).get("export"):
            _train(ours, google, node["name"], node)
    moved = manifest.with_name("manifest-of-google.json")
    moved.write_text(_in_scratch(content, google))
    settings = replace(
        google.settings,
        bucket=local.bucket,
        storage_host=local.settings.storage_host,
        signing_key_file=local.settings.signing_key_file,
        public_key_file=local.settings.public_key_file,
    )
    for publication in publish_models(settings, dbt_manifest=moved):
        parity = publication.parity
        held = not publication.error and parity.get("within")
        told = publication.error or f"{parity['rows']} rows, worst {parity['max_rel']:.1e}"
        yield Finding("parity gate", publication.name, SAME if held else DIFFERS, told)


def _copy(ours: bigquery.Client, google: Side, name: str, nodes: dict) -> None:
    (node,) = [n for n in nodes.values() if n["name"] == name and n["resource_type"] == "model"]
    source = f"{node['schema']}.{name}"
    query = f"select to_json_string(t) from `{ours.project}.{source}` as t"
    lines = "\n".join(row[0] for row in ours.query(query).result())
    target = f"{google.bigquery.project}.{google.dataset}.{name}"
    config = bigquery.LoadJobConfig(
        schema=ours.get_table(source).schema,
        source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
    )
    file = io.BytesIO(lines.encode())
    google.bigquery.load_table_from_file(file, target, job_config=config).result()


def _train(ours: bigquery.Client, google: Side, name: str, node: dict) -> None:
    meta = node["config"]["meta"]
    options = ", ".join(f"{key} = {json.dumps(value)}" for key, value in meta["ml_config"].items())
    sql = _in_scratch(node["compiled_code"], google)
    google.bigquery.query(
        f"create or replace model `{google.dataset}.{name}` options ({options}) as {sql}"
    ).result()
    labels = ours.get_model(f"{node['schema']}.{name}").labels
    pairs = ", ".join(f"({key!r}, {value!r})" for key, value in labels.items())
    google.bigquery.query(
        f"alter model `{google.dataset}.{name}` set options (labels = [{pairs}])"
    ).result()


def _in_scratch(text: str, google: Side) -> str:
    """Return SQL or a manifest with the run's project and datasets replaced by the scratch one."""
    for dataset in RUN_DATASETS:
        text = text.replace(f"`{dataset}`", f"`{google.dataset}`")
        text = text.replace(f'"{dataset}"', f'"{google.dataset}"')
    project = google.bigquery.project
    return text.replace("`vendas-local`", f"`{project}`").replace('"vendas-local"', f'"{project}"')
