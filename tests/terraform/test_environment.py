"""Every variable that a container reads is set by Terraform or has its reason, and the reverse."""

import re

import pytest

from tests.terraform.folder import LOCALS, ROOT

NAME = r"[A-Z][A-Z]+(?:_[A-Z]+)*"
# As code reads them: settings' own readers by name, the environment itself, dbt's env_var.
READS = (
    re.compile(rf'(?:source|environment|environ)\.get\(\s*"({NAME})"'),
    re.compile(rf'(?:environ|source)\[\s*"({NAME})"\s*\]'),
    re.compile(rf'\b(?:value|host|port|_number|_choice|_route|_table|_folder)\(\s*"({NAME})"'),
    re.compile(rf"env_var\(\s*'({NAME})'"),
)
LOCAL = "the local cloud's"
VERTEX = "Vertex AI sets it, where the image runs there"
ELSEWHERE = {
    "api": {
        "BIGQUERY_EMULATOR_HOST": LOCAL,
        "BIGQUERY_GRPC_PORT": LOCAL,
        "STORAGE_EMULATOR_HOST": LOCAL,
        "VENDAS_INBOX": "the API takes no reports",
        "MODEL_SIGNING_KEY_FILE": "the API signs nothing",
        "AIP_HTTP_PORT": VERTEX,
        "AIP_HEALTH_ROUTE": VERTEX,
        "AIP_PREDICT_ROUTE": VERTEX,
        "AIP_STORAGE_URI": VERTEX,
        "API_KEYS_FILE": "Identity-Aware Proxy asks who it is",
        "GOOGLE_AUDIENCE": "Identity-Aware Proxy asks who it is",
        "GOOGLE_CALLERS": "Identity-Aware Proxy asks who it is",
    },
    "pipeline": {
        "BIGQUERY_EMULATOR_HOST": LOCAL,
        "BIGQUERY_GRPC_PORT": LOCAL,
        "STORAGE_EMULATOR_HOST": LOCAL,
        "CODE_COMMIT": "the image sets it",
        "DBT_TARGET_PATH": "the image sets it",
        "CLOUD_RUN_EXECUTION": "Cloud Run sets it",
    },
}
SOURCES = {
    "api": ("api", "cloud", "export/artifact.py"),
    "pipeline": ("pipeline", "cloud", "ingest", "export", "models", "macros", "profiles.yml"),
}


def read_by(image):
    """Return the names of all variables that an image's code reads."""
    names = set()
    for source in SOURCES[image]:
        path = ROOT / source
        files = [path] if path.is_file() else [*path.rglob("*.py"), *path.rglob("*.sql")]
        text = "\n".join(file.read_text() for file in files)
        names |= {name for pattern in READS for name in pattern.findall(text)}
    return names


def set_for(image):
    environment = LOCALS[f"{image}_environment"]
    text = environment if isinstance(environment, str) else "\n".join(environment)
    return set(re.findall(rf"\b({NAME})\b(?=\s*[=:]|$)", text, re.MULTILINE))


@pytest.mark.parametrize("image", SOURCES)
def test_what_is_read_is_set_or_has_its_reason(image):
    may_be_set = set(LOCALS["api_settings"]) if image == "api" else set()

    assert read_by(image) - set_for(image) - may_be_set - set(ELSEWHERE[image]) == set()


@pytest.mark.parametrize("image", SOURCES)
def test_what_is_set_is_read(image):
    assert set_for(image) - read_by(image) == set()
    assert len(set_for(image)) == 10


def test_settings_that_may_be_added_are_read_and_not_set_already():
    settings = set(LOCALS["api_settings"])

    assert settings - read_by("api") == set()
    assert settings & set_for("api") == set()


@pytest.mark.parametrize("image", SOURCES)
def test_reasons_are_for_variables_that_are_read(image):
    assert set(ELSEWHERE[image]) - read_by(image) == set()
