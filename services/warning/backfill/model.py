"""Records of backfills: running ones, and pending ones that await a decision.

A list change that starts to block confirmed fraud makes a pending backfill:

==============  ====================================================  ============================
state           meaning                                               leads to
==============  ====================================================  ============================
pending         awaits its count, then a decision                     all others but too_large
started         became a running `Backfill` with the same id          end
dropped         a person decided against it                           end
withdrawn       no entry blocks any more, or 30 days passed           end
no_recipients   the complete count found no one                       end
too_large       more effective entries than the limit; never counted  end
==============  ====================================================  ============================

A backfill is then *running*, until its plan is empty (*done*) or a person stops it (*stopped*).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from blocklists.entries import Entry, EntryKind
from fanzha.fraud import FraudType
from services.decision_log.recipient_subject import SubjectKind

_SUBJECTS = {
    EntryKind.NUMBER: SubjectKind.NUMBER,
    EntryKind.RANGE: SubjectKind.NUMBER,
    EntryKind.SENDER: SubjectKind.SENDER,
    EntryKind.HOST: SubjectKind.LINK,
    EntryKind.FINGERPRINT: SubjectKind.TEXT,
}


class PendingState(StrEnum):
    """States of a pending backfill."""

    PENDING = "pending"
    """Awaits its count, then a decision."""
    STARTED = "started"
    DROPPED = "dropped"
    """A person decided against it."""
    WITHDRAWN = "withdrawn"
    """None of its entries blocks any more, or it was not started in time."""
    NO_RECIPIENTS = "no_recipients"
    """The complete count found no one."""
    TOO_LARGE = "too_large"
    """More effective entries at once than the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveEntry:
    """The part of a list entry that a backfill needs."""

    entry_id: str
    kind: int
    """An `EntryKind`."""
    pattern: str
    fraud_type: FraudType
    campaign: str
    expires_s: int

    @classmethod
    def of(cls, entry: Entry) -> "EffectiveEntry":
        """Return the record of a list entry."""
        return cls(
            entry_id=entry.entry_id,
            kind=entry.kind,
            pattern=entry.pattern,
            fraud_type=entry.fraud_type,
            campaign=entry.campaign,
            expires_s=int(entry.expires_at.timestamp()),
        )

    @property
    def subject(self) -> SubjectKind:
        """What to search the decision log for."""
        return _SUBJECTS[EntryKind(self.kind)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientCount:
    """The recipients of a pending backfill, counted at one time."""

    at_ms: int
    persons: int
    lower_bound: bool
    """Whether the log is sampled, so there may be more persons."""
    left_out: int
    """Approximate number of persons beyond the limit of one backfill."""
    torn: int
    """Damaged segments of the log."""
    covers_from_ms: int
    """Start of the log; 0: it is empty."""
    by_exposure: Mapping[str, int]
    by_tier: Mapping[str, int]
    """Persons by the tier that a new case would get, of those assessed."""
    assessed: int
    """Persons assessed; a sample if there are very many."""
    uncounted: int = 0
    """Entries whose query failed."""
    why: str = ""
    """Error of the first of these."""

    @property
    def complete(self) -> bool:
        """Whether no entry, segment or person was left out."""
        return not (self.uncounted or self.torn or self.left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingBackfill:
    """A backfill that awaits a decision, for the effective entries of one list change."""

    id: str
    """Digest of the commit; a started backfill keeps it."""
    list_version: int
    change_id: int = 0
    """The change request; 0: unknown."""
    by: str
    """Author of the list change."""
    approved_by: str = ""
    effective_at_ms: int
    days: int
    """Days before it took effect that are searched."""
    effective_count: int
    """Number of effective entries."""
    entries: Sequence[EffectiveEntry]
    """Effective entries that still block; empty if there were too many."""
    state: PendingState = PendingState.PENDING
    count: RecipientCount | None = None
    """None: not counted since `entries` changed."""
    ended_at_ms: int = 0
    ended_by: str = ""
    why: str = ""
    """Reason why it was dropped, withdrawn or too large."""
    rows: Mapping[str, int] = field(default_factory=dict)
    """Rows of the change by `EntryEffect`."""
    revision: int = 0
    """Number of writes, for optimistic concurrency; set by the store."""

    @property
    def open(self) -> bool:
        """Whether it is pending."""
        return self.state is PendingState.PENDING

    @property
    def subject(self) -> tuple[str, str]:
        """Kind and pattern of the only entry; of several entries the change."""
        if len(self.entries) == 1:
            return self.entries[0].subject.value, self.entries[0].pattern
        return CHANGE, f"change:{self.change_id}" if self.change_id else f"v{self.list_version}"

    def with_entries(
        self, entries: Sequence[EffectiveEntry], *, why: str, now_ms: int
    ) -> "PendingBackfill":
        """Return it with *entries*: uncounted if there are fewer, withdrawn if there are none."""
        if not entries:
            return self.ended(PendingState.WITHDRAWN, now_ms=now_ms, why=why)
        fewer = len(entries) < len(self.entries)
        return replace(self, entries=tuple(entries), count=None if fewer else self.count)

    def ended(
        self, state: PendingState, *, now_ms: int, by: str = "", why: str = ""
    ) -> "PendingBackfill":
        """Return it in an end state."""
        return replace(self, state=state, ended_at_ms=now_ms, ended_by=by, why=why)


CHANGE = "change"
"""Kind of a backfill for several entries of one change."""


class BackfillState(StrEnum):
    """States of a started backfill."""

    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """A started backfill: its request, and its progress."""

    id: str
    kind: str
    pattern: str
    days: int
    rate: int
    """Persons a second."""
    total: int
    """Persons in its plan."""
    by: str
    started_at_ms: int
    state: BackfillState = BackfillState.RUNNING
    done: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    """Persons by result: accepted, joined, duplicate, refused."""
    stopped_by: str = ""
    ended_at_ms: int = 0
