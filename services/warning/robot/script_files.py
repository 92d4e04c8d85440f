"""Reads scripts from TOML files, and refuses those that break a rule of `script_checks`."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from fanzha import toml_files
from fanzha.errors import InvalidConfiguration
from fanzha.fraud import FraudType
from services.warning.messages.template import LANGUAGES
from services.warning.robot import script_checks
from services.warning.robot.script import (
    Meaning,
    RobotOutcome,
    RobotScript,
    ScriptEnd,
    ScriptState,
)

_FIELDS = {"name", "version", "language", "variant", "start", "states", "ends"}
_MORE_FIELDS = {"by_fraud", "keys", "wait_seconds"}
_MOST_TRIES = 3
_REPEAT = "repeat"
"""What a key does that has a text said again: the only thing that is no meaning."""
_KEY = re.compile(r"[0-9*#]")
_MOST_WAIT_SECONDS = 30


@cache
def load(folder: Path | None = None) -> Sequence[RobotScript]:
    """Read the scripts of *folder*, or those that come along; `ValueError` for a wrong one."""
    source = folder or files("services.warning.robot") / "scripts"
    found = [read(one) for one in sorted(source.iterdir(), key=lambda one: one.name)
             if one.name.endswith(".toml")]  # fmt: skip
    if not found:
        raise InvalidConfiguration("{folder}: has no script", folder=str(source))
    ids = [one.id for one in found]
    if twice := [one for one in ids if ids.count(one) > 1]:
        raise InvalidConfiguration("script {id} is there twice", id=twice[0])
    return tuple(found)


def by_text(folder: Path | None = None) -> Sequence[RobotScript]:
    """Read the scripts of messages."""
    return tuple(one for one in load(folder) if not one.by_voice)


def by_voice(folder: Path | None = None) -> Sequence[RobotScript]:
    """Read the scripts of calls."""
    return tuple(one for one in load(folder) if one.by_voice)


def read(file: Traversable | Path) -> RobotScript:
    """Read one script; `ValueError` that names what is wrong."""
    table, where = toml_files.read_table(file), file.name
    if not _FIELDS <= table.keys() <= _FIELDS | _MORE_FIELDS:
        known = ", ".join(sorted(_FIELDS))
        raise InvalidConfiguration("{where}: has {known}", where=where, known=known)
    for field in ("name", "version", "language", "variant", "start"):
        if not isinstance(table[field], str) or not table[field].isprintable() or not table[field]:
            raise InvalidConfiguration("{where}: {field} is a text", where=where, field=field)
    if table["language"] not in LANGUAGES:
        raise InvalidConfiguration(
            "{where}: language is one of {known}", where=where, known=", ".join(LANGUAGES)
        )
    keys, repeat_key = _keys(table.get("keys", {}), where)
    script = RobotScript(
        name=table["name"],
        version=table["version"],
        language=table["language"],
        variant=table["variant"],
        start=table["start"],
        states={name: _state(name, one, where) for name, one in _tables(table, "states", where)},
        ends={name: _end(name, one, where) for name, one in _tables(table, "ends", where)},
        by_fraud=_by_fraud(table.get("by_fraud", {}), where),
        keys=keys,
        repeat_key=repeat_key,
        wait_seconds=_wait_seconds(table.get("wait_seconds", 6), where),
    )
    if faults := script_checks.faults(script):
        raise InvalidConfiguration("{where}: {fault}", where=where, fault=faults[0])
    return script


def _keys(table: Any, where: str) -> tuple[dict[str, Meaning], str]:
    """Return what each key means, and the one that has a text said again."""
    known = {one.value for one in Meaning} - {Meaning.OTHER, Meaning.SILENCE} | {_REPEAT}
    if not isinstance(table, dict) or not all(
        _KEY.fullmatch(key) and word in known for key, word in table.items()
    ):
        raise InvalidConfiguration(
            "{where}: keys are 0 to 9, * and #, each one of {known}",
            where=where,
            known=", ".join(sorted(known)),
        )
    repeat = next((key for key, word in table.items() if word == _REPEAT), "")
    return {key: Meaning(word) for key, word in table.items() if word != _REPEAT}, repeat


def _wait_seconds(seconds: Any, where: str) -> float:
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not 1 <= seconds <= _MOST_WAIT_SECONDS:
        raise InvalidConfiguration(
            "{where}: wait_seconds is 1 to {most}", where=where, most=_MOST_WAIT_SECONDS
        )
    return float(seconds)


def _tables(table: Mapping[str, Any], field: str, where: str) -> list[tuple[str, Any]]:
    found = table[field]
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise InvalidConfiguration("{where}: {field} are tables", where=where, field=field)
    return list(found.items())


def _state(name: str, fields: Mapping[str, Any], where: str) -> ScriptState:
    where = f"{where}: {name}"
    if not {"text", "heard"} <= fields.keys() <= {"text", "heard", "tries", "otherwise"}:
        raise InvalidConfiguration("{where}: has text, heard, tries and otherwise", where=where)
    heard, tries = fields["heard"], fields.get("tries", 1)
    known = {one.value for one in Meaning}
    if not isinstance(heard, dict) or not set(heard) <= known:
        raise InvalidConfiguration(
            "{where}: heard is of {known}", where=where, known=", ".join(sorted(known))
        )
    if not isinstance(tries, int) or not 0 <= tries <= _MOST_TRIES:
        raise InvalidConfiguration("{where}: tries is 0 to {most}", where=where, most=_MOST_TRIES)
    return ScriptState(
        name=name,
        text=str(fields["text"]),
        heard={Meaning(word): str(place) for word, place in heard.items()},
        tries=tries,
        otherwise=str(fields.get("otherwise", "")),
    )


def _end(name: str, fields: Mapping[str, Any], where: str) -> ScriptEnd:
    known = [one.value for one in RobotOutcome]
    if fields.keys() != {"text", "outcome"} or fields["outcome"] not in known:
        raise InvalidConfiguration(
            "{where}: {name}: has text, and outcome, one of {known}",
            where=where,
            name=name,
            known=", ".join(known),
        )
    return ScriptEnd(name=name, text=str(fields["text"]), outcome=RobotOutcome(fields["outcome"]))


def _by_fraud(table: Mapping[str, Any], where: str) -> dict[FraudType, dict[str, str]]:
    known = {one.name.lower(): one for one in FraudType if one}
    if not isinstance(table, dict) or not set(table) <= set(known):
        raise InvalidConfiguration("{where}: by_fraud is of kinds of fraud", where=where)
    return {
        known[word]: {str(k): str(v) for k, v in texts.items()} for word, texts in table.items()
    }
