"""The steps of an exit: what must be true before an entity is closed, read from a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fanzha import toml_files
from fanzha.errors import InvalidConfiguration, InvalidInput
from infra import text_limits
from services.entities import responsible_units
from services.entities.model import NAME, IdentifierKind

_DAYS = range(1, 3651)
_FIELDS = {"title", "owner", "days", "ends"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepKind:
    """One step of the file."""

    name: str
    title: str
    owner: str
    """The unit that usually owes it, as `responsible_units` stores it."""
    days: int
    """Until it is due, from the registration."""
    ends: frozenset[IdentifierKind] = frozenset()
    """What must not be seen in traffic once it is done."""


@cache
def load(file: Path | None = None) -> Mapping[str, StepKind]:
    """Read the steps of *file*, or those that come along; `ValueError` for a wrong one."""
    source = file or files("services.entities") / "exit_steps.toml"
    table = toml_files.read_table(source)
    if not table:
        raise InvalidConfiguration("{name}: has no step", name=source.name)
    return {name: _step(name, fields, source.name) for name, fields in table.items()}


def _step(name: str, fields: Any, file: str) -> StepKind:
    where = f"{file}: {name}"
    if not isinstance(fields, dict) or not fields.keys() <= _FIELDS:
        known = ", ".join(sorted(_FIELDS))
        raise InvalidConfiguration("{where}: a table of {known}", where=where, known=known)
    try:
        for field in ("title", "owner"):
            text_limits.required(f"{where}: {field}", str(fields.get(field, "")), NAME)
    except InvalidInput as error:
        raise InvalidConfiguration("{error}", error=error) from error
    days = fields.get("days")
    if not isinstance(days, int) or isinstance(days, bool) or days not in _DAYS:
        raise InvalidConfiguration(
            "{where}: days is a number from 1 to {most}", where=where, most=_DAYS[-1]
        )
    kinds = {one.name.lower(): one for one in IdentifierKind}
    ends = toml_files.read_words(fields["ends"], f"{where}: ends") if "ends" in fields else ()
    if unknown := [one for one in ends if one not in ("host", "number", "sender")]:
        raise InvalidConfiguration(
            "{where}: ends names {unknown!r}, not host, number or sender",
            where=where,
            unknown=unknown[0],
        )
    return StepKind(
        name=name,
        title=fields["title"],
        owner=responsible_units.code_of(fields["owner"]),
        days=days,
        ends=frozenset(kinds[one] for one in ends),
    )
