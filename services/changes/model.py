"""What a change request is, as it is kept: who, why, where it stands and what was done with it.

Rows are kept apart, as packed columns; a record names them. Records are immutable: each step
makes a new one, and the store takes it only over the one it was made from.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import IntEnum
from typing import Any

from blocklists.entries import Source
from blocklists.entry_table import EntryTable, Identities


class ChangeKind(IntEnum):
    """What a request is for; numbered as on the wire."""

    NORMAL = 1
    EMERGENCY = 2
    REVERT = 3
    IMPORT = 4
    APPEAL = 5
    RETIREMENT = 6


class ChangeState(IntEnum):
    """Where a request stands; numbered as on the wire."""

    DRAFT = 1
    PENDING = 2
    APPROVED = 3
    APPLIED = 4
    REJECTED = 5
    REVERTED = 6


OPEN = frozenset({ChangeState.PENDING, ChangeState.APPROVED})
"""States in which the entries of a request are locked."""

NEXT: Mapping[ChangeState, frozenset[ChangeState]] = {
    ChangeState.DRAFT: frozenset(
        {ChangeState.DRAFT, ChangeState.PENDING, ChangeState.APPROVED, ChangeState.REJECTED}
    ),
    ChangeState.PENDING: frozenset({ChangeState.APPROVED, ChangeState.REJECTED}),
    ChangeState.APPROVED: frozenset(
        {ChangeState.APPROVED, ChangeState.APPLIED, ChangeState.REJECTED}
    ),
    ChangeState.APPLIED: frozenset({ChangeState.APPLIED, ChangeState.REVERTED}),
    ChangeState.REJECTED: frozenset(),
    ChangeState.REVERTED: frozenset(),
}
"""Which states may follow which; staying in one is a step that only changes the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEvent:
    """What somebody did with a request."""

    at_ms: int
    who: str
    what: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedRows:
    """Where packed rows are, and what they were when they were put there."""

    rows: int = 0
    inline: bool = False
    """Whether they are a field of the request's own hash."""
    chunks: tuple[str, ...] = ()
    sha256: str = ""
    kept: bool = True
    """False once retention has dropped them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """What is special about an emergency."""

    why: str
    ends_s: int
    """When its entries end unless it is confirmed."""
    confirmed_by: str = ""
    confirmation: int = 0
    """The request that gave its entries the end they were meant to have."""
    expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondPerson:
    """Whether a second person has to approve, and why or why not."""

    needed: bool
    rule: str
    """The setting that held."""
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """A row that is no part of the request, and why."""

    row: int
    outcome: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """A change request."""

    id: int
    kind: ChangeKind
    state: ChangeState
    revision: int = 0
    """Counts the steps; set by the store."""
    nonce: str
    """With the id it names the commit, so that the same id in another store is another commit."""
    author: str
    reason: str
    legal_basis: str = ""
    source: int = 0
    campaign: str = ""
    expires_s: int = 0
    base_version: int
    created_ms: int
    additions: PackedRows = PackedRows()
    removals: PackedRows = PackedRows()
    before: PackedRows = PackedRows()
    """Entries as they were before it was applied: what it replaced and removed."""
    problems: tuple[RowProblem, ...] = ()
    """The first rows that were refused or could not be read."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """All such rows, by the name of their outcome."""
    preview: Mapping[str, Any] | None = None
    """Of its submission, as `services.changes.preview` wrote it."""
    second_person: SecondPerson | None = None
    approved_by: str = ""
    one_person: bool = False
    applied_by: str = ""
    applied_ms: int = 0
    applied_version: int = 0
    applying_after: int | None = None
    """Set while its commit may be under way: it can only have made a later version."""
    emergency: Emergency | None = None
    reverts: int = 0
    reverted_by: int = 0
    confirms: int = 0
    restores_version: int | None = None
    left_alone: int = 0
    left_alone_examples: tuple[str, ...] = ()
    events: tuple[ChangeEvent, ...] = ()

    @property
    def subject(self) -> str:
        """Return what audit records and commits call it."""
        return f"change:{self.id}"

    @property
    def commit(self) -> str:
        """Return the name of its commit in the change stream."""
        return f"change:{self.id}:{self.nonce}"

    @property
    def unconfirmed(self) -> bool:
        """Tell whether it is an emergency that acts and that nobody confirmed."""
        urgent = self.emergency
        return (
            self.state == ChangeState.APPLIED
            and urgent is not None
            and not urgent.confirmed_by
            and not urgent.expired
        )

    @property
    def steps_end(self) -> int:
        """Return the last millisecond at which something was done with it."""
        return self.events[-1].at_ms if self.events else self.created_ms

    def noting(self, event: ChangeEvent, **changes: Any) -> "ChangeRequest":
        """Return the record after a step."""
        return replace(self, events=(*self.events, event), **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody wants to change, and why."""

    author: str
    """As said; who that is on record, `services.auth.identity` decides."""
    reason: str
    additions: EntryTable
    removals: Identities
    kind: ChangeKind = ChangeKind.NORMAL
    legal_basis: str = ""
    source: Source | None = None
    campaign: str = ""
    expires_s: int = 0
    expected_version: int | None = None
    """The version of the lists the author has seen."""
    problems: tuple[RowProblem, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    reverts: int = 0
    confirms: int = 0
    restores_version: int | None = None
    left_alone: int = 0
    left_alone_examples: tuple[str, ...] = ()


def to_json(record: ChangeRequest) -> str:
    """Write a record as JSON."""
    return json.dumps(asdict(record), ensure_ascii=False)


def from_json(text: str | bytes, *, state: int, revision: int) -> ChangeRequest:
    """Read what `to_json` wrote; state and revision are what the store says they are."""
    fields = json.loads(text)
    for name in ("additions", "removals", "before"):
        fields[name] = PackedRows(**fields[name] | {"chunks": tuple(fields[name]["chunks"])})
    second, urgent = fields["second_person"], fields["emergency"]
    fields["second_person"] = (
        SecondPerson(**second | {"reasons": tuple(second["reasons"])}) if second else None
    )
    fields["emergency"] = Emergency(**urgent) if urgent else None
    fields["problems"] = tuple(RowProblem(**one) for one in fields["problems"])
    fields["events"] = tuple(ChangeEvent(**one) for one in fields["events"])
    fields["left_alone_examples"] = tuple(fields["left_alone_examples"])
    fields |= {
        "kind": ChangeKind(fields["kind"]),
        "state": ChangeState(state),
        "revision": revision,
    }
    return ChangeRequest(**fields)
