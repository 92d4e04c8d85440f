"""Facts about the parts of an incident, and what a department sees of them.

A fact is one cell: a text, and what it tells about somebody. A department sees it whole, masked or
not at all, as the table of departments says; what tells nothing about anybody, everyone sees.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fanzha.phone import masked
from services.incidents.departments import DataClass, Department
from services.incidents.model import PartKind


@dataclass(frozen=True, slots=True)
class Fact:
    """One cell of what is known."""

    text: str
    tells: DataClass | None = None
    """None: nothing about anybody, such as a time or a kind of fraud."""


FactRow = Mapping[str, Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFacts:
    """What a department sees of some rows."""

    rows: Sequence[Mapping[str, str]]
    masked: int
    """Cells that are masked."""
    left_out: int
    """Cells that are not shown."""


class PartSource(Protocol):
    """Where parts of one kind are known."""

    @property
    def kind(self) -> PartKind:
        """The kind of parts."""
        ...

    def canonical(self, reference: str) -> str:
        """Return a reference as it is stored; `InvalidInput` for what is none."""
        ...

    async def rows(self, reference: str) -> Sequence[FactRow]:
        """Return what is known of one; `NotFound` when there is none."""
        ...


def shown_to(department: Department, rows: Sequence[FactRow]) -> ShownFacts:
    """Return *rows* as *department* may see them."""
    hidden = left_out = 0
    shown: list[dict[str, str]] = []
    for row in rows:
        cells: dict[str, str] = {}
        for name, fact in row.items():
            if not fact.text:
                continue
            if fact.tells is None or fact.tells in department.whole:
                cells[name] = fact.text
            elif fact.tells in department.masked:
                cells[name] = masked(fact.text)
                hidden += 1
            else:
                left_out += 1
        if cells:
            shown.append(cells)
    return ShownFacts(rows=shown, masked=hidden, left_out=left_out)
