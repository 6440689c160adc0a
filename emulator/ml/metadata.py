"""The rules for what a user may write on a model."""

from __future__ import annotations

import re

from emulator.ml.errors import OptionError

MOST_LABELS = 64
_KEY = re.compile(r"[^\W\d_A-Z][\w-]{0,62}")
_VALUE = re.compile(r"[\w-]{0,63}")


def check_labels(labels: dict[str, str]) -> dict[str, str]:
    """Return labels as they are.

    Raises
    ------
    OptionError
        If there are more than 64, or a key or value is not 63 lower-case letters, digits, _
        and - at most.
    """
    if len(labels) > MOST_LABELS:
        raise OptionError(
            f"Invalid labels: {len(labels)} were given; a model has {MOST_LABELS} at most."
        )
    for key, value in labels.items():
        texts = isinstance(key, str) and isinstance(value, str)
        if not texts or not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
            raise OptionError(
                f'Invalid label "{key}": "{value}". Keys start with a letter; keys and values '
                "have at most 63 lower-case letters, digits, underscores and dashes."
            )
        if key != key.lower() or value != value.lower():
            raise OptionError(f'Invalid label "{key}": "{value}" has upper-case letters.')
    return labels
