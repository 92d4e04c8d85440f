"""The member units: three levels, each with its region, read from a file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from fanzha import toml_files
from fanzha.errors import InvalidConfiguration, InvalidInput
from infra import text_limits
from services.assessment.model import TITLE

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_REGION = re.compile(r"(?:[0-9]{2}){0,3}")
_FIELDS = {"name", "level", "region"}
MOST_UNITS = 1_000


class UnitLevel(StrEnum):
    """Levels of units; each is ranked for itself."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUnit:
    """One unit."""

    code: str
    name: str
    level: UnitLevel
    region: str
    """Code of its region; empty: all of it."""


@cache
def load(file: Path | None) -> Mapping[str, MemberUnit]:
    """Read the units of *file* by code; none without. Raises `ValueError` for a wrong file."""
    if file is None:
        return {}
    table = toml_files.read_table(file)
    if not table:
        raise InvalidConfiguration("{name}: has no unit", name=file.name)
    if len(table) > MOST_UNITS:
        raise InvalidConfiguration("{name}: at most {most} units", name=file.name, most=MOST_UNITS)
    return {code: _unit(code, fields, file.name) for code, fields in table.items()}


def find(units: Mapping[str, MemberUnit], code: str) -> MemberUnit:
    """Return the unit of a code; `InvalidInput` when there is none."""
    found = units.get(code.strip())
    if found is None:
        if not units:
            raise InvalidInput("unit: no unit is known; set assessment_units_file")
        raise InvalidInput("unit: there is no unit {code!r}", code=code[:50])
    return found


def _unit(code: str, fields: Any, file: str) -> MemberUnit:
    where = f"{file}: {code}"
    if not _CODE.fullmatch(code):
        raise InvalidConfiguration("{where}: a code of small letters, digits, - and _", where=where)
    if not isinstance(fields, dict) or not {"name", "level"} <= fields.keys() <= _FIELDS:
        known = ", ".join(sorted(_FIELDS))
        raise InvalidConfiguration("{where}: a table of {known}", where=where, known=known)
    levels = [level.value for level in UnitLevel]
    if fields["level"] not in levels:
        raise InvalidConfiguration(
            "{where}: level is one of {levels}", where=where, levels=", ".join(levels)
        )
    region = str(fields.get("region", ""))
    if not _REGION.fullmatch(region):
        raise InvalidConfiguration(
            "{where}: region: two, four or six digits, such as 3301, or empty", where=where
        )
    try:
        name = text_limits.required(f"{where}: name", str(fields["name"]), TITLE)
    except InvalidInput as error:
        raise InvalidConfiguration("{error}", error=error) from error
    return MemberUnit(code=code, name=name, level=UnitLevel(fields["level"]), region=region)
