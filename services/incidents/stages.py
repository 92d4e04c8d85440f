"""The stages of an incident: who usually owes each, and for how long, read from a file."""

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
from services.incidents.model import TITLE, HandlingStage

WORKED = tuple(stage for stage in HandlingStage if stage is not HandlingStage.CLOSED)
"""The stages in which there is something to do."""
_HOURS = range(1, 24 * 3650)
_FIELDS = {"title", "owner", "hours"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTerms:
    """What is agreed of one stage."""

    title: str
    owner: str
    """As `responsible_units` stores it."""
    hours: int
    """Until the incident should have left it."""


@cache
def load(file: Path | None = None) -> Mapping[HandlingStage, StageTerms]:
    """Read the stages of *file*, or those that come along; `ValueError` for a wrong one."""
    source = file or files("services.incidents") / "stages.toml"
    table = toml_files.read_table(source)
    names = {stage.name.lower(): stage for stage in WORKED}
    if table.keys() != names.keys():
        raise InvalidConfiguration(
            "{name}: has the tables {known}, not more and not fewer",
            name=source.name,
            known=", ".join(names),
        )
    return {stage: _terms(table[name], f"{source.name}: {name}") for name, stage in names.items()}


def _terms(fields: Any, where: str) -> StageTerms:
    if not isinstance(fields, dict) or fields.keys() != _FIELDS:
        known = ", ".join(sorted(_FIELDS))
        raise InvalidConfiguration("{where}: a table of {known}", where=where, known=known)
    hours = fields["hours"]
    if not isinstance(hours, int) or isinstance(hours, bool) or hours not in _HOURS:
        raise InvalidConfiguration(
            "{where}: hours is a number from 1 to {most}", where=where, most=_HOURS[-1]
        )
    return StageTerms(
        title=line_of(fields["title"], f"{where}: title"),
        owner=responsible_units.code_of(line_of(fields["owner"], f"{where}: owner")),
        hours=hours,
    )


def line_of(text: object, where: str) -> str:
    """Return a name of a file of settings; `ValueError` naming *where* if it is none."""
    try:
        return text_limits.required(where, str(text), TITLE)
    except InvalidInput as error:
        raise InvalidConfiguration("{error}", error=error) from error
