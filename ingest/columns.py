"""The report's columns: how their names are recognised and how their values are spelled.

Names match whatever their case, accents, blanks and order. Portuguese names and category
values are read as their English ones, so that one report in either language is one object.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ingest.errors import HeaderError

SCHEMA_FILE = Path(__file__).parent.parent / "terraform" / "schemas" / "vendas.json"
ADDED = ("record_number", "malformed_record")

SYNONYMS: dict[str, tuple[str, ...]] = {
    "Model": ("Modelo",),
    "Year": ("Ano", "Ano_Modelo"),
    "Region": ("Região",),
    "Color": ("Colour", "Cor"),
    "Fuel_Type": ("Fuel", "Combustível", "Tipo_Combustível", "Tipo_de_Combustível"),
    "Transmission": ("Câmbio", "Transmissão"),
    "Engine_Size_L": ("Engine_Size", "Motor_L", "Motor", "Cilindrada_L"),
    "Mileage_KM": ("Mileage", "Quilometragem", "Quilometragem_KM", "KM"),
    "Price_USD": ("Price", "Preço", "Preço_USD"),
    "Sales_Volume": ("Volume_Vendas", "Volume_de_Vendas", "Vendas"),
    "Sales_Classification": (
        "Classification",
        "Classificação",
        "Classificação_Vendas",
        "Classificação_de_Vendas",
    ),
}

VALUES: dict[str, dict[str, str]] = {
    "Region": {
        "África": "Africa",
        "Ásia": "Asia",
        "Europa": "Europe",
        "Oriente Médio": "Middle East",
        "América do Norte": "North America",
        "América do Sul": "South America",
    },
    "Color": {
        "Preto": "Black",
        "Azul": "Blue",
        "Cinza": "Grey",
        "Vermelho": "Red",
        "Prata": "Silver",
        "Branco": "White",
    },
    "Fuel_Type": {
        "Gasolina": "Petrol",
        "Híbrido": "Hybrid",
        "Elétrico": "Electric",
    },
    "Transmission": {"Automático": "Automatic", "Automática": "Automatic"},
    "Sales_Classification": {"Alta": "High", "Alto": "High", "Baixa": "Low", "Baixo": "Low"},
}


# A column's own unit may stand at its numbers; any other one (`R$`) would change the meaning.
UNITS = {"Price_USD": r"us\$|usd", "Mileage_KM": "km", "Engine_Size_L": "l"}
_BARE = {
    column: re.compile(
        rf"\s*(?:{unit})?\s*([+-]?\d(?:[\d.,'\u2019\s]*\d)?)\s*(?:{unit})?\s*", re.IGNORECASE
    )
    for column, unit in UNITS.items()
}


@dataclass(frozen=True)
class Column:
    """A column of the contract.

    Parameters
    ----------
    name : str
        As in `terraform/schemas/vendas.json`.
    type : {"INT64", "FLOAT64", "STRING"}
        BigQuery's type.
    """

    name: str
    type: str

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.type != "STRING"


@dataclass(frozen=True)
class Header:
    """A header that was recognised.

    Parameters
    ----------
    places : dict of str to int
        Position in the file of each column of the contract.
    names : dict of str to str
        The file's own name of each column of the contract.
    ignored : tuple of str
        Names that the contract does not know.
    width : int
        Fields of a whole record.
    """

    places: dict[str, int]
    names: dict[str, str]
    ignored: tuple[str, ...]
    width: int


def contract() -> tuple[Column, ...]:
    """Return the report's columns in the order of the normalised file."""
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return tuple(Column(c["name"], c["type"]) for c in schema if c["name"] not in ADDED)


def recognised(cells: Sequence[str]) -> dict[int, str]:
    """Return the contract's name of each cell that is a known column name."""
    known = _known()
    return {at: known[key] for at, cell in enumerate(cells) if (key := _key(cell)) in known}


def read_header(cells: Sequence[str], *, file: str, line: int) -> Header:
    """Match a header to the contract.

    Raises
    ------
    HeaderError
        If a column is missing or two mean the same.
    """
    found: dict[str, int] = {}
    for at, name in recognised(cells).items():
        if name in found:
            raise HeaderError(
                f"{file}, line {line}: columns {found[name] + 1} '{cells[found[name]]}' and "
                f"{at + 1} '{cells[at]}' both mean {name}. Remove or rename one of them."
            )
        found[name] = at
    missing = [column.name for column in contract() if column.name not in found]
    if missing:
        names = "; ".join(f"{n} (or {', '.join(SYNONYMS[n])})" for n in missing)
        there = ", ".join(f"'{cell}'" for cell in cells[:20])
        raise HeaderError(
            f"{file}, line {line}: the header lacks {names}. It has {there}. "
            "Add the missing columns to the export, or rename them."
        )
    ignored = tuple(cell for at, cell in enumerate(cells) if at not in found.values())
    names_found = {name: cells[at] for name, at in found.items()}
    return Header(found, names_found, ignored, len(cells))


def bare(column: str, value: str) -> str:
    """Return a number without its column's unit (`km`, `L`, `US$`), any other value as it is."""
    if not value or (value[0].isdigit() and value[-1].isdigit()) or column not in _BARE:
        return value
    match = _BARE[column].fullmatch(value)
    return match[1] if match else value


@lru_cache(maxsize=4096)
def english(column: str, value: str) -> str:
    """Return a Portuguese category value in English, any other value as it is."""
    return _VALUE_KEYS.get(column, {}).get(_key(value), value)


def _key(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "", plain.casefold())


def _known() -> dict[str, str]:
    pairs = [(name, name) for name in SYNONYMS]
    pairs += [(synonym, name) for name, synonyms in SYNONYMS.items() for synonym in synonyms]
    return {_key(spelling): name for spelling, name in pairs}


_VALUE_KEYS = {
    column: {_key(spelling): value for spelling, value in values.items()}
    for column, values in VALUES.items()
}
