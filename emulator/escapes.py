r"""Numeric escapes in text literals: `'\x1f'`, `'\101'`, `'\u00e9'`.

sqlglot decodes the escapes of one letter and leaves these as they stand, so that `'\x1f'`
would be four characters. They are written out before anything is parsed.
Source: "Escape sequences for string and bytes literals" of Google's manual (Lexical structure).
"""

from __future__ import annotations

import re

LITERAL = re.compile(
    r"""
    --[^\n]* | \#[^\n]* | /\*.*?\*/ | `[^`]*`
    | (?<![A-Za-z0-9_])(?P<prefix>[rRbB]{0,2})
      (?P<text>'{3}(?:\\.|[^\\])*?'{3} | "{3}(?:\\.|[^\\])*?"{3}
        | '(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*")
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(
    r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|.)", re.DOTALL
)
NUMERIC = re.compile(r"\\[xXuU0-7]")
STILL_ESCAPED = {"\n": r"\n", "\r": r"\r", "\\": r"\\", "'": r"\'", '"': r"\""}


def write_out(sql: str) -> str:
    """Return the statement with the numeric escapes of its text literals written out.

    Parameters
    ----------
    sql : str
        GoogleSQL. Raw and bytes literals, comments and quoted names stay as they are.
    """
    return LITERAL.sub(_literal, sql) if NUMERIC.search(sql) else sql


def _literal(match: re.Match[str]) -> str:
    text, prefix = match["text"], match["prefix"]
    return match[0] if text is None or prefix else ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    if not (digits or match[4]):
        return match[0]
    code = int(digits, 16) if digits else int(match[4], 8)
    if code == 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:  # no text in DuckDB
        return match[0]
    return STILL_ESCAPED.get(chr(code), chr(code))


_SIMPLE = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True)) | {one: one for one in "\\?\"'`"}


def text_of(literal: str) -> str:
    """Return the text of a string literal as GoogleSQL reads it, raw ones and long ones too.

    Raises
    ------
    ValueError
        If the literal is none of a text, or has an escape that GoogleSQL does not know.
    """
    match = LITERAL.fullmatch(literal)
    if match is None or match["text"] is None or "b" in match["prefix"].lower():
        raise ValueError(f"Expected a string, found {literal}")
    quotes = 3 if match["text"][:3] in ("'''", '"""') else 1
    inside = match["text"][quotes:-quotes]
    return inside if match["prefix"] else ESCAPE.sub(_written, inside)


def _written(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    if not (digits or match[4]):
        if match[0][1:] not in _SIMPLE:
            raise ValueError(f"Illegal escape sequence: {match[0]}")
        return _SIMPLE[match[0][1:]]
    code = int(digits, 16) if digits else int(match[4], 8)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise ValueError(f"Illegal escape sequence: {match[0]} is no character")
    return chr(code)
