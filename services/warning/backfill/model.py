"""Backfills that wait for a person: what landed on the lists, and whom it had reached."""

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
    """Where it stands."""

    WAITING = "waiting"
    """For a person, or to be counted."""
    STARTED = "started"
    DROPPED = "dropped"
    """Somebody decided against it."""
    WITHDRAWN = "withdrawn"
    """None of its entries blocks any more, or nobody started it for long."""
    NOBODY = "nobody"
    """It had reached nobody."""
    LEFT = "left"
    """More entries landed at once than are looked after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveEntry:
    """An entry that took effect."""

    entry_id: str
    kind: int
    """Of the list entry, a `EntryKind`."""
    pattern: str
    fraud_type: FraudType
    campaign: str
    expires_s: int

    @classmethod
    def of(cls, entry: Entry) -> "EffectiveEntry":
        """Take from a list entry what a backfill needs."""
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
        """As what it is looked for."""
        return _SUBJECTS[EntryKind(self.kind)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientCount:
    """Whom the entries had reached, when somebody looked."""

    at_ms: int
    persons: int
    lower_bound: bool
    """Whether the log has only some of what was let through."""
    left_out: int
    """Persons beyond the most that one backfill takes, about."""
    torn: int
    """Segments of the log that could not be read."""
    covers_from_ms: int
    """From when on the log has anything; 0: it has nothing."""
    by_exposure: Mapping[str, int]
    by_tier: Mapping[str, int]
    """Of those judged: the tier that a new case would have."""
    judged: int
    """Persons judged; of very many only some."""
    uncounted: int = 0
    """Entries that could not be looked for."""
    why: str = ""
    """Why the first of these could not."""

    @property
    def complete(self) -> bool:
        """Tell whether everything was looked at that there is to look at."""
        return not (self.uncounted or self.torn or self.left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingBackfill:
    """What one change of the lists put before a person."""

    id: str
    """Made from the commit: the same change is the same backfill. Kept once it is started."""
    list_version: int
    change_id: int = 0
    """The change request; 0: none is known."""
    by: str
    """Who asked for the change."""
    approved_by: str = ""
    landed_at_ms: int
    days: int
    """How many days before it landed are looked at."""
    landed: int
    """Entries that landed."""
    entries: Sequence[EffectiveEntry]
    """Those that still block; none where there were too many."""
    state: PendingState = PendingState.WAITING
    count: RecipientCount | None = None
    """None: not counted since the entries last changed."""
    ended_at_ms: int = 0
    ended_by: str = ""
    why: str = ""
    """Of one that was dropped or withdrawn: why."""
    rows: Mapping[str, int] = field(default_factory=dict)
    """All rows of the change, by what they are: see `landed.Became`."""
    revision: int = 0
    """Counts the steps; set by the store."""

    @property
    def open(self) -> bool:
        """Tell whether it waits."""
        return self.state is PendingState.WAITING

    @property
    def subject(self) -> tuple[str, str]:
        """What the backfill is about: kind and pattern of the only entry, or the change."""
        if len(self.entries) == 1:
            return self.entries[0].subject.value, self.entries[0].pattern
        return CHANGE, f"change:{self.change_id}" if self.change_id else f"v{self.list_version}"

    def with_entries(
        self, entries: Sequence[EffectiveEntry], *, why: str, now_ms: int
    ) -> "PendingBackfill":
        """Return it with fewer entries, or as they are now: counted anew, or withdrawn."""
        if not entries:
            return self.ended(PendingState.WITHDRAWN, now_ms=now_ms, why=why)
        fewer = len(entries) < len(self.entries)
        return replace(self, entries=tuple(entries), count=None if fewer else self.count)

    def ended(
        self, state: PendingState, *, now_ms: int, by: str = "", why: str = ""
    ) -> "PendingBackfill":
        """Return it ended."""
        return replace(self, state=state, ended_at_ms=now_ms, ended_by=by, why=why)


CHANGE = "change"
"""Kind of a backfill that is about several entries of one change."""
