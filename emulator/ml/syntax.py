"""Reads statements with sqlglot's tokenizer, since its parser refuses `MODEL x` in most calls.

Only tokens are looked at, so comments and strings can hold anything. Everything else of a
statement is kept as the text it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import TokenError

from emulator.ml.errors import StatementError

_OPEN = {"(": ")", "[": "]"}
_CLOSE = set(_OPEN.values())
_PART = r"(?:`[^`]*`|[^\W\d]\w*(?:-\w+)*)"
_PATH = re.compile(rf"{_PART}(?:\s*\.\s*(?:{_PART}|\w+))*")


@dataclass(frozen=True)
class Word:
    """One token: its text, where it stands in the source and what it is."""

    text: str
    start: int
    stop: int
    kind: str

    @property
    def quoted(self) -> bool:
        """Whether this is a string or a backquoted name, never a keyword or a mark."""
        return self.kind in ("STRING", "IDENTIFIER") or self.kind.endswith("_STRING")


@dataclass(frozen=True)
class Source:
    """A statement's text with its tokens."""

    text: str

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """Tokens in order; `text[word.start:word.stop]` is a token as written."""
        try:
            tokens = BigQuery().tokenize(self.text)
        except TokenError as error:
            raise StatementError(f"Syntax error: {error}") from error
        return tuple(_word(token) for token in tokens)

    @property
    def is_readable(self) -> bool:
        """Whether the text consists of GoogleSQL's tokens at all."""
        try:
            return bool(self.words)
        except StatementError:
            return False

    @property
    def is_single(self) -> bool:
        """Whether this is one statement, not a script of several."""
        return not any(word.text == ";" and not word.quoted for word in self.words[:-1])

    def is_word(self, index: int, *texts: str) -> bool:
        """Whether the tokens from `index` on are these keywords or marks, in any case."""
        words = self.words[index : index + len(texts)]
        return len(words) == len(texts) and all(
            not word.quoted and word.text.upper() == text
            for word, text in zip(words, texts, strict=True)
        )

    def closing(self, index: int) -> int:
        """Return the index of the bracket that closes the one at `index`."""
        depth = 0
        for at in range(index, len(self.words)):
            word = self.words[at]
            if word.quoted:
                continue
            depth += (word.text in _OPEN) - (word.text in _CLOSE)
            if depth == 0:
                return at
        raise StatementError(f'Syntax error: Expected "{_OPEN[self.words[index].text]}".')

    def split(self, first: int, last: int) -> list[tuple[int, int]]:
        """Split tokens first..last (last excluded) at top-level commas into index ranges."""
        parts, depth, start = [], 0, first
        type_ends = first
        for at in range(first, last):
            word = self.words[at]
            if word.quoted or at < type_ends:
                continue
            if self.is_word(at, "ARRAY") or self.is_word(at, "STRUCT"):
                type_ends = self.after_type(at + 1)
                continue
            depth += (word.text in _OPEN) - (word.text in _CLOSE)
            if depth == 0 and word.text == ",":
                parts.append((start, at))
                start = at + 1
        if start < last:
            parts.append((start, last))
        return parts

    def after_type(self, index: int) -> int:
        """Return the index after the `<…>` of an ARRAY or STRUCT; `index` if there is none."""
        depth = 0
        for at in range(index, len(self.words)):
            depth += self.is_word(at, "<") - self.is_word(at, ">")
            if depth == 0:
                return at + 1 if at > index else index
        return index

    def slice(self, first: int, last: int) -> str:
        """Return the source text of tokens first..last (last excluded)."""
        if first >= last:
            return ""
        return self.text[self.words[first].start : self.words[last - 1].stop]


def _word(token: Any) -> Word:
    return Word(token.text, token.start, token.end + 1, token.token_type.name)


def read_path(source: Source, index: int) -> tuple[str, int]:
    """Read a model or table path at token `index`; return it and the index after it.

    The text is read, not the tokens: in `my-project-1.d.m` the tokenizer sees a number.
    """
    words = source.words
    found = _PATH.match(source.text, words[index].start) if index < len(words) else None
    if found is None:
        raise StatementError("Syntax error: Expected a model or table name.")
    after = index
    while after < len(words) and words[after].start < found.end():
        after += 1
    return found.group(), after
