"""What ALTER MODEL … SET OPTIONS changes on a model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.ml.errors import NotEmulated, OptionError
from emulator.ml.metadata import check_labels
from emulator.ml.options.values import invalid

CHANGES = {"labels", "description", "friendly_name", "expiration_timestamp"}
REFUSED = {"vertex_ai_model_id", "kms_key_name", "deploy_model", "endpoint_idle_ttl"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def check_names(values: dict[str, Any]) -> None:
    """Check the names of the options.

    Raises
    ------
    NotEmulated
        If BigQuery has the option and this engine has not.
    OptionError
        If the option is unknown.
    """
    for name in values:
        if name in REFUSED:
            raise NotEmulated(f"ALTER MODEL with {name.upper()}")
        if name not in CHANGES:
            raise OptionError(f"Unknown option: {name}")


def read_changes(values: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of `Metadata` that the options change; NULL removes.

    Raises
    ------
    OptionError
        If a value is impossible.
    """
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name == "expiration_timestamp":
            changes["expires"] = _milliseconds(name, value)
        elif name == "labels":
            changes["labels"] = check_labels(_pairs(name, value))
        elif value is None or isinstance(value, str):
            changes[name] = value
        else:
            raise invalid(name, value, "a STRING")
    return changes


def _pairs(name: str, value: Any) -> dict[str, str]:
    pairs = value if isinstance(value, list) else [] if value is None else [None]
    for pair in pairs:
        if not (isinstance(pair, tuple) and len(pair) == 2):
            raise invalid(name, value, "an ARRAY of STRUCT(key, value)")
    if len({key for key, _ in pairs}) != len(pairs):
        raise invalid(name, value, "each key once")
    return dict(pairs)


def _milliseconds(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise invalid(name, value, "a TIMESTAMP")
    return (value - _EPOCH) // timedelta(milliseconds=1)
