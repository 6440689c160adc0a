"""The model card as HTML: what it shows, and what it does not let through."""

import pytest

from api.artifacts import shelf
from api.artifacts.card import as_html
from api.errors import Refused, Unreachable
from export.artifact import sha256
from tests.api.conftest import V1
from tests.api.publishing import publish, version_files
from tests.api.serving import serving, wait_for
from tests.api.test_shelf import put, with_picture

CARD = """# `price`

> **Better.**

| | |
|---|---|
| Predicts | `price` |

## Data

| report | records |
| --- | ---: |
| a.csv | 5 |

![ROC](roc.en.png)
![Else](https://elsewhere/x.png)

```python
print("<b>")
```
"""


def test_a_card_stands_below_its_heading_and_wide_parts_scroll():
    html = as_html(CARD, "price", ["roc.en.png"])

    assert "<h1" not in html and "<h4>Data</h4>" in html
    assert html.count('<div class="scroll" tabindex="0">') == html.count("</div>") == 3
    assert '<th class="number">records</th>' in html and '<td class="number">5</td>' in html
    assert "style=" not in html and "<th></th>" not in html
    assert "print(&quot;&lt;b&gt;&quot;)" in html


def test_only_the_card_s_own_pictures_are_shown():
    html = as_html(CARD, "price", ["roc.en.png"])

    assert html.count("<img") == 1
    assert '<img src="/models/price/pictures/roc.en.png" alt="ROC" />' in html
    assert "Else" in html and "elsewhere" not in html


@pytest.mark.parametrize(
    ("text", "forbidden"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("x <img src=y onerror=alert(1)> z", "<img"),
        ("[press](javascript:alert(1))", "href"),
        ("![x](javascript:alert(1))", "<img"),
        ("| <b onclick=x> |\n|---|\n| 1 |", "<b"),
    ],
)
def test_nothing_in_it_runs(text, forbidden):
    assert forbidden not in as_html(text, "price", [])


def test_a_card_is_the_one_that_was_signed(bucket):
    manifest = with_picture(**{"card.md": sha256(b"# Hello")})
    put(bucket, "card.md", b"# Hello")

    assert shelf.card(bucket.client, bucket.name, manifest, "en") == "# Hello"
    put(bucket, "card.md", b"# Hello!")
    with pytest.raises(Unreachable, match="is not the file that was signed"):
        shelf.card(bucket.client, bucket.name, manifest, "en")
    with pytest.raises(Refused, match="published without a card"):
        shelf.card(bucket.client, bucket.name, manifest, "pt-BR")


def test_the_route_gives_it_in_the_reader_s_language(settings, bucket, key):
    card = {"card.md": b"# x\n\nWhat it is", "card.pt-BR.md": "# x\n\nO que é".encode()}
    publish(bucket, "price", V1, version_files("price", V1, key, more=card))
    with serving(settings) as client:
        wait_for(client, price=V1)

        english = client.get("/models/price/card")
        gone = client.get("/models/nobody/card")
        ours = client.get("/models/price/card", headers={"Accept-Language": "pt-BR"})

    assert gone.status_code == 404
    assert (english.status_code, english.text) == (200, "<p>What it is</p>\n")
    assert english.headers["Content-Type"].startswith("text/html")
    assert (ours.text, ours.headers["Content-Language"]) == ("<p>O que é</p>\n", "pt-BR")
