"""The card of published models: complete, in two languages, with nothing of the data run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from markdown_it import MarkdownIt

from api.phrases import verdict_sentence as api_sentence
from export import choose, read_model
from export.artifact import MANIFEST, Manifest, sha256
from export.background import Audited
from export.batch import Batch
from export.card import tables
from export.card.evidence import gather
from export.card.wording import LANGUAGES, Language, code, escape, verdict_sentence
from export.package import package
from export.study import Study
from tests.export.conftest import MODELS, World

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PAGES: dict[Language, str] = {"en": "card.md", "pt-BR": "card.pt-BR.md"}
HOSTILE = (
    "**bold** _it_ `code` ![x](http://e.vil/p.png) [l](javascript:x) <script>alert(1)</script> "
    "&lt; | a | ~~s~~ # h @me $x$ http://e.vil www.e.vil \\ \n# heading\n- item\n```\nfence"
)
VERDICT = {
    "status": "no_signal",
    "improvement": -719_285.25,
    "interval": [-1_429_539.0, -9_030.5],
    "loss": "squared_error",
    "test_rows": 9966,
    "reason": "not better",
}


@pytest.fixture(scope="module")
def audited(world: World) -> Iterator[World]:
    """The world with the tables that the sample's dbt project has beside the model's own."""
    world.run(
        f"create or replace table `{world.relation('leak_audit')}` as "
        "select 'price_usd' as label, 'tier' as column_name, 'auc' as measure, "
        "0.9995 as value, true as leaks union all "
        "select 'price_usd', 'year', 'correlation', 0.7, false"
    )
    world.run(
        f"create or replace table `{world.relation('report_files')}` as select "
        "'gs://b/raw/x-n1500.csv' as source_file, 1503 as records, 1500 as sales, "
        "0 as flagged, 2 as rejected, 1 as duplicates"
    )
    yield world
    world.run(f"drop table `{world.relation('leak_audit')}`")
    world.run(f"drop table `{world.relation('report_files')}`")


@pytest.fixture(scope="module")
def studies(audited: World, dbt_manifest: Path) -> dict[str, Study]:
    return {name: read_model(audited.settings, name, dbt_manifest=dbt_manifest) for name in MODELS}


def files_of(study: Study, **verdict: Any) -> dict[str, bytes]:
    identity = replace(study.identity, verdict=study.identity.verdict | verdict)
    changed = replace(study, identity=identity)
    return package(changed, choose(changed), KEY, bucket="the-bucket")


@pytest.fixture(scope="module")
def versions(studies: dict[str, Study]) -> dict[str, dict[str, bytes]]:
    return {name: files_of(study) for name, study in studies.items()}


def rendered(text: str) -> str:
    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))


@pytest.mark.parametrize("name", MODELS)
def test_each_card_is_a_whole_page_in_its_language(
    name: str, versions: dict[str, dict[str, bytes]]
) -> None:
    english, portuguese = (versions[name][page].decode() for page in PAGES.values())

    assert english.count("\n## ") == portuguese.count("\n## ") == 8
    for page, headings in (
        (english, ("## Data", "## Leak audit", "## Limits", "## Use it alone")),
        (portuguese, ("## Dados", "## Auditoria de vazamento", "## Limites", "## Usar sozinho")),
    ):
        assert all(heading in page for heading in headings)
        assert "$" not in page and "None" not in page.replace("': None", "")
        assert "\n\n\n" not in page


@pytest.mark.parametrize("name", MODELS)
def test_pictures_on_the_card_are_in_the_version_with_their_digests(
    name: str, versions: dict[str, dict[str, bytes]]
) -> None:
    files = versions[name]
    listed = Manifest.parse(files[MANIFEST]).files
    pictures = {file for file in files if file.endswith(".png")}

    for language, page in PAGES.items():
        shown = set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", files[page].decode()))
        assert shown == {file for file in pictures if file.endswith(f".{language}.png")}
        assert len(shown) == (3 if name == "price_linear" else 4)
    for file in (*pictures, *PAGES.values(), "model.skops"):
        assert listed[file] == {"sha256": sha256(files[file]), "size": len(files[file])}


def test_the_card_tells_data_audit_parity_and_baseline(
    versions: dict[str, dict[str, bytes]],
) -> None:
    card = versions["price_linear"]["card.md"].decode()

    assert "| `gs://b/raw/x-n1500.csv` | 1,503 | 1,500 | 2 | 1 |" in card
    assert "| `test` | 300 |" in card
    assert "It leaks through `tier`, which the model therefore does not use." in card
    assert "| `tier` | AUC | 0.9995 | **yes** | no |" in card
    assert "| **retrained** | 358 |" in card
    assert re.search(r"\| R² \| 0\.9\d+ \| 0\.9\d+ \| -0\.00\d+ \|", card)
    assert "| `year` | INT64 | 2010 to 2024 | no |" in card
    portuguese = versions["tier_logistic"]["card.pt-BR.md"].decode()
    assert "| **transplanted** |" in portuguese and "| retrained |" in portuguese
    assert "Não há auditoria registrada para este rótulo." in portuguese


def test_a_model_without_signal_says_so_first_and_has_its_pictures(
    studies: dict[str, Study],
) -> None:
    files = files_of(studies["price_linear"], **VERDICT)

    words = {"en": "Do not decide by this", "pt-BR": "Não decida com base nisto"}
    for language in LANGUAGES:
        lines = files[PAGES[language]].decode().splitlines()
        assert lines[0] == "# `price_linear`"
        assert lines[2].startswith(f"> **{words[language]}: ")
        assert f"predicted.{language}.png" in files


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"status": "signal", "improvement": 1.5, "interval": [0.25, 2.75]},
        {"status": "signal", "improvement": 0.18, "interval": [0.1, 0.3], "loss": "log_loss"},
        {"improvement": None, "interval": None, "reason": "There are no test rows."},
    ],
    ids=["no_signal", "signal", "log_loss", "untested"],
)
@pytest.mark.parametrize("loss", [None, 0.5, 35_836_032.0])
def test_the_verdict_is_said_in_the_words_of_the_api(
    change: dict[str, Any], language: Language, loss: float | None
) -> None:
    verdict = VERDICT | change

    said = verdict_sentence(verdict, language, model_loss=loss)

    assert said == api_sentence(verdict, language, model_loss=loss)


def test_no_text_of_the_data_becomes_markup(studies: dict[str, Study]) -> None:
    shown = re.sub(r"</?(p|code)>|\n$", "", rendered(f"Reason: {escape(HOSTILE)}"))

    assert not re.search(r"<(?!/?(p|code)\b)", shown)
    assert shown.count("\n") == 0
    plain = " ".join(HOSTILE.split())
    unescaped = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert unescaped.replace("&quot;", '"') == f"Reason: {plain}"


def test_hostile_categories_and_columns_stay_in_their_cells(studies: dict[str, Study]) -> None:
    study = studies["price_linear"]
    feature = replace(study.features[1], name="re|gi`on\n", categories=(HOSTILE, "", "ok"))

    table = rendered(tables.inputs([feature], "en"))
    audit = rendered(tables.audit([Audited(HOSTILE, "auc", 1.0, True)], [feature], "en"))

    for html, cells in ((table, 4), (audit, 5)):
        body = html.split("<tbody>")[1]
        assert body.count("<td") == cells
        assert not re.search(r"<(?!/?(tbody|table|tr|td|code|strong)\b)", body)
    assert code("a`b") == "`a'b`"


def test_a_hostile_reason_stays_one_sentence(studies: dict[str, Study]) -> None:
    change = {"improvement": None, "interval": None, "status": "no_signal", "reason": HOSTILE}
    card = files_of(studies["price_linear"], **change)["card.md"].decode()
    start = rendered(card).split("<table>")[0]

    assert "<script" not in start and "<img" not in start and "<a " not in start
    assert start.count("<h1>") == 1


def test_the_constant_is_judged_by_the_same_metrics(studies: dict[str, Study]) -> None:
    study = studies["class_logistic"]
    choice = choose(study)
    found = gather(study, choice.candidate.pipeline, choice.examination)

    truth = np.concatenate([batch.truth for batch in study.tests()])
    share = float((study.training.label == "Low").mean())
    loss = -np.log(np.where(truth == "Low", share, 1 - share)).mean()
    assert found is not None and study.classes == ("High", "Low")
    assert found.baseline["log_loss"] == pytest.approx(loss, rel=1e-12)
    assert found.baseline["roc_auc"] == 0.5


def test_more_rows_than_a_picture_holds_are_chosen_evenly_and_told(
    studies: dict[str, Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("export.examination.DRAWN", 100)
    study = studies["price_linear"]
    turned = replace(study, tests=lambda: backwards(study))

    some, other = (
        gather(each, choice.candidate.pipeline, choice.examination)
        for each in (study, turned)
        for choice in [choose(each)]
    )

    assert some is not None and other is not None
    assert (some.rows, some.of) == (100, study.facts.tests)
    assert np.array_equal(some.truth, other.truth)
    assert np.array_equal(some.values, other.values)
    card = files_of(study)["card.md"].decode()
    assert "show 100 of the 300 test rows, chosen evenly by their keys" in card


def backwards(study: Study) -> Iterator[Batch]:
    """Yield the test split row by row, the last one first."""
    for batch in reversed(list(study.tests())):
        for row in reversed(range(len(batch.keys))):
            frame = batch.frame.iloc[[row]].reset_index(drop=True)
            yield Batch(frame, batch.expected.at((batch.keys[row],)), (batch.truth[row],))


def test_a_test_split_that_tells_nothing_has_a_card_without_pictures(
    studies: dict[str, Study],
) -> None:
    study = studies["price_linear"]
    blind = (replace(batch, truth=(None,) * len(batch.truth)) for batch in study.tests())

    files = files_of(replace(study, tests=lambda: blind))

    assert not [name for name in files if name.endswith(".png")]
    assert "there is nothing to draw" in files["card.md"].decode()
