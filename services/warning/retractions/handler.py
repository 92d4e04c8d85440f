"""Handles retractions: withdraws, corrects and closes the cases that rest on wrong entries.

For each open case of the entry, in steps that a second run finds done:

1. Messages not sent yet are withdrawn, in the send ledger and in the queues of cities.
2. One commit records that, queues a correction for a person who was warned, where the settings
   want one, and closes the case as a false alarm. Its outcome then flows back to source and entry.

A case that rests on other warnings, too, stays open and loses those of the entry.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from fanzha.errors import VersionConflict
from infra.redis.consumer_group import StreamEntry
from services.audit.events import Audit, AuditKind
from services.warning.cases import ids
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind, MessageRef
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore
from services.warning.dispatch import channel_stream
from services.warning.model import Tier, WarningRecord
from services.warning.outcomes.entry_outcomes import EntryOutcomeStore
from services.warning.retractions import notices
from services.warning.retractions.notices import RetractionNotice, RetractionStore
from services.warning.retractions.withdrawal import MessageWithdrawal

GROUP = "retractions"
_TRIES = 20
_REACHED = frozenset({EventKind.QUEUED.value, EventKind.SENT.value, EventKind.DELIVERED.value})
"""States of a message that was not withdrawn: it reached the person, or may have.

One that failed because it is in doubt may have, too.
"""

IsWrong = Callable[[WarningRecord], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionPolicy:
    """Who is sent a correction."""

    channels: Collection[str] = ("sms",)
    """Channels by which people are corrected, where they were warned by these."""
    least_tier: Tier = Tier.LOW


class CaseRetractor:
    """Takes wrong warnings out of cases."""

    def __init__(
        self,
        *,
        store: CaseStore,
        withdrawal: MessageWithdrawal,
        policy: CorrectionPolicy,
        now_ms: Callable[[], int],
        counted: Callable[[str, int], None] = lambda _what, _by: None,
    ) -> None:
        """Call *counted* with ``closed``, ``kept``, ``withdrawn`` and ``corrected``."""
        self._store = store
        self._withdrawal = withdrawal
        self._policy = policy
        self._now_ms = now_ms
        self._counted = counted

    async def retract(self, case_id: str, is_wrong: IsWrong, *, by: str, why: str) -> str:
        """Close a case that rests on wrong warnings alone; return what was done.

        ``closed``, ``kept`` (it loses some warnings), or nothing.
        """
        for _ in range(_TRIES):
            case, history = await self._store.get(case_id), await self._store.history(case_id)
            if not case.open or len(history) != case.revision:
                if not case.open:
                    return ""
                continue
            wrong, right = _sorted_out(history, is_wrong)
            if not wrong:
                return ""
            if right:
                events = [_kept(case, wrong, right, self._now_ms(), by=by, why=why)]
                withdrawn: list[MessageRef] = []
            else:
                withdrawn = await self._withdrawal.withdraw(
                    case, history, self._now_ms(), why=f"withdrawn: {why}"
                )
                events = self._closing(case, history, withdrawn, by=by, why=why)
            if await self._commit(case, events):
                what = "kept" if right else "closed"
                self._counted(what, 1)
                self._counted("withdrawn", len(withdrawn))
                queued = sum(event.kind is EventKind.QUEUED for event in events)
                self._counted("corrected", queued)
                return what
        raise VersionConflict("case {case_id}: others keep changing it", case_id=case_id)

    async def _commit(self, before: Case, events: Sequence[CaseEvent]) -> bool:
        """Append events unless others changed the case; return whether they were written."""
        is_as_before = False

        def decide(case: Case) -> Sequence[CaseEvent]:
            nonlocal is_as_before
            is_as_before = case.revision == before.revision
            return events if is_as_before else ()

        # The revision afterwards tells nothing: others may have written as many events.
        await self._store.change(before.id, decide)
        return is_as_before

    def _closing(
        self,
        case: Case,
        history: Sequence[CaseEvent],
        withdrawn: Sequence[MessageRef],
        *,
        by: str,
        why: str,
    ) -> list[CaseEvent]:
        now = self._now_ms()
        gone = {message.id for message in withdrawn}
        events = [
            CaseEvent(
                kind=EventKind.FAILED, at_ms=now, by=GROUP, why=f"withdrawn: {why}", message=message
            )
            for message in withdrawn
            if case.messages[message.id] != EventKind.FAILED.value
        ]
        reached = _reached(case, history, gone)
        if (case.tier or Tier.LOW) >= self._policy.least_tier:
            events += [
                CaseEvent(
                    kind=EventKind.QUEUED,
                    at_ms=now,
                    by=GROUP,
                    why="correction",
                    message=MessageRef(id=ids.correction_id(case.id, channel), channel=channel),
                )
                for channel in sorted(reached & set(self._policy.channels))
            ]
        closed = CaseEvent(
            kind=EventKind.CLOSED, at_ms=now, by=by, why=why, outcome=CaseOutcome.FALSE_ALARM
        )
        return [*events, closed]


class RetractionHandler:
    """Handler for the stream of notices. Idempotent."""

    def __init__(
        self,
        *,
        retractor: CaseRetractor,
        listing: CaseListing,
        retractions: RetractionStore,
        records: EntryOutcomeStore,
        audit: Audit,
        now_ms: Callable[[], int],
        max_age_hours: int,
    ) -> None:
        self._retractor = retractor
        self._listing = listing
        self._retractions = retractions
        self._records = records
        self._audit = audit
        self._now_ms = now_ms
        self._max_age_ms = max_age_hours * 3_600_000

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Retract the warnings of each notice."""
        for entry in entries:
            await self._retract(notices.read(entry.fields))

    async def _retract(self, notice: RetractionNotice) -> None:
        # Hits on their way are skipped from now on; older ones are too old to open a case.
        await self._retractions.remember(notice, now_ms=self._now_ms(), max_age_ms=self._max_age_ms)
        known = {"kind": notice.kind, "pattern": notice.pattern, "source": notice.source}
        await self._records.write(notice.entry_id, known)
        await self._retractions.count_against(notice)
        done = {"closed": 0, "kept": 0}
        async for case, _ in self._listing.walk(indexes=[("of_entry", notice.entry_id)]):
            what = await self._retractor.retract(
                case.id, lambda warning: _is_of(notice, warning), by=notice.by, why=notice.why
            )
            if what:
                done[what] += 1
        await self._audit.record(
            AuditKind.WARNINGS_RETRACTED,
            subject=f"entry:{notice.entry_id}",
            details={"why": notice.why} | {name: str(count) for name, count in done.items()},
            actor=notice.by,
        )


