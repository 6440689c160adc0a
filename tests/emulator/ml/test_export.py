"""EXPORT MODEL: the files predict what ML.PREDICT predicts, with nothing of this project."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile

import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud.bigquery import ExtractJobConfig, ModelReference

from cloud.clients import storage_client
from tests.emulator.ml.conftest import DATASET

BUCKET = "exports"
FEATURES = "fuel, box, year, mileage"


@pytest.fixture(scope="module")
def bucket(local_cloud):
    return storage_client(local_cloud.settings).create_bucket(BUCKET)


@pytest.fixture
def exported(ask, bucket, tmp_path):
    """Export a model and return its files' folder."""

    def run(model: str):
        ask(f"export model {model} options(uri = 'gs://{BUCKET}/{model}/')")
        for blob in bucket.client.list_blobs(BUCKET, prefix=f"{model}/"):
            path = tmp_path / blob.name
            path.parent.mkdir(parents=True, exist_ok=True)
            blob.download_to_filename(path)
        return tmp_path / model

    return run


@pytest.mark.parametrize("encoding", ["label_encoding", "one_hot_encoding", "target_encoding"])
@pytest.mark.parametrize("label", ["price", "segment"])
def test_the_files_predict_what_the_model_predicts(ask, exported, encoding, label):
    kind = "regressor" if label == "price" else "classifier"
    name = f"tree_{label}_{encoding}"
    ask(
        f"create or replace model {name} options(model_type = 'boosted_tree_{kind}', "
        f"input_label_cols = ['{label}'], category_encoding_method = '{encoding}', "
        f"data_split_method = 'no_split') as select {FEATURES}, {label} from cars"
    )
    folder = exported(name)
    rows = ask(
        f"select {FEATURES}, predicted_{label} as p from ml.predict(model {name}, table cars) "
        "limit 300"
    )
    with tarfile.open(folder / "xgboost_predictor-0.1.tar.gz") as archive:
        member = archive.extractfile("xgboost_predictor-0.1/predictor.py")
        (folder / "predictor.py").write_bytes(member.read())
    lines = "\n".join(json.dumps({k: v for k, v in row.items() if k != "p"}) for row in rows)

    done = subprocess.run(
        [sys.executable, "-W", "ignore", folder / "main.py"],
        input=lines, capture_output=True, text=True, check=True,
    )  # fmt: skip

    found = [json.loads(line)[f"predicted_{label}"] for line in done.stdout.splitlines()]
    if label == "price":
        assert found == pytest.approx([row["p"] for row in rows], rel=1e-5)
    else:
        assert found == [str(row["p"]) for row in rows]


def test_the_files_are_those_of_the_manual(ask, exported):
    ask(
        "create or replace model forest options(model_type = 'random_forest_classifier', "
        "input_label_cols = ['dear'], num_parallel_tree = 5) as "
        f"select {FEATURES}, dear from cars"
    )
    folder = exported("forest")

    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "model.bst", "main.py", "xgboost_predictor-0.1.tar.gz", "assets/model_metadata.json",
        "assets/0_categorical_label.txt", "assets/1_categorical_label.txt",
    }  # fmt: skip
    metadata = json.loads((folder / "assets" / "model_metadata.json").read_text())
    assert metadata["feature_names"] == FEATURES.split(", ")
    assert metadata["class_names"] == ["Low", "High"]
    assert metadata["model_type"] == "random_forest_classifier"
    words = (folder / "assets" / "0_categorical_label.txt").read_text().splitlines()
    assert words == ["_null_filler", "Diesel", "Electric", "Petrol"]


@pytest.mark.parametrize(
    ("statement", "error", "message"),
    [
        ("export model price options(uri = 'gs://exports/x')", BadRequest, "EXPORT MODEL of a LIN"),
        ("export model nope options(uri = 'gs://exports/x')", NotFound, "Not found: Model"),
        ("export model price", BadRequest, "needs OPTIONS"),
        ("export model price options(uri = 1)", BadRequest, "Expected a STRING"),
        ("export model price options(trial_id = 1)", BadRequest, "TRIAL_ID"),
        ("export model price options(url = 'x')", BadRequest, "Unknown option: url"),
    ],
)
def test_other_exports_are_refused(ask, bucket, statement, error, message):
    with pytest.raises(error, match=message):
        ask(statement)


@pytest.mark.parametrize(
    ("uri", "error", "message"),
    [
        ("gs://nowhere-at-all/x", NotFound, "Not found: Bucket nowhere-at-all"),
        ("/tmp/x", BadRequest, "Expected gs://bucket/path"),
        ("gs://exports/../../x", BadRequest, "Expected gs://bucket/path"),
        ("gs://exports/*", BadRequest, "Expected gs://bucket/path"),
    ],
)
def test_an_export_goes_into_a_bucket(ask, bucket, uri, error, message):
    ask(
        "create or replace model small options(model_type = 'boosted_tree_regressor', "
        "input_label_cols = ['price'], max_iterations = 1) as select year, price from cars"
    )
    with pytest.raises(error, match=message):
        ask(f"export model small options(uri = '{uri}')")


def extract(client, model, uri, **options):
    config = ExtractJobConfig(**options)
    source = ModelReference.from_string(f"{client.project}.{DATASET}.{model}")
    return client.extract_table(source, uri, source_type="Model", job_config=config)


def test_an_extract_job_writes_what_export_model_writes(ask, client, bucket, exported):
    ask(
        "create or replace model extracted options(model_type = 'boosted_tree_regressor', "
        f"input_label_cols = ['price'], max_iterations = 3) as select {FEATURES}, price from cars"
    )
    folder = exported("extracted")

    job = extract(
        client, "extracted", f"gs://{BUCKET}/by_job", destination_format="ML_XGBOOST_BOOSTER"
    )
    job.result()

    paths = [path for path in folder.rglob("*") if path.is_file()]
    files = {str(path.relative_to(folder)) for path in paths}
    assert job.destination_uri_file_counts == [len(files)]
    for blob in bucket.client.list_blobs(BUCKET, prefix="by_job/"):
        name = blob.name.removeprefix("by_job/")
        files.remove(name)
        if not name.endswith(".tar.gz"):
            assert blob.download_as_bytes() == (folder / name).read_bytes()
    assert not files


def test_an_extract_job_refuses_what_it_cannot_write(ask, client, bucket):
    for model, uri, options, message in (
        ("price", f"gs://{BUCKET}/x", {}, "not emulated"),
        ("segment_tree", f"gs://{BUCKET}/x", {"destination_format": "ML_TF_SAVED_MODEL"}, "ML_XGB"),
        ("segment_tree", f"gs://{BUCKET}/x", {"destination_format": "CSV"}, "'CSV'"),
        ("segment_tree", [f"gs://{BUCKET}/x", f"gs://{BUCKET}/y"], {}, "found 2"),
        ("segment_tree", "gs://no_such_bucket_here/x", {}, "Not found: Bucket"),
        ("no_such_model", f"gs://{BUCKET}/x", {}, "Not found: Model"),
    ):
        ask(
            "create model if not exists segment_tree options(model_type = "
            "'boosted_tree_classifier', input_label_cols = ['segment'], max_iterations = 1) "
            f"as select {FEATURES}, segment from cars"
        )
        with pytest.raises((BadRequest, NotFound), match=message):
            extract(client, model, uri, **options).result()
