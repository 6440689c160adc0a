"""The model card as HTML, below a heading of its own: h4 and deeper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

DEEPER = 2
RIGHT = "text-align:right"


def as_html(markdown: str, model: str, pictures: Iterable[str]) -> str:
    """Return a card as a fragment of HTML.

    Its title is left out: what shows it has one.

    Parameters
    ----------
    markdown : str
        `card.md`.
    model : str
        Whose pictures they are.
    pictures : iterable of str
        Those that can be asked for; another image stands as its words.
    """
    reader = _reader()
    tokens = reader.parse(markdown)
    if tokens and tokens[0].tag == "h1":
        tokens = tokens[3:]  # opened, its words, closed
    known = frozenset(pictures)
    for at, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + DEEPER)}"
        elif token.type in ("th_open", "td_open"):
            # The page's policy lets no style stand in HTML.
            token.attrs = {"class": "number"} if token.attrs.get("style") == RIGHT else {}
            if not tokens[at + 1].content:  # it heads nothing
                token.tag = tokens[at + 2].tag = "td"
        token.children = [_pictured(child, model, known) for child in token.children or ()]
    html: str = reader.renderer.render(_framed(tokens), reader.options, {})
    return html


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt  # only once somebody looks at a card

    # HTML in the text is shown, not obeyed; addresses that run scripts are no links.
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _pictured(token: Token, model: str, pictures: frozenset[str]) -> Token:
    if token.type != "image":
        return token
    name: Any = token.attrs["src"]
    if name not in pictures:
        return token.copy(type="text", tag="", attrs={}, children=None)
    token.attrs["src"] = f"/models/{model}/pictures/{name}"
    return token


def _framed(tokens: Sequence[Token]) -> list[Token]:
    """Put what may be wide, tables and code, where it can be scrolled, by the keyboard too."""
    found: list[Token] = []
    for token in tokens:
        if token.type == "fence":
            token.attrs = {}
            found += [_frame(opens=True), token, _frame(opens=False)]
        elif token.type == "table_open":
            found += [_frame(opens=True), token]
        elif token.type == "table_close":
            found += [token, _frame(opens=False)]
        else:
            found.append(token)
    return found


def _frame(*, opens: bool) -> Token:
    from markdown_it.token import Token

    if not opens:
        return Token("frame_close", "div", -1, block=True)
    return Token("frame_open", "div", 1, {"class": "scroll", "tabindex": "0"}, block=True)
