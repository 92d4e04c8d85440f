"""The departments that take leads, and what each may see of them, read from a file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fanzha import toml_files
from fanzha.errors import InvalidConfiguration, InvalidInput
from services.entities import responsible_units
from services.incidents.stages import line_of

_DAYS = range(1, 366)
_REQUIRED = {"legal_basis", "days"}
_FIELDS = {*_REQUIRED, "title", "whole", "masked"}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class DataClass(StrEnum):
    """What a fact tells about somebody, which decides who may see it."""

    PERSON = "person"
    """The number of a person at risk."""
    SUSPECT = "suspect"
    """A number, sender or account of a suspect."""
    LINK = "link"
    COMPANY = "company"
    MONEY = "money"
    PLACE = "place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """One department."""

    name: str
    """Its code."""
    title: str
    """A `Message` where it has a name in each language."""
    legal_basis: str
    days: int
    """Until it should answer."""
    whole: frozenset[DataClass] = frozenset()
    masked: frozenset[DataClass] = frozenset()


@cache
def load(file: Path | None = None) -> Mapping[str, Department]:
    """Read the departments of *file*, or those that come along; `ValueError` for a wrong one."""
    source = file or files("services.incidents") / "departments.toml"
    table = toml_files.read_table(source)
    if not table:
        raise InvalidConfiguration("{name}: has no department", name=source.name)
    return {name: _department(name, fields, source.name) for name, fields in table.items()}


def find(departments: Mapping[str, Department], name: str) -> Department:
    """Return the department of a code or a name; `InvalidInput` that lists the known codes."""
    found = departments.get(code_of(departments, name))
    if found is None:
        raise InvalidInput(
            "department: none of {known}: {name!r}", known=", ".join(departments), name=name[:50]
        )
    return found


def code_of(departments: Mapping[str, Department], name: str) -> str:
    """Return the code of a department by its code or a name; any other text as it is."""
    name = name.strip()
    titled = (code for code, one in departments.items() if one.title == name)
    return name if name in departments else next(titled, responsible_units.code_of(name))


def title_of(departments: Mapping[str, Department], name: str) -> str:
    """Return the name for people of a department, which the table need not have any more."""
    found = departments.get(name)
    return found.title if found else responsible_units.name_of(name)


def _department(name: str, fields: Any, file: str) -> Department:
    where = f"{file}: {name}"
    if not _NAME.fullmatch(name):
        raise InvalidConfiguration(
            "{where}: a name of small letters, digits and underscores", where=where
        )
    if not isinstance(fields, dict) or not _REQUIRED <= fields.keys() <= _FIELDS:
        known = ", ".join(sorted(_FIELDS))
        raise InvalidConfiguration("{where}: a table of {known}", where=where, known=known)
    if "title" not in fields and name not in responsible_units.UNITS:
        raise InvalidConfiguration("{where}: title: required", where=where)
    days = fields["days"]
    if not isinstance(days, int) or isinstance(days, bool) or days not in _DAYS:
        raise InvalidConfiguration(
            "{where}: days is a number from 1 to {most}", where=where, most=_DAYS[-1]
        )
    whole, masked = (_classes(fields, key, where) for key in ("whole", "masked"))
    if both := whole & masked:
        raise InvalidConfiguration(
            "{where}: {word} is whole and masked", where=where, word=", ".join(sorted(both))
        )
    return Department(
        name=name,
        title=responsible_units.name_of(line_of(fields.get("title", name), f"{where}: title")),
        legal_basis=line_of(fields["legal_basis"], f"{where}: legal_basis"),
        days=days,
        whole=whole,
        masked=masked,
    )


def _classes(fields: Mapping[str, Any], key: str, where: str) -> frozenset[DataClass]:
    if not fields.get(key):
        return frozenset()
    found = toml_files.read_words(fields[key], f"{where}: {key}")
    known = {one.value for one in DataClass}
    if wrong := [one for one in found if one not in known]:
        raise InvalidConfiguration(
            "{where}: {key} names {wrong!r}, none of {known}",
            where=where,
            key=key,
            wrong=wrong[0],
            known=", ".join(sorted(known)),
        )
    return frozenset(map(DataClass, found))
