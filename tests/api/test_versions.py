"""Several versions of a model answer at once, each by its name, and the oldest is let go."""

import pytest

from cloud import storage_client
from export.artifact import Manifest, predict
from tests.api.doors.asking import ALL, answers
from tests.api.publishing import TYPICAL, manifest_of, publish, trained, version_files
from tests.api.serving import serving, wait_for

GONE, OLDER, OLD, NOW = VERSIONS = [digit * 16 for digit in "1234"]
IN_SERVICE = [NOW, OLD, OLDER]
ROWS = [TYPICAL, TYPICAL | {"model": "Fusca", "year": 2014}, dict.fromkeys(TYPICAL)]
# The doors whose address may name a version, with each form of rows.
FORMS = ("own rows", "own columns", "own csv", "own arrow")
WAYS = dict.fromkeys(FORMS, "/models/price/versions/{}/predict") | {
    "open inference": "/v2/models/price/versions/{}/infer"
}


@pytest.fixture(scope="module")
def client(make_settings, key):
    """A client of an API that took four versions, and keeps two beside the current one."""
    settings = make_settings(kept_versions=2, default_model="price")
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    with serving(settings) as client:
        for seed, version in enumerate(VERSIONS):
            publish(bucket, "price", version, version_files("price", version, key, seed=seed))
            wait_for(client, price=version)
        yield client


def values_of(version):
    seed = VERSIONS.index(version)
    pipeline = trained("price", seed)
    stated = Manifest(**manifest_of("price", version, pipeline))
    return [one["value"] for one in predict(pipeline, stated, ROWS)]


def ask(client, way, version, **query):
    _, kind, body = ALL[way]
    address, headers = WAYS[way].format(version), {"Content-Type": kind}
    return client.post(address, content=body(ROWS), headers=headers, params=query)


@pytest.mark.parametrize("explain", ["false", "true"], ids=["plain", "explained"])
@pytest.mark.parametrize("way", WAYS)
def test_each_version_answers_by_its_name_at_once(client, way, explain):
    for version in [*IN_SERVICE, *reversed(IN_SERVICE)]:
        response = ask(client, way, version, explain=explain)

        assert response.status_code == 200, response.text
        content = response.json()
        named = content.get("version") or content["model_version"]
        values, _ = answers(way, content)
        assert named == version
        assert values == pytest.approx(values_of(version), rel=1e-9)
    assert len({values_of(version)[0] for version in VERSIONS}) == 4


@pytest.mark.parametrize("way", [way for way in ALL if "version" not in way])
def test_without_a_name_the_current_one_answers(client, way):
    address, kind, body = ALL[way]

    response = client.post(
        address.format("price"), content=body(ROWS), headers={"Content-Type": kind}
    )

    values, _ = answers(way, response.json())
    assert values == pytest.approx(values_of(NOW), rel=1e-9)


@pytest.mark.parametrize("way", WAYS)
def test_the_oldest_is_let_go_and_those_that_are_there_are_named(client, way):
    response = ask(client, way, GONE)

    assert response.status_code == 404
    words = f"no version '{GONE}' in service. Versions in service: {', '.join(IN_SERVICE)}."
    assert words in response.text


def test_the_protocol_s_metadata_names_them(client):
    assert client.get("/v2/models/price").json()["versions"] == IN_SERVICE
    for version in VERSIONS:
        status = 200 if version in IN_SERVICE else 404
        for end in ("", "/ready"):
            assert client.get(f"/v2/models/price/versions/{version}{end}").status_code == status