def _is_of(notice: RetractionNotice, warning: WarningRecord) -> bool:
    """Say whether a warning is of the entry, and of the subject where the notice names one."""
    if warning.entry_id != notice.entry_id or warning.occurred_at_ms > notice.at_ms:
        return False
    return not notice.subject or notices.is_reached_by(notice.subject, warning.means)


def _sorted_out(
    history: Sequence[CaseEvent], is_wrong: IsWrong
) -> tuple[list[WarningRecord], list[WarningRecord]]:
    """Return the wrong warnings of a case, and the others; those taken out before are neither."""
    out = {reference for event in history for reference in event.withdrawn}
    warnings = [event.warning for event in history if event.warning is not None]
    held = [one for one in warnings if one.reference not in out]
    wrong = [one for one in held if is_wrong(one)]
    return wrong, [one for one in held if one not in wrong]


def _reached(case: Case, history: Sequence[CaseEvent], gone: Collection[str]) -> set[str]:
    """Return the channels by which messages other than *gone* reached the person, or may have."""
    in_doubt = {
        event.message.id
        for event in history
        if event.kind is EventKind.FAILED
        and event.message is not None
        and channel_stream.is_in_doubt(event.why)
    }
    return {
        event.message.channel
        for event in history
        if event.message is not None
        and event.message.id not in gone
        and (case.messages.get(event.message.id) in _REACHED or event.message.id in in_doubt)
    }


def _kept(
    case: Case,
    wrong: Sequence[WarningRecord],
    right: Sequence[WarningRecord],
    now_ms: int,
    *,
    by: str,
    why: str,
) -> CaseEvent:
    entries = {one.entry_id for one in wrong} - {one.entry_id for one in right}
    return CaseEvent(
        kind=EventKind.NOTED,
        at_ms=now_ms,
        by=by,
        why=f"{len(wrong)} warnings no longer count: {why}",
        withdrawn=tuple(one.reference for one in wrong),
        withdrawn_entries=tuple(sorted(entries & set(case.entries))),
    )
