"""The pipeline's image runs: its files and its locked packages alone, as nobody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cloud import storage_client
from pipeline.records import records
from tests.containers.dockerfile import ROOT, assemble
from tests.containers.nobody import NOBODY, may_be_nobody
from tests.e2e.desk import SAMPLE

pytestmark = pytest.mark.soak


def test_a_report_in_the_inbox_becomes_models(local_cloud, tmp_path):
    home, scratch, keys = tmp_path / "app", tmp_path / "scratch", tmp_path / "keys"
    assemble("pipeline", home)
    subprocess.run([sys.executable, "-m", "venv", home / ".venv"], check=True)
    python = home / ".venv" / "bin" / "python"
    sync = ["pip", "sync", "--quiet", "--system-certs", "--require-hashes", "--python", python]
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, *sync, ROOT / "locks" / "pipeline.txt"], check=True)
    for folder in (scratch, keys):
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    tmp_path.chmod(0o755)
    settings = local_cloud.settings
    environment = settings.environment() | {
        "VENDAS_BUCKET": "image-bucket",
        "VENDAS_INBOX": "image-inbox",
        "BQ_PROJECT": "image-project",
        "MODEL_SIGNING_KEY_FILE": str(keys / "signing.pem"),
        "MODEL_PUBLIC_KEY_FILE": str(keys / "public.pem"),
        "DBT_TARGET_PATH": str(scratch / "target"),
        "DBT_LOG_PATH": str(scratch / "logs"),
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "PATH": "/usr/bin:/bin",
        "LOG_FORM": "json",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    client = storage_client(settings)
    client.create_bucket("image-inbox").blob("sales.csv").upload_from_filename(str(SAMPLE))
    # The image points at Google; here `.local/cloud.json` says where the local cloud is.
    (home / ".local").mkdir()
    (home / ".local" / "cloud.json").write_text((local_cloud.directory / "cloud.json").read_text())
    as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if may_be_nobody() else {}

    done = subprocess.run(
        [python, "-m", "pipeline", "inbox"],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        **as_nobody,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert '"severity": "INFO"' in done.stdout
    (record,) = records(client.bucket("image-bucket"))
    assert record["status"] == "ok"
    assert len(record["models"]) == 3
    assert len(record["dbt_artifacts"]) == 2
