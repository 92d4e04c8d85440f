"""The registry of trunk groups (`trunks_file`): what enters by each, and what it may show.

A switch reports the trunk group, or an SMS centre the route, by which traffic came. Of that the
registry knows more than the switch: that a trunk carries international traffic, that a bank's own
line may show the bank's code, that a route is for messages between subscribers. Names that are not
registered change nothing.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fanzha.errors import InvalidConfiguration
from fanzha.service_codes import CodeSet
from fanzha.tables import Bools, Ingress, Int64s, Uint8s
from fanzha.toml_files import read_words
from services.decision.origin.verdict_table import TrunkTrust

MAX_NAME_CHARACTERS = 64
_KEYS = {"name", "ingress", "shows", "person_to_person", "roamers", "note"}
_INGRESS = {one.name.lower(): one for one in Ingress if one}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkGroup:
    """One trunk group of a switch, or route of an SMS centre."""

    name: str
    ingress: Ingress = Ingress.UNSPECIFIED
    """What enters by it; the stricter of this and what the switch reports holds."""
    shows: CodeSet = field(default_factory=lambda: CodeSet(()))
    """Protected codes that may originate here."""
    person_to_person: bool = False
    """Whether it carries texts between subscribers only, no codes and no names."""
    roamers: bool = False
    """Whether the gateway checks that domestic numbers from abroad are roaming subscribers."""


class TrunkGroups:
    """Registered trunk groups by name."""

    def __init__(self, groups: Sequence[TrunkGroup] = ()) -> None:
        self._by_name = {group.name: group for group in groups}

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[TrunkGroup]:
        return iter(self._by_name.values())

    def of(self, names: Sequence[str]) -> Mapping[int, TrunkGroup]:
        """Return the registered trunk groups by row."""
        if not self._by_name:
            return {}
        known = self._by_name
        return {row: known[name] for row, name in enumerate(names) if name in known}

    def find(self, name: str) -> TrunkGroup | None:
        """Return the trunk group of this name; None where it is not registered."""
        return self._by_name.get(name)

    def registered(self, name: str) -> bool:
        """Return whether a trunk group of this name is registered."""
        return name in self._by_name


def stricter_ingress(ingress: Uint8s, groups: Mapping[int, TrunkGroup]) -> Uint8s:
    """Return the stricter of what was reported and what the trunk groups say; uint8 per row."""
    if not groups:
        return ingress
    found = ingress.copy()
    for row, group in groups.items():
        found[row] = max(found[row], group.ingress)
    return found


def trust(keys: Int64s, groups: Mapping[int, TrunkGroup]) -> Uint8s:
    """Return the `TrunkTrust` in the code of each row of *keys*, uint8 per row."""
    found = np.zeros(len(keys), np.uint8)
    # By object: trunk groups of two carriers may have one name.
    rows_by_group = defaultdict[int, list[int]](list)
    for row, group in groups.items():
        rows_by_group[id(group)].append(row)
    for rows in rows_by_group.values():
        shows = groups[rows[0]].shows.holds(keys[rows])
        found[rows] = np.where(shows, TrunkTrust.LISTED, TrunkTrust.OTHER)
    return found


def flagged(rows: int, groups: Mapping[int, TrunkGroup], flag: str) -> Bools:
    """Return a mask of which of *rows* came by a trunk group with a *flag*."""
    found = np.zeros(rows, np.bool_)
    for row, group in groups.items():
        found[row] = getattr(group, flag)
    return found


def read_trunks(data: bytes) -> TrunkGroups:
    """Read the registry: a TOML file of ``[[trunk]]`` tables; `ValueError` names the wrong one."""
    try:
        document = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfiguration("not TOML: {error}", error=error) from error
    if set(document) - {"trunk"} or not isinstance(document.get("trunk", []), list):
        raise InvalidConfiguration("holds [[trunk]] tables, and nothing else")
    return read_groups(document.get("trunk", []))


def read_groups(tables: object) -> TrunkGroups:
    """Read the ``[[trunk]]`` tables of a document; `ValueError` names the wrong one."""
    if not isinstance(tables, list):
        raise InvalidConfiguration("trunk: must be [[trunk]] tables")
    groups = [_group(one, f"trunk {n}") for n, one in enumerate(tables, 1)]
    names = [group.name for group in groups]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidConfiguration(
            "registered more than once: {repeated}", repeated=", ".join(repeated)
        )
    return TrunkGroups(groups)


def _group(table: Any, where: str) -> TrunkGroup:
    if not isinstance(table, dict):
        raise InvalidConfiguration("{where}: not a table", where=where)
    if unknown := sorted(set(table) - _KEYS):
        raise InvalidConfiguration(
            "{where}: not known: {unknown}; {keys}",
            where=where,
            unknown=", ".join(unknown),
            keys=", ".join(sorted(_KEYS)),
        )
    name = table.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_CHARACTERS:
        raise InvalidConfiguration(
            "{where}: name: 1 to {max_name_characters} characters",
            where=where,
            max_name_characters=MAX_NAME_CHARACTERS,
        )
    where = f"{where} ({name})"
    ingress = table.get("ingress", "")
    if ingress and ingress not in _INGRESS:
        raise InvalidConfiguration(
            "{where}: ingress: one of {ingress}", where=where, ingress=", ".join(_INGRESS)
        )
    try:
        shows = CodeSet(read_words(table["shows"], "shows") if "shows" in table else ())
    except ValueError as error:
        raise InvalidConfiguration("{where}: {error}", where=where, error=error) from error
    return TrunkGroup(
        name=name,
        ingress=_INGRESS.get(ingress, Ingress.UNSPECIFIED),
        shows=shows,
        person_to_person=_flag(table, "person_to_person", where),
        roamers=_flag(table, "roamers", where),
    )


def _flag(table: Mapping[str, Any], name: str, where: str) -> bool:
    value = table.get(name, False)
    if not isinstance(value, bool):
        raise InvalidConfiguration("{where}: {name}: true or false", where=where, name=name)
    return value
