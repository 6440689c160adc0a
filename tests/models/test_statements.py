"""What dbt and the export send is GoogleSQL: Google's own parser is the judge."""

import re

import pytest
from zetasql.api import Parser
from zetasql.types import LanguageOptions

from tests.models.conftest import ROOT


@pytest.fixture(scope="module")
def sent(built):
    compiled = built.dbt("compile", "--quiet")
    assert compiled.returncode == 0, compiled.stdout
    folder = built.folder / "target" / "compiled" / "bqml_vendas"
    analyses = [path.read_text() for path in sorted(folder.glob("analyses/*.sql"))]
    assert len(analyses) == len(list(ROOT.glob("analyses/*.sql")))
    return [*built.statements(), *analyses]


def test_google_s_parser_accepts_every_statement(sent):
    options = LanguageOptions.maximum_features()
    refused = {}
    for statement in set(sent):
        try:
            Parser.parse_statement_static(statement, options)
        except Exception as error:
            refused[statement] = str(error)

    assert not refused


@pytest.mark.parametrize(
    "kind",
    [
        "create or replace model",
        "alter model",
        "insert into",
        "ml.predict",
        "ml.evaluate",
        "ml.weights",
        "farm_fingerprint",
    ],
)
def test_statements_of_every_kind_were_among_them(sent, kind):
    assert any(kind in re.sub(r"\s+", " ", statement.lower()) for statement in sent)
