"""What a file of a source becomes: the interface of entries, warnings and reports."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fanzha.errors import InvalidInput
from services.auth.identity import Identity, Role
from services.sources.model import DataSource


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """What a file would become."""

    rows: int
    """That can be read or not; comments and headers do not count."""
    refused: int
    """That cannot be read, or that no list or pipeline takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What a file became."""

    results: Mapping[str, int] = field(default_factory=Counter)
    """Rows by what became of them: few words, which are labels of metrics."""
    change_id: int = 0
    waits_because: str = ""
    """Why the change waits for a second person; empty: it does not."""


class Delivery(Protocol):
    """Takes the files of sources of one kind. Raises `Unavailable` while the store is down."""

    async def check(self, source: DataSource, file: Path) -> CheckedFile:
        """Read a file and change nothing; `InvalidInput` for one that is of another kind."""
        ...

    async def deliver(self, source: DataSource, file: Path) -> Delivered:
        """Take a file. Taken twice, it changes nothing more."""
        ...


def author(source: DataSource) -> Identity:
    """Return the identity that a source acts by: its own, which may only propose for its lists.

    A source of a region changes entries of that region only, whatever its files name. Also in
    development it is no person, so the rule of a second person holds there too.
    """
    return Identity(
        name=f"source:{source.name}",
        roles=frozenset({Role.EDITOR}),
        regions=frozenset({source.entries.region} if source.entries.region else ()),
        sources=frozenset({source.source}),
    )


def check_rows(rows: int, most: int) -> None:
    """Raise `InvalidInput` for a file of more rows than its source may have."""
    if rows > most:
        raise InvalidInput("file: more than {most:,} rows", most=most)
