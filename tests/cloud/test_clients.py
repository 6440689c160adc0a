from dataclasses import replace

import google.auth
import yaml
from google.auth.credentials import AnonymousCredentials

from cloud import Settings, bigquery_client
from cloud.clients import MAXIMUM_BYTES_BILLED
from tests.e2e.desk import ROOT


def test_on_google_no_query_may_be_billed_without_bound(monkeypatch):
    monkeypatch.setattr(google.auth, "default", lambda **_: (AnonymousCredentials(), "p"))
    settings = replace(Settings(), target="cloud", project="p", bigquery_host=None)

    client = bigquery_client(settings)

    assert client.default_query_job_config.maximum_bytes_billed == MAXIMUM_BYTES_BILLED
    assert client.location == settings.location


def test_dbt_has_the_same_bound():
    profile = yaml.safe_load((ROOT / "profiles.yml").read_text())["bqml_vendas"]["outputs"]

    assert profile["cloud"]["maximum_bytes_billed"] == MAXIMUM_BYTES_BILLED
