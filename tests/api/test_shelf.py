"""What lies beside a model: the versions before, the card's pictures, the leak audit."""

import pytest
from google.api_core.exceptions import ServiceUnavailable

from api.artifacts import shelf
from api.errors import Refused, Unreachable
from export.artifact import Manifest, sha256
from tests.api.conftest import V1, V2
from tests.api.publishing import manifest_of, publish, version_files
from tests.api.serving import serving, wait_for

PICTURE = b"\x89PNG picture"


def with_picture(**files):
    fields = manifest_of("price", V1, None)
    return Manifest(
        **(fields | {"files": {n: {"sha256": s, "bytes": 1} for n, s in files.items()}})
    )


def put(bucket, name, content=PICTURE):
    bucket.blob(f"models/price/{V1}/{name}").upload_from_string(content)


def test_a_picture_is_the_one_that_was_signed(bucket):
    manifest = with_picture(**{"roc.en.png": sha256(PICTURE)})
    put(bucket, "roc.en.png")

    assert shelf.pictures_of(manifest, "en") == ["roc.en.png"]
    assert shelf.picture(bucket.client, bucket.name, manifest, "roc.en.png") == PICTURE
    put(bucket, "roc.en.png", PICTURE + b"!")
    with pytest.raises(Unreachable, match="is not the file that was signed"):
        shelf.picture(bucket.client, bucket.name, manifest, "roc.en.png")


@pytest.mark.parametrize("name", ["roc.pt-BR.png", "model.pkl", "../../x.en.png"])
def test_what_is_no_picture_of_the_card_is_not_given(bucket, name):
    manifest = with_picture(**{"roc.en.png": sha256(PICTURE), "model.pkl": sha256(PICTURE)})

    with pytest.raises(Refused, match="has no picture"):
        shelf.picture(bucket.client, bucket.name, manifest, name)


def test_a_bucket_that_is_away_is_told(bucket, monkeypatch):
    def away(*_, **__):
        raise ServiceUnavailable("away")

    monkeypatch.setattr(bucket.client, "list_blobs", away)

    with pytest.raises(Unreachable, match="cannot be read now"):
        shelf.history(bucket.client, bucket.name, "price", V1)


def test_versions_are_told_newest_first_and_the_current_one_is_marked(settings, bucket, key):
    publish(bucket, "price", V1, version_files("price", V1, key))
    publish(bucket, "price", V2, version_files("price", V2, key))
    bucket.blob("models/price/3333333333333333/manifest.json").upload_from_string("{")
    with serving(settings) as client:
        wait_for(client, price=V2)

        versions = client.get("/models/price/history").json()["versions"]

    assert [(v["version"], v["current"]) for v in versions] == [(V2, True), (V1, False)]
    assert versions[0]["metrics"] == {"r2_score": 0.9}


def test_routes_answer_for_models_in_service_alone(api):
    for path in ("history", "leaks", "pictures/roc.en.png"):
        assert api.get(f"/models/nobody/{path}").status_code == 404
    assert api.get("/models/price/pictures/roc.en.png").status_code == 404
    assert "There are no sales yet" in api.get("/models/price/leaks").json()["detail"]
