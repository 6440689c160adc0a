"""CREATE, DROP, ALTER and EXPORT MODEL: read, carried out, answered as BigQuery does."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import Any

from bqemulator.domain.errors import NotFoundError
from bqemulator.jobs import executor

from emulator.ml.changes import check_names, read_changes
from emulator.ml.constants import check_parameters, computed
from emulator.ml.errors import ModelExists, NotEmulated, OptionError, StatementError
from emulator.ml.export.booster import booster_files
from emulator.ml.export.bucket import write_files
from emulator.ml.literals import read_options
from emulator.ml.model import Metadata, Model, ModelName
from emulator.ml.names import resolve
from emulator.ml.options import read_training_options
from emulator.ml.options.base import TrainingOptions
from emulator.ml.options.time_series import TimeSeriesOptions
from emulator.ml.options.values import text
from emulator.ml.store import store_of
from emulator.ml.syntax import Source, read_path
from emulator.ml.training import Order, train
from emulator.ml.transform.clause import Clause
from emulator.running import check_cancelled
from emulator.session import Outcome, Session

# The hidden dataset of query results; bigframes keeps its models beside them.
ANONYMOUS = executor._ANONYMOUS_RESULTS_DATASET
_HEAD = re.compile(r"\b(create|drop|alter|export)\b", re.IGNORECASE)
_NAME = re.compile(r"\w{1,1024}")


async def handle(statement: str, session: Session) -> Outcome | None:
    """Run the statement if it is about a model; None if it is not."""
    if _HEAD.search(statement) is None or "model" not in statement.lower():
        return None
    source = Source(statement)
    if not source.is_readable or not source.is_single:
        return None
    for verb in VERBS:
        outcome = await verb(source, session)
        if outcome is not None:
            return outcome
    return None


@dataclass(frozen=True)
class _Create:
    """A CREATE MODEL statement, read."""

    name: ModelName
    replace: bool
    if_not_exists: bool
    options: dict[str, Any]
    query: str
    clause: Clause | None
    holidays: str | None


async def _create(source: Source, session: Session) -> Outcome | None:
    if not (source.is_word(0, "CREATE", "MODEL") or source.is_word(0, *_OR_REPLACE)):
        return None
    check_parameters(source, session)
    asked = _read_create(source, session)
    store = store_of(session.context)
    target = (asked.name.project, asked.name.dataset, asked.name.model)
    if asked.name.dataset == ANONYMOUS:
        await session.query(f"CREATE SCHEMA IF NOT EXISTS `{asked.name.project}.{ANONYMOUS}`")
    _check_dataset(asked.name, session)
    there = store.find(asked.name)
    if there is not None and asked.if_not_exists:
        store.change(asked.name, _touched)
        return Outcome(None, "CREATE_MODEL", "SKIP", target)
    if there is not None and not asked.replace:
        raise ModelExists("Model", *target)
    if session.context.catalog.get_table(*target) is not None:
        raise ModelExists("Table", *target)
    options = read_training_options(await computed(asked.options, session))
    if asked.clause is None and options.model_type == "TRANSFORM_ONLY":
        raise StatementError("A TRANSFORM_ONLY model needs a TRANSFORM clause.")
    if asked.holidays is not None:
        _check_custom_holidays(asked, options)
    order = Order(asked.name, options, asked.query, asked.clause, asked.holidays)
    model = await train(order, session)
    check_cancelled()
    _check_dataset(asked.name, session)
    store.save(model)
    return Outcome(None, "CREATE_MODEL", "CREATE" if there is None else "REPLACE", target)


_OR_REPLACE = ("CREATE", "OR", "REPLACE", "MODEL")


def _read_create(source: Source, session: Session) -> _Create:
    replaces = source.is_word(1, "OR")
    at = 4 if replaces else 2
    if_not_exists = source.is_word(at, "IF", "NOT", "EXISTS")
    if if_not_exists and replaces:
        raise StatementError("CREATE MODEL cannot have both OR REPLACE and IF NOT EXISTS.")
    path, at = read_path(source, at + 3 * if_not_exists)
    name = resolve(path, session)
    if _NAME.fullmatch(name.model) is None:
        raise StatementError(f'Invalid model ID "{name.model}": letters, digits and _ only.')
    clause = None
    if source.is_word(at, "TRANSFORM", "("):
        end = source.closing(at + 1)
        clause, at = Clause(source.slice(at + 2, end)), end + 1
    for word in ("INPUT", "REMOTE"):
        if source.is_word(at, word):
            raise NotEmulated(f"CREATE MODEL with {word}")
    if not source.is_word(at, "OPTIONS", "("):
        raise StatementError("CREATE MODEL needs OPTIONS(MODEL_TYPE = …).")
    options, at = read_options(source, at + 1)
    if source.is_word(at, "TRANSFORM"):
        raise StatementError("Syntax error: TRANSFORM(…) must stand before OPTIONS(…).")
    if not source.is_word(at, "AS"):
        raise StatementError("CREATE MODEL needs AS and a query for its training data.")
    last = len(source.words)
    if source.is_word(last - 1, ";"):
        last -= 1
    query, holidays = _read_queries(source, at + 1, last)
    return _Create(name, replaces, if_not_exists, options, query, clause, holidays)


def _read_queries(source: Source, first: int, last: int) -> tuple[str, str | None]:
    """Return the training query and that of `custom_holiday`, if it is there."""
    named = [source.is_word(first + 1, part, "AS", "(") for part in _PARTS]
    if not (source.is_word(first, "(") and any(named)):
        return source.slice(first, last), None
    found: dict[str, str] = {}
    for start, end in source.split(first + 1, source.closing(first)):
        name = source.words[start].text.upper()
        if name not in _PARTS or name in found or not source.is_word(start, name, "AS", "("):
            raise StatementError(
                f"Unexpected {source.words[start].text} in the AS clause of CREATE MODEL; expected "
                "training_data AS (…), custom_holiday AS (…)."
            )
        closing = source.closing(start + 2)
        if closing != end - 1 or source.closing(first) != last - 1:
            raise StatementError(f"Syntax error in CREATE MODEL after {name.lower()} AS (…).")
        found[name] = source.slice(start + 3, closing)
    if "TRAINING_DATA" not in found:
        raise StatementError("CREATE MODEL needs training_data AS (…) beside custom_holiday.")
    return found["TRAINING_DATA"], found.get("CUSTOM_HOLIDAY")


_PARTS = ("TRAINING_DATA", "CUSTOM_HOLIDAY")


def _check_custom_holidays(asked: _Create, options: TrainingOptions) -> None:
    if not isinstance(options, TimeSeriesOptions):
        raise StatementError(f"custom_holiday is not supported for {options.model_type}.")
    if asked.clause is not None:
        raise StatementError("custom_holiday cannot be used with a TRANSFORM clause.")
    if options.data_frequency not in ("AUTO_FREQUENCY", "DAILY"):
        raise StatementError(
            f"custom_holiday needs DATA_FREQUENCY 'DAILY' or 'AUTO_FREQUENCY', found "
            f"'{options.data_frequency}'."
        )


async def _drop(source: Source, session: Session) -> Outcome | None:
    if not source.is_word(0, "DROP", "MODEL"):
        return None
    if_exists = source.is_word(2, "IF", "EXISTS")
    path, at = read_path(source, 2 + 2 * if_exists)
    _check_end(source, at)
    name = resolve(path, session)
    store = store_of(session.context)
    target = (name.project, name.dataset, name.model)
    if if_exists and store.find(name) is None:
        return Outcome(None, "DROP_MODEL", "SKIP", target)
    store.delete(name)
    return Outcome(None, "DROP_MODEL", "DROP", target)


async def _alter(source: Source, session: Session) -> Outcome | None:
    if not source.is_word(0, "ALTER", "MODEL"):
        return None
    if_exists = source.is_word(2, "IF", "EXISTS")
    path, at = read_path(source, 2 + 2 * if_exists)
    if not source.is_word(at, "SET", "OPTIONS", "("):
        raise StatementError("ALTER MODEL needs SET OPTIONS (…).")
    values, at = read_options(source, at + 2)
    _check_end(source, at)
    check_parameters(source, session)
    name = resolve(path, session)
    store = store_of(session.context)
    target = (name.project, name.dataset, name.model)
    if if_exists and store.find(name) is None:
        return Outcome(None, "ALTER_MODEL", "SKIP", target)
    store.get(name)
    check_names(values)
    changes = read_changes(await computed(values, session))
    store.change(name, lambda model: _edited(model, changes))
    return Outcome(None, "ALTER_MODEL", "ALTER", target)


async def _export(source: Source, session: Session) -> Outcome | None:
    if not source.is_word(0, "EXPORT", "MODEL"):
        return None
    path, at = read_path(source, 2)
    if not source.is_word(at, "OPTIONS", "("):
        raise StatementError("EXPORT MODEL needs OPTIONS(URI = 'gs://…').")
    values, at = read_options(source, at + 1)
    _check_end(source, at)
    check_parameters(source, session)
    if "trial_id" in values:
        raise NotEmulated("EXPORT MODEL with TRIAL_ID (hyperparameter tuning)")
    for name in values:
        if name != "uri":
            raise OptionError(f"Unknown option: {name}")
    uri = text("uri", (await computed(values, session)).get("uri"))
    model = store_of(session.context).get(resolve(path, session))
    write_files(uri, booster_files(model), session.cloud_file)
    return Outcome(None, "EXPORT_MODEL")


VERBS = (_create, _drop, _alter, _export)


def _edited(model: Model, changes: dict[str, Any]) -> Model:
    now = int(time.time() * 1000)
    metadata: Metadata = replace(model.metadata, **changes, modified=now)
    return replace(model, metadata=metadata)


def _touched(model: Model) -> Model:
    return _edited(model, {})


def _check_dataset(name: ModelName, session: Session) -> None:
    if session.context.catalog.get_dataset(name.project, name.dataset) is None:
        raise NotFoundError(f"Not found: Dataset {name.project}:{name.dataset}")


def _check_end(source: Source, at: int) -> None:
    rest = source.slice(at, len(source.words))
    if rest not in ("", ";"):
        raise StatementError(f"Syntax error: Expected end of input but got {rest!r}.")
