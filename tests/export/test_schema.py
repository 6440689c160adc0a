"""Our checker and the `jsonschema` library must judge every manifest alike."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from export.manifest import SCHEMA_FILE
from export.schema import problem
from tests.export.test_artifact import manifest

SCHEMA = json.loads(SCHEMA_FILE.read_text())
VALID = json.loads(manifest(b"").to_json())
STRANGE = [None, True, -1, 0.5, "", "text", [], {}, [1], {"a": 1}]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in entries:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


def mutations() -> Iterator[Any]:
    for path in places(VALID):
        for strange in STRANGE:
            changed = copy.deepcopy(VALID)
            parent = changed
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = strange
            yield changed
            if isinstance(parent, dict):
                without = copy.deepcopy(changed)
                target = without
                for key in path[:-1]:
                    target = target[key]
                del target[path[-1]]
                yield without


def test_the_schema_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_judges_as_the_jsonschema_library_does() -> None:
    library = jsonschema.Draft202012Validator(SCHEMA)

    judged = [(problem(m, SCHEMA) is None, library.is_valid(m)) for m in mutations()]

    assert len(judged) > 1000
    assert all(ours == theirs for ours, theirs in judged)
    assert problem(VALID, SCHEMA) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"task": "guess"}, r"\$\.task is 'guess'; expected 'regression' or 'classification'"),
        ({"version": "x"}, r"\$\.version is 'x'; expected text that matches"),
        ({"surprise": 1}, r"\$ has the unknown key 'surprise'"),
    ],
)
def test_says_where_what_and_what_was_expected(change: dict[str, Any], words: str) -> None:
    import re

    assert re.search(words, problem(VALID | change, SCHEMA) or "")
