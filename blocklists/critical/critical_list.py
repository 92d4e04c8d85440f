"""Names and numbers that many depend on: banks, public services, carriers, the sites of everybody.

Nothing forbids to block one, unlike what `blocklists.protected` guards; but one person cannot do
so in passing. The list is shipped as ``critical.csv``; an operator's file of the same form adds
rows, overrides them, or removes them:

* ``pattern``: a host, which stands for all hosts below it, or a number;
* ``category``: what it is, such as ``bank``; ``remove`` takes a shipped row out, with the pattern
  ``*`` all of them;
* ``owner``, ``source``, ``checked``: whose it is, how that is known, and the day it was checked;
* ``below``: ``users`` where hosts below the name belong to its users, who may be fraudsters.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from importlib import resources
from io import StringIO
from typing import Self

from blocklists.patterns import canonical_name
from fanzha.errors import InvalidConfiguration
from fanzha.hosts import registrable
from fanzha.phone import UNREADABLE, HomePlan, number_text

COLUMNS = ("pattern", "category", "owner", "source", "checked", "below")
MOST_ITEMS = 10_000
_LONGEST_TEXT = 200
_REMOVE, _ALL = "remove", "*"
_USERS = "users"
_DOORS = ("www", "m", "wap")
"""Hosts below a name that are the site itself, whoever has the others."""
_PLAN = HomePlan()


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalItem:
    """A critical name or number."""

    pattern: str
    category: str
    owner: str
    source: str
    checked: str
    """A day, such as ``2026-11-27``."""
    users_below: bool = False
    key: int = UNREADABLE
    """The number; `UNREADABLE` for a name."""
    own: bool = False
    """Whether the operator's file has it."""

    @property
    def risk(self) -> str:
        """How a risk of hitting it is written, and confirmed."""
        return f"{self.pattern} ({self.category})"


@dataclass(frozen=True)
class CriticalList:
    """All critical names and numbers, by pattern."""

    items: Mapping[str, CriticalItem]

    @classmethod
    def of(cls, items: Iterable[CriticalItem]) -> Self:
        """Return the list of *items*; the last of equal patterns counts."""
        return cls({item.pattern: item for item in items})

    @cached_property
    def numbers(self) -> Sequence[CriticalItem]:
        """The numbers."""
        return [item for item in self.items.values() if item.key != UNREADABLE]

    def names_hit(self, host: str) -> list[CriticalItem]:
        """Return the names that a block of a canonical host would hit, whole or in part."""
        return [*self._above.get(host, ()), *self._covering(host)]

    def suspects(self, hosts: Sequence[bytes]) -> list[int]:
        """Return the places of the canonical hosts that may hit a name, for very many hosts."""
        tails = self._tails
        return [at for at, host in enumerate(hosts) if _tail(host) in tails]

    def _covering(self, host: str) -> list[CriticalItem]:
        """Return the name that *host* is, or lies below and belongs to."""
        name = host
        while name:
            item = self.items.get(name)
            if item is not None and item.key == UNREADABLE:
                return [item] if _is_theirs(host, item) else []
            name = name.partition(".")[2]
        return []

    @cached_property
    def _above(self) -> Mapping[str, tuple[CriticalItem, ...]]:
        """The names below each host that is above one."""
        found: dict[str, list[CriticalItem]] = {}
        for item in self.items.values():
            host = item.pattern.partition(".")[2] if item.key == UNREADABLE else ""
            while host:
                found.setdefault(host, []).append(item)
                host = host.partition(".")[2]
        return {host: tuple(items) for host, items in found.items()}

    @cached_property
    def _tails(self) -> frozenset[bytes]:
        names = [item.pattern.encode() for item in self.items.values() if item.key == UNREADABLE]
        return frozenset([*map(_tail, names), *(name.rpartition(b".")[2] for name in names)])


@lru_cache(1)
def shipped() -> CriticalList:
    """Return the list that comes with this release."""
    text = resources.files("blocklists.critical").joinpath("critical.csv").read_text("utf-8")
    return CriticalList.of(_read(text))


def with_own(content: bytes) -> CriticalList:
    """Return the shipped list with the rows of an operator's file; `ValueError` for a bad row."""
    items = dict(shipped().items)
    for item in _read(content.decode("utf-8-sig")):
        if item.category != _REMOVE:
            items[item.pattern] = replace(item, own=True)
        elif item.pattern == _ALL:
            items = {name: one for name, one in items.items() if one.own}
        else:
            items.pop(item.pattern, None)
    if len(items) > MOST_ITEMS:
        raise InvalidConfiguration(
            "critical_names_file: at most {most_items:,} rows, not {items:,}",
            most_items=MOST_ITEMS,
            items=len(items),
        )
    return CriticalList(items)


def _is_theirs(host: str, item: CriticalItem) -> bool:
    """Return whether *host*, at or below a name, belongs to whoever has the name."""
    below = host.removesuffix(item.pattern).rstrip(".")
    if below in ("", *_DOORS):
        return True
    # Below a public suffix in between, such as a storage service, hosts belong to its users.
    return not item.users_below and not registrable(host).endswith(f".{item.pattern}")


def _read(text: str) -> list[CriticalItem]:
    lines = csv.reader(StringIO(text))
    if tuple(next(lines, ())) != COLUMNS:
        raise InvalidConfiguration("the first line must be {columns}", columns=",".join(COLUMNS))
    return [
        _item(row, lines.line_num) for row in lines if row and not row[0].lstrip().startswith("#")
    ]


def _item(row: Sequence[str], line: int) -> CriticalItem:
    if len(row) != len(COLUMNS) or any(len(cell) > _LONGEST_TEXT for cell in row):
        raise InvalidConfiguration(
            "line {line}: {columns} columns of at most {longest_text} characters",
            line=line,
            columns=len(COLUMNS),
            longest_text=_LONGEST_TEXT,
        )
    written, category, owner, source, checked, below = (cell.strip() for cell in row)
    if not category or below not in ("", _USERS):
        raise InvalidConfiguration(
            "line {line}: category is required, below is empty or {users}", line=line, users=_USERS
        )
    pattern, key = _pattern(written)
    if not pattern and not (written == _ALL and category == _REMOVE):
        raise InvalidConfiguration(
            "line {line}: neither a host nor a number: {written!r}",
            line=line,
            written=written[:100],
        )
    if category != _REMOVE:
        _check_day(checked, line)
    return CriticalItem(
        pattern=pattern or written,
        category=category,
        owner=owner,
        source=source,
        checked=checked,
        users_below=below == _USERS,
        key=key,
    )


def _pattern(text: str) -> tuple[str, int]:
    """Return the canonical pattern, and the key if it is a number."""
    if text.startswith("+") or text.isdecimal():
        key = _PLAN.number_key(text)
        return number_text(key), key
    return canonical_name(text), UNREADABLE


def _check_day(text: str, line: int) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise InvalidConfiguration(
            "line {line}: checked is a day such as 2026-11-27: {text!r}", line=line, text=text
        ) from None


def _tail(host: bytes) -> bytes:
    """Return the last two labels of a host."""
    at = host.rfind(b".")
    return host[host.rfind(b".", 0, at) + 1 :] if at > 0 else host
