"""Which mark is the decimal one, decided once per file, and numbers in one plain spelling.

A value decides when it has both marks, one mark twice, or a mark that cannot group
thousands. `98.740` alone decides nothing, except in a column of whole numbers. Values that
do not parse are left as they are: the SQL rejects their records with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ingest.errors import NumberError

OTHER = {".": ",", ",": "."}
SPACES = " \u00a0\u202f'\u2019"
# Beyond this share of the decisive values, the minority is no dirt but another spelling.
MOST_MINORITY = 0.01
_NUMBER = re.compile(rf"[+-]?[\d.,{SPACES}]*\d[\d.,{SPACES}]*")


@dataclass(frozen=True)
class Place:
    """Where a value stands, for messages."""

    line: int
    column: str
    value: str

    def __str__(self) -> str:
        """Return the place in words."""
        return f"line {self.line}, column {self.column}, value '{self.value}'"


@dataclass
class Evidence:
    """What the numbers of a file say about its decimal mark."""

    counts: dict[str, int] = field(default_factory=lambda: {".": 0, ",": 0})
    first: dict[str, Place] = field(default_factory=dict)
    whole: dict[str, int] = field(default_factory=lambda: {".": 0, ",": 0})
    undecided: Place | None = None

    def see(self, value: str, place: Place, *, is_whole: bool) -> None:
        """Take one value into account."""
        value = value.strip(" \u00a0")
        if ("." not in value and "," not in value) or not _NUMBER.fullmatch(value):
            return
        mark = _decimal_mark(value)
        if mark is not None:
            self.counts[mark] += 1
            self.first.setdefault(mark, place)
            return
        if is_whole:
            self.whole[OTHER["." if "." in value else ","]] += 1
        self.undecided = self.undecided or place

    def decide(self, file: str) -> str:
        """Return the decimal mark.

        Raises
        ------
        NumberError
            If values contradict each other, or none decides and one needs it.
        """
        winner = max(self.counts, key=self.counts.__getitem__)
        loser = OTHER[winner]
        if self.counts[loser] > MOST_MINORITY * self.counts[winner]:
            raise NumberError(
                f"{file}: numbers are written in two ways: {self.first[winner]} has the decimal "
                f"mark '{winner}', {self.first[loser]} has '{loser}'. Export all numbers one way."
            )
        if self.counts[winner]:
            return winner
        if self.whole["."] != self.whole[","]:
            return max(self.whole, key=self.whole.__getitem__)
        if self.undecided is not None:
            raise NumberError(
                f"{file}, {self.undecided}: nothing in the file tells whether the mark groups "
                "thousands or begins decimals. Export the numbers without thousands marks."
            )
        return "."


def _decimal_mark(value: str) -> str | None:
    """Return the mark that must be the decimal one, if the value alone tells."""
    marks = [character for character in value if character in ".,"]
    if len(set(marks)) == 2:
        return marks[-1] if marks.count(marks[-1]) == 1 else None
    if len(marks) > 1:
        return OTHER[marks[0]]
    before, after = value.lstrip("+-").split(marks[0])
    if any(space in before for space in SPACES):
        return marks[0]
    grouping = len(after) == 3 and 1 <= len(before) <= 3 and not before.startswith("0")
    return None if grouping else marks[0]


class Plain:
    """Rewrites numbers of one spelling as plain ones: `1.234,50` becomes `1234.5`."""

    def __init__(self, decimal: str) -> None:
        group = f"[{re.escape(OTHER[decimal])}{SPACES}]"
        self._pattern = re.compile(
            rf"([+-]?)(\d{{1,3}}(?:{group}\d{{3}})+|\d+)(?:{re.escape(decimal)}(\d*))?",
            re.ASCII,
        )

    def __call__(self, value: str) -> str:
        """Return the number without thousands marks and needless zeros, else the value."""
        match = self._pattern.fullmatch(value.strip(" \u00a0"))
        if match is None:
            return value
        sign, whole, fraction = match.groups()
        digits = re.sub(r"\D", "", whole).lstrip("0") or "0"
        fraction = (fraction or "").rstrip("0")
        text = f"{digits}.{fraction}" if fraction else digits
        return f"-{text}" if sign == "-" and text != "0" else text
