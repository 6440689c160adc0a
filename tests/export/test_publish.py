"""Publishing against a real local cloud: three families, every way a run can end."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from google.cloud.storage import Bucket

from cloud import storage_client
from export import Publication, artifact, list_versions, pointers, publish_models
from export import bucket as store
from export.errors import DbtManifestError, PublishError
from tests.export.conftest import MODELS, World, apart, train, write_dbt_manifest

ONE = {"price_linear": MODELS["price_linear"]}


def bucket_of(here: World) -> Bucket:
    return storage_client(here.settings).bucket(here.settings.bucket)


def objects(here: World) -> dict[str, int]:
    blobs = storage_client(here.settings).list_blobs(here.settings.bucket)
    return {blob.name: blob.generation for blob in blobs}


def whole(here: World, p: Publication) -> bool:
    """Tell whether the bucket holds the version that was published, the pointer and no more."""
    folder = f"models/{p.name}/{p.version}/"
    blob = bucket_of(here).blob(folder + artifact.MANIFEST)
    manifest = artifact.Manifest.parse(blob.download_as_bytes())
    files = {*manifest.files, artifact.MANIFEST, artifact.SIGNATURE}
    return objects(here).keys() == {
        f"models/{p.name}/{artifact.POINTER}",
        *(folder + name for name in files),
    }


@dataclass(frozen=True)
class Published:
    """All three families, published once, and what the publisher returned."""

    world: World
    publications: list[Publication]


@pytest.fixture(scope="module")
def published(
    world: World, dbt_manifest: Path, tmp_path_factory: pytest.TempPathFactory
) -> Published:
    made = apart(world, tmp_path_factory.mktemp("published"))
    return Published(made, publish_models(made.settings, dbt_manifest=dbt_manifest))


def test_publishes_three_families_within_the_tolerance(published: Published) -> None:
    found = {p.name: p for p in published.publications}

    assert found.keys() == MODELS.keys()
    for p in found.values():
        assert (p.error, p.created, p.parity["within"]) == (None, True, True)
        assert p.parity["rows"] > 300
        assert p.parity["label_disagreements"] == 0
        assert p.metrics["scikit_learn"] == pytest.approx(p.metrics["bigquery_ml"], rel=1e-9)
    assert found["price_linear"].methods["published"] == "retrained"


def test_the_reason_says_in_words_why_a_model_is_transplanted(published: Published) -> None:
    found = {p.name: p.methods for p in published.publications}

    for name in ("class_logistic", "tier_logistic"):
        assert found[name]["published"] == "transplanted"
        assert found[name]["retrained"]["within"] is False
        assert found[name]["transplanted"]["within"] is True
        assert "gradient descent stopped after" in found[name]["reason"]


def test_an_unchanged_run_trains_and_uploads_nothing(
    published: Published, dbt_manifest: Path
) -> None:
    before, steps = objects(published.world), list[str]()

    again = publish_models(
        published.world.settings, dbt_manifest=dbt_manifest, progress=steps.append
    )

    assert [(p.created, p.error, p.note) for p in again] == [(False, None, "Unchanged.")] * 3
    assert objects(published.world) == before
    assert not [step for step in steps if "training" in step]


def test_published_pickles_hold_scikit_learn_and_numpy_alone(published: Published) -> None:
    for p in published.publications:
        data = store.read(bucket_of(published.world), p.name, str(p.version))["model.pkl"]
        names = artifact.pickled_names(data)

        assert {name.split(".")[0] for name in names} <= {"sklearn", "numpy", "builtins"}


def test_golden_rows_hold_every_kind_of_hard_row(published: Published) -> None:
    for p in published.publications:
        files = store.read(bucket_of(published.world), p.name, str(p.version))
        kinds = [row.kind for row in artifact.Manifest.parse(files["manifest.json"]).golden_rows]

        assert len(kinds) >= 50
        assert set(kinds) == {"typical", "null", "unseen", "extreme"}


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("bucket.unpack", marks=pytest.mark.soak),
        "pointers.move",
        pytest.param("bucket.unstage", marks=pytest.mark.soak),
    ],
)
def test_a_publisher_killed_anywhere_is_finished_by_the_next(
    step: str, here: World, world: World, tmp_path: Path
) -> None:
    manifest = write_dbt_manifest(world, tmp_path / "one.json", ONE)
    script = (
        "import os, signal; from export import bucket, pointers; "
        f"{step} = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL); "
        "from export.__main__ import main; "
        f"main(['publish', '--dbt-manifest', {str(manifest)!r}])"
    )

    killed = subprocess.run([sys.executable, "-c", script], env=here.environment, check=False)
    left = objects(here)
    steps: list[str] = []
    (p,) = publish_models(here.settings, dbt_manifest=manifest, progress=steps.append)

    assert killed.returncode == -signal.SIGKILL
    assert "models/price_linear/current.json" not in left
    assert (p.error, p.created) == (None, True)
    assert not [text for text in steps if "training" in text]
    assert whole(here, p)


@pytest.mark.soak
def test_a_publisher_killed_after_any_write_leaves_no_half_version(
    world: World, tmp_path: Path
) -> None:
    manifest, writes = write_dbt_manifest(world, tmp_path / "one.json", ONE), 0
    while True:
        here = apart(world, tmp_path / str(writes))
        script = (
            "import os, signal; from export import bucket; create, left = bucket._create, "
            f"iter(range({writes}))\n"
            "def dying(*a):\n"
            "    if next(left, None) is None: os.kill(os.getpid(), signal.SIGKILL)\n"
            "    return create(*a)\n"
            "bucket._create = dying; from export.__main__ import main; "
            f"main(['publish', '--dbt-manifest', {str(manifest)!r}])"
        )
        done = subprocess.run([sys.executable, "-c", script], env=here.environment, check=False)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        assert len(objects(here)) == writes
        assert list_versions(here.settings) == []
        steps: list[str] = []
        (p,) = publish_models(here.settings, dbt_manifest=manifest, progress=steps.append)
        assert (p.error, p.created) == (None, True)
        assert bool([text for text in steps if "training" in text]) == (writes == 0)
        assert whole(here, p)
        writes += 1

    assert writes > len(artifact.FILES)


def test_limits_of_rows_are_kept_and_told(here: World, world: World, tmp_path: Path) -> None:
    limits = {"max_training_rows": 100, "max_explained_rows": 100}
    one = {"class_logistic": MODELS["class_logistic"]}
    manifest = write_dbt_manifest(world, tmp_path / "one.json", one, **limits)

    (p,) = publish_models(here.settings, dbt_manifest=manifest)

    assert p.error is None and p.methods["retrained"] is None
    assert "more than `max_training_rows` of its export block lets" in p.methods["reason"]
    explained, hard = p.parity["explanations"], p.parity["rows"] - 300
    assert (explained["rows"], explained["of"]) == (100 + hard, p.parity["rows"])


def test_of_two_publishers_one_wins_and_the_other_is_told(
    here: World, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write_dbt_manifest(world, tmp_path / "first.json", ONE)
    second = write_dbt_manifest(world, tmp_path / "second.json", ONE, method="transplanted")
    move, winner = pointers.move, []

    def late(*arguments: object, **options: object) -> None:
        monkeypatch.setattr(pointers, "move", move)
        winner.extend(publish_models(here.settings, dbt_manifest=second))
        move(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pointers, "move", late)
    (loser,) = publish_models(here.settings, dbt_manifest=first)

    current, _, _ = pointers.current(bucket_of(here), "price_linear")
    assert winner[0].created
    assert current is not None and current.version == winner[0].version
    assert loser.error is not None and "Another publisher moved" in loser.error


@pytest.mark.soak
def test_two_publishers_of_the_same_version_end_in_peace(here: World, dbt_manifest: Path) -> None:
    command = [sys.executable, "-m", "export", "publish", "--model", "price_linear"]
    command += ["--dbt-manifest", str(dbt_manifest)]
    both = [
        subprocess.Popen(command, env=here.environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert sum("price_linear: published" in text for text in outputs) == 1
    (p,) = publish_models(here.settings, models=["price_linear"], dbt_manifest=dbt_manifest)
    assert whole(here, p)


def test_a_missing_dbt_manifest_names_the_file_and_the_remedy(here: World, tmp_path: Path) -> None:
    with pytest.raises(DbtManifestError, match=r"nowhere\.json' is missing. Run `dbt build`"):
        publish_models(here.settings, dbt_manifest=tmp_path / "nowhere.json")


def test_an_unknown_model_is_refused_with_the_known_ones(here: World, dbt_manifest: Path) -> None:
    with pytest.raises(DbtManifestError, match=r"no model 'prices'.*it has \['class_logistic'"):
        publish_models(here.settings, models=["prices"], dbt_manifest=dbt_manifest)


def test_a_missing_bucket_is_told_at_once(here: World, dbt_manifest: Path) -> None:
    gone = replace(here.settings, bucket="no-such-bucket")

    with pytest.raises(PublishError, match=r"'no-such-bucket' .* does not exist"):
        publish_models(gone, dbt_manifest=dbt_manifest)


def test_a_silent_cloud_is_told_at_once(here: World, dbt_manifest: Path) -> None:
    silent = replace(here.settings, storage_host="http://127.0.0.1:9")

    with pytest.raises(PublishError, match="does not answer"):
        publish_models(silent, dbt_manifest=dbt_manifest)


def test_a_model_of_other_data_is_refused(here: World, world: World, tmp_path: Path) -> None:
    train(world, "stale_linear", "linear_reg", "price_usd")
    labels = "('sql_hash', 'a'), ('options_hash', 'b'), ('data_hash', 'other')"
    world.run(f"alter model `{world.relation('stale_linear')}` set options(labels=[{labels}])")
    models = {"stale_linear": MODELS["price_linear"]}
    manifest = write_dbt_manifest(world, tmp_path / "stale.json", models)

    (p,) = publish_models(here.settings, dbt_manifest=manifest)

    assert p.error is not None and "was trained on data 'other'" in p.error
    assert objects(here) == {}


def test_an_untrained_model_is_told_with_its_reason(
    here: World, world: World, tmp_path: Path
) -> None:
    world.run(
        f"insert into `{world.relation('verdicts')}` (model_name, label, status, reason) "
        "values ('lonely_logistic', 'tier', 'no_signal', 'The label has a single class.')"
    )
    models = {"lonely_logistic": MODELS["tier_logistic"]}
    manifest = write_dbt_manifest(world, tmp_path / "lonely.json", models)

    (p,) = publish_models(here.settings, dbt_manifest=manifest)

    assert (p.error, p.version, p.verdict["status"]) == (None, None, "no_signal")
    assert p.note == "Nothing published. The label has a single class."
    assert p.type == "LOGISTIC_REG"


def test_a_model_that_dbt_never_built_is_an_error(
    here: World, world: World, tmp_path: Path
) -> None:
    manifest = write_dbt_manifest(world, tmp_path / "new.json", {"new": MODELS["price_linear"]})

    (p,) = publish_models(here.settings, dbt_manifest=manifest)

    assert p.error is not None and "There is no model" in p.error and "dbt build" in p.error
