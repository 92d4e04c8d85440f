"""Records of change requests.

Rows are stored separately, as packed columns that a record refers to. Records are immutable:
each step creates a new one, and the store accepts it only over the revision it was based on.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from blocklists.entries import Source
from blocklists.entry_table import EntryTable, Identities
from fanzha.translation.message import as_json, of_json
from services.carrier_policy.comparison import PolicyDifference, affected_carriers
from services.changes.policy import impact as policy_impacts
from services.changes.policy.impact import PolicyImpact


class ChangeKind(IntEnum):
    """The purpose of a request; numbered as in the proto."""

    NORMAL = 1
    EMERGENCY = 2
    REVERT = 3
    IMPORT = 4
    APPEAL = 5
    RETIREMENT = 6
    POLICY = 7
    """Changes the carrier policy, not the lists."""


class ChangeState(IntEnum):
    """The state of a request; numbered as in the proto."""

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
    ChangeState.PENDING: frozenset(
        {ChangeState.DRAFT, ChangeState.PENDING, ChangeState.APPROVED, ChangeState.REJECTED}
    ),
    ChangeState.APPROVED: frozenset(
        {ChangeState.APPROVED, ChangeState.APPLIED, ChangeState.REJECTED}
    ),
    ChangeState.APPLIED: frozenset({ChangeState.APPLIED, ChangeState.REVERTED}),
    ChangeState.REJECTED: frozenset(),
    ChangeState.REVERTED: frozenset(),
}
"""Allowed transitions; staying in a state only changes the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEvent:
    """One step of a request."""

    at_ms: int
    who: str
    what: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedRows:
    """Reference to packed rows, with their number and checksum."""

    rows: int = 0
    inline: bool = False
    """Whether they are stored as a field of the request's own hash."""
    chunks: tuple[str, ...] = ()
    sha256: str = ""
    retained: bool = True
    """False once retention has deleted them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """Reason, expiry and confirmation of an emergency."""

    why: str
    ends_s: int
    """Unix seconds at which its entries expire unless confirmed."""
    confirmed_by: str = ""
    confirmation: int = 0
    """Id of the request that confirmed it."""
    expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondPerson:
    """Whether a second person has to approve, and the reasons for either."""

    needed: bool
    rule: str
    """The setting ``second_person`` in force."""
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """A row left out of the request, and why."""

    row: int
    outcome: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedPolicy:
    """What a request of kind POLICY changes; its document is stored apart, like rows."""

    sha256: str
    """Of the document, in hexadecimal."""
    differences: tuple[PolicyDifference, ...]
    """The settings in effect that differ from the policy of its base version."""
    impact: PolicyImpact | None = None
    """What it would have decided by the decision log; None where no setting differs."""

    @property
    def risks(self) -> tuple[str, ...]:
        """What its author confirms where no second person reviews it: a line for each carrier."""
        return tuple(affected_carriers(self.differences))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """A change request."""

    id: int
    kind: ChangeKind
    state: ChangeState
    revision: int = 0
    """Number of steps; set by the store."""
    nonce: str
    """Part of the commit name, so that equal ids in two stores are different commits."""
    author: str
    reason: str
    legal_basis: str = ""
    source: int = 0
    campaign: str = ""
    expires_s: int = 0
    base_version: int
    """Version of the lists, or for kind POLICY of the carrier policy; so is `applied_version`."""
    created_ms: int
    additions: PackedRows = PackedRows()
    removals: PackedRows = PackedRows()
    before: PackedRows = PackedRows()
    """The entries it replaced and removed, as they were before."""
    problems: tuple[RowProblem, ...] = ()
    """The first rows that were refused or invalid."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Number of such rows by the name of their outcome."""
    preview: Mapping[str, Any] | None = None
    """Of its submission, as `services.changes.preview` wrote it."""
    second_person: SecondPerson | None = None
    approved_by: str = ""
    one_person: bool = False
    confirmed_risks: tuple[str, ...] = ()
    """What it hits that many depend on, as its author confirmed before it applied."""
    applied_by: str = ""
    applied_ms: int = 0
    applied_version: int = 0
    applying_after: int | None = None
    """Set while its commit may be in flight; it can only have created a later version."""
    emergency: Emergency | None = None
    reverts: int = 0
    reverted_by: int = 0
    confirms: int = 0
    restores_version: int | None = None
    left_alone: int = 0
    left_alone_examples: tuple[str, ...] = ()
    policy: ProposedPolicy | None = None
    """None unless the kind is POLICY."""
    false_positive: bool = False
    """Whether the blocks it removes were wrong, so that their warnings are retracted."""
    applying_ms: int = 0
    """When its commit was begun the last time."""
    regions: tuple[str, ...] = ()
    """Of the entries that it adds, replaces and removes, an empty one for the whole province; none:
    it is about the whole province alone, as those of earlier releases are."""
    events: tuple[ChangeEvent, ...] = ()

    @property
    def subject(self) -> str:
        """Return its name in audit records and commits."""
        return f"change:{self.id}"

    @property
    def commit(self) -> str:
        """Return the name of its commit in the change stream."""
        return f"change:{self.id}:{self.nonce}"

    @property
    def unreviewed_risks(self) -> tuple[str, ...]:
        """What it hits by the word of one person, whom no second person has reviewed."""
        reviewed = self.approved_by or (self.emergency and self.emergency.confirmed_by)
        return () if reviewed else self.confirmed_risks

    @property
    def unconfirmed(self) -> bool:
        """Whether it is an emergency in force that is not confirmed."""
        urgent = self.emergency
        return (
            self.state == ChangeState.APPLIED
            and urgent is not None
            and not urgent.confirmed_by
            and not urgent.expired
        )

    @property
    def last_step_ms(self) -> int:
        """Time of its last step, in milliseconds."""
        return self.events[-1].at_ms if self.events else self.created_ms

    def with_event(self, event: ChangeEvent, **changes: Any) -> "ChangeRequest":
        """Return the record after a step."""
        return replace(self, events=(*self.events, event), **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A proposed change, not stored yet."""

    author: str
    """As given by the caller; the recorded name is `services.auth.identity.author`'s."""
    reason: str
    additions: EntryTable
    removals: Identities
    kind: ChangeKind = ChangeKind.NORMAL
    legal_basis: str = ""
    source: Source | None = None
    campaign: str = ""
    expires_s: int = 0
    expected_version: int | None = None
    """The version of the lists the author saw; None to accept any."""
    problems: tuple[RowProblem, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    reverts: int = 0
    confirms: int = 0
    restores_version: int | None = None
    left_alone: int = 0
    left_alone_examples: tuple[str, ...] = ()
    false_positive: bool = False
    """Whether the blocks it removes were wrong, so that their warnings are retracted."""
    confirmed_risks: tuple[str, ...] = ()
    """The risks that its author confirms; see `services.changes.second_person.confirm_risks`."""
    may_replace: bool = True
    """Whether its author knows that it replaces entries of other contents."""
    edits: int = 0
    """How many of the last additions are edits, which are known to replace what they edit."""


def to_json(record: ChangeRequest) -> str:
    """Serialize a record."""
    fields = as_json(record)
    if not record.regions:
        del fields["regions"]  # which earlier releases do not know
    return json.dumps(fields, ensure_ascii=False)


def from_json(text: str | bytes, *, state: int, revision: int) -> ChangeRequest:
    """Read what `to_json` wrote; *state* and *revision* come from the store."""
    stored = of_json(json.loads(text))
    fields = {name: stored[name] for name in stored.keys() & _FIELDS}  # newer releases have more
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
    fields["policy"] = _policy(fields.get("policy"))
    # Records of releases before the guard on critical names have none.
    fields["confirmed_risks"] = tuple(fields.get("confirmed_risks", ()))
    fields["regions"] = tuple(fields.get("regions", ()))
    fields |= {
        "kind": ChangeKind(fields["kind"]),
        "state": ChangeState(state),
        "revision": revision,
    }
    return ChangeRequest(**fields)


_FIELDS = frozenset(one.name for one in dataclasses.fields(ChangeRequest))


def _policy(fields: Mapping[str, Any] | None) -> ProposedPolicy | None:
    if fields is None:
        return None
    impact = fields["impact"]
    return ProposedPolicy(
        sha256=fields["sha256"],
        differences=tuple(PolicyDifference(**one) for one in fields["differences"]),
        impact=policy_impacts.read(impact) if impact else None,
    )
