"""Reads scripts from TOML files, and refuses those that break a rule of `script_checks`."""

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
_MOST_TRIES = 3


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


def read(file: Traversable | Path) -> RobotScript:
    """Read one script; `ValueError` that names what is wrong."""
    table, where = toml_files.read_table(file), file.name
    if not _FIELDS <= table.keys() <= _FIELDS | {"by_fraud"}:
        known = ", ".join(sorted(_FIELDS))
        raise InvalidConfiguration("{where}: has {known}", where=where, known=known)
    for field in ("name", "version", "language", "variant", "start"):
        if not isinstance(table[field], str) or not table[field].isprintable() or not table[field]:
            raise InvalidConfiguration("{where}: {field} is a text", where=where, field=field)
    if table["language"] not in LANGUAGES:
        raise InvalidConfiguration(
            "{where}: language is one of {known}", where=where, known=", ".join(LANGUAGES)
        )
    script = RobotScript(
        name=table["name"],
        version=table["version"],
        language=table["language"],
        variant=table["variant"],
        start=table["start"],
        states={name: _state(name, one, where) for name, one in _tables(table, "states", where)},
        ends={name: _end(name, one, where) for name, one in _tables(table, "ends", where)},
        by_fraud=_by_fraud(table.get("by_fraud", {}), where),
    )
    if faults := script_checks.faults(script):
        raise InvalidConfiguration("{where}: {fault}", where=where, fault=faults[0])
    return script


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
