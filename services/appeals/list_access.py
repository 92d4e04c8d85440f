"""The list operations that appeals need: find, change, and see which workers have a version."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from blocklists.entries import NO_END_S, Direction, Entry, Source
from blocklists.queries import MatchingEntries
from blocklists.row_validation import ProposedRows
from blocklists.store.changes import RowOutcome
from blocklists.store.store import Store
from blocklists.store.worker_reports import WorkerReport
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from services.appeals.lift_plan import LiftPlan
from services.appeals.model import AppealSubject
from services.changes.model import ChangeKind
from services.changes.report import ChangeTerms, Reference
from services.lists.hit_counter import EntryHitSummary
from services.lists.service import ListService

LAW = "《中华人民共和国反电信网络诈骗法》第三十二条"
"""Legal basis of an allow entry after an appeal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftOrder:
    """A change that lifts a block."""

    appeal_id: int
    subject: AppealSubject
    plan: LiftPlan
    allow_until_s: int
    """`NO_END_S` where the allow entry replaces one that never ends."""
    officer: str
    """The officer who decided the appeal, and so is the author of the change."""
    source: Source
    """Of the allow entry."""
    region: str = ""
    """Of the allow entry."""

    @property
    def reason(self) -> str:
        """The reason of the change, without personal data."""
        return f"appeal {self.appeal_id} upheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    """A committed change of the lists."""

    version: int
    change_id: str = ""


class ListAccess(Protocol):
    """The lists, as far as appeals go."""

    async def find(self, pattern: str) -> MatchingEntries:
        """Find all entries that match a number, sender, host, URL or fingerprint, whoever asks."""
        ...

    async def hits(self, entries: Sequence[Entry]) -> Mapping[str, EntryHitSummary] | None:
        """Return how often entries decided, by their ids; None where that is not known."""
        ...

    async def lift(self, order: LiftOrder) -> Lifted:
        """Remove and add what *order* plans, as one change; may be repeated."""
        ...

    async def workers(self) -> Sequence[WorkerReport]:
        """Return what the workers report."""
        ...


class AdministeredLists:
    """The lists of list administration."""

    def __init__(
        self, administration: ListService, store: Store, now_ms: Callable[[], int]
    ) -> None:
        self._administration = administration
        self._store = store
        self._now_ms = now_ms

    async def find(self, pattern: str) -> MatchingEntries:
        """Find all entries that match a number, sender, host, URL or fingerprint, whoever asks."""
        return await self._administration.views.find_for_service(pattern)

    async def hits(self, entries: Sequence[Entry]) -> Mapping[str, EntryHitSummary] | None:
        """Return how often entries decided, by their ids; None where that is not known."""
        return await self._administration.life.hits_of([entry.entry_id for entry in entries])

    async def lift(self, order: LiftOrder) -> Lifted:
        """Remove and add what *order* plans, as one change; may be repeated."""
        # Its first person handed the appeal in; the officer who decided that is the second, and
        # stands for the change.
        terms = ChangeTerms(author=order.officer, reason=order.reason)
        done = await self._administration.update(
            proposed(order),
            [reference(entry) for entry in order.plan.removals],
            terms,
            ChangeKind.APPEAL,
        )
        for report in done.additions:
            if report.outcome in {RowOutcome.REFUSED, RowOutcome.INVALID}:
                raise InvalidInput(report.message)
        requested = done.requested
        if requested is not None and requested.waits_because:
            raise InvalidInput(
                f"change {requested.change_id} waits for a second person: "
                + "; ".join(requested.waits_because)
            )
        name = f"change:{requested.change_id}" if requested else ""
        return Lifted(version=done.version, change_id=name)

    async def workers(self) -> Sequence[WorkerReport]:
        """Return what the workers report."""
        return await self._store.workers(self._now_ms())


def reference(entry: Entry) -> Reference:
    """Name an entry."""
    return Reference(kind=int(entry.kind), pattern=entry.pattern, action=int(entry.action))


def proposed(order: LiftOrder) -> ProposedRows:
    """Propose the allow entry that *order* plans, if any."""
    rows = 1 if order.plan.allow else 0
    no_end, replaced = order.allow_until_s == NO_END_S, order.plan.replaces
    review_at = replaced.review_at if replaced else None
    return ProposedRows(
        patterns=[order.subject.pattern] * rows,
        kinds=[int(order.subject.kind)] * rows,
        actions=[int(Action.ALLOW)] * rows,
        directions=[int(order.plan.allow or Direction.BOTH)] * rows,
        fraud_types=[0] * rows,
        sources=[int(order.source)] * rows,
        expires_s=[0 if no_end else order.allow_until_s] * rows,
        no_ends=[no_end] * rows,
        reviews_s=[int(review_at.timestamp()) if review_at else 0] * rows,
        reasons=[order.reason] * rows,
        legal_bases=[LAW] * rows,
        campaigns=[""] * rows,
        regions=[order.region] * rows,
        authors=[order.officer] * rows,
    )
