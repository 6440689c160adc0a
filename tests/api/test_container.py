"""What the Dockerfile puts together runs: the locked packages alone, as nobody."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from google.cloud.bigquery import Table

from cloud import bigquery_client
from tests.api.conftest import V1
from tests.api.observability.test_metrics import of, read
from tests.api.prediction_table import SCHEMA
from tests.api.publishing import TYPICAL, publish, version_files
from tests.api.serving import wait_for, wait_until
from tests.containers.dockerfile import ROOT, assemble
from tests.containers.nobody import NOBODY, may_be_nobody


@pytest.mark.soak
def test_it_serves_from_the_locked_packages_as_nobody(settings, bucket, key, tmp_path):
    publish(bucket, "price", V1, version_files("price", V1, key))
    publish(bucket, "trees", V1, version_files("trees", V1, key))
    home = tmp_path / "app"
    assemble("api", home)
    subprocess.run([sys.executable, "-m", "venv", home / ".venv"], check=True)
    python = home / ".venv" / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    lock = ROOT / "locks" / "api.txt"
    sync = [uv, "pip", "sync", "--quiet", "--system-certs", "--require-hashes", "--python", python]
    subprocess.run([*sync, lock], check=True)
    public = tmp_path / "public.pem"
    shutil.copy(settings.cloud.public_key_file, public)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    environment = settings.cloud.environment() | {
        "MODEL_PUBLIC_KEY_FILE": str(public),
        "PORT": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": "/usr/bin:/bin",
        "TMPDIR": "/nowhere",
        "PREDICTION_LOG": "container.predictions",
        "PREDICTION_LOG_SECONDS": "1",
    }
    bigquery = bigquery_client(settings.cloud)
    bigquery.create_dataset("container", exists_ok=True)
    bigquery.create_table(Table(f"{bigquery.project}.container.predictions", SCHEMA))
    as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if may_be_nobody() else {}
    process = subprocess.Popen(
        [python, "-m", "api"], cwd=home, env=environment, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.PIPE, **as_nobody,
    )  # fmt: skip
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert address, process.stderr.read()
        with httpx.Client(base_url=address[0], timeout=30) as client:
            wait_for(client, price=V1, trees=V1)
            for model in ("price", "trees"):
                response = client.post(f"/models/{model}/predict", json={"rows": [TYPICAL]})
                assert response.status_code == 200
            log = "sales_api_prediction_log_rows_total"
            assert wait_until(lambda: of(read(client), log, result="logged") == 2)
    finally:
        process.kill()
        process.communicate()
