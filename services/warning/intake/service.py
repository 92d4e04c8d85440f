"""Ingests warnings in batches: each opens a case, joins one, or is refused.

Ingesting is idempotent. A source that did not receive the answer, or a stream entry that was not
acknowledged, brings a warning again; its dedup marker was written by the same script as its case,
so the repeat is reported as a duplicate and changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from fanzha.errors import Unavailable
from infra.redis.client import Client, within
from services.warning import keys
from services.warning.cases import ids, opening
from services.warning.cases.model import Case
from services.warning.cases.opening import Router
from services.warning.cases.store import READ_SECONDS, CaseCommit, CaseStore, marker
from services.warning.model import OWN_HITS, WarningRecord

_REFERENCE_S = 180 * 86_400
"""How long the use of a source's reference is remembered."""
_TRIES = 10


class IntakeStatus(StrEnum):
    """What became of a warning."""

    ACCEPTED = "accepted"
    """Opened a case."""
    JOINED = "joined"
    """Joined an existing case."""
    DUPLICATE = "duplicate"
    """Was ingested before."""
    REFUSED = "refused"
    """Is invalid, for the reason in `IntakeResult.reason`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeResult:
    """The result of one warning."""

    status: IntakeStatus
    case_id: str = ""
    reason: str = ""
    """Why it was refused or only counted; names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlannedCommit:
    """A commit, and the results of its rows if it succeeds."""

    commit: CaseCommit
    results: Mapping[int, IntakeResult]


class WarningIntake:
    """Turns warnings into cases. Raises `Unavailable` while Redis is away; then retry the batch."""

    def __init__(
        self, *, client: Client, store: CaseStore, router: Router, now_ms: Callable[[], int]
    ) -> None:
        self._client = client
        self._store = store
        self._router = router
        self._now_ms = now_ms

    async def ingest(self, warnings: Sequence[WarningRecord]) -> list[IntakeResult]:
        """Ingest a batch; result i is that of warning i.

        Warnings with the same person and campaign are ingested in order, others in any order.
        """
        results: list[IntakeResult | None] = [None] * len(warnings)
        for row in await self._conflicting_references(warnings):
            results[row] = IntakeResult(
                status=IntakeStatus.REFUSED,
                reason="reference: was used before, for another person, campaign or time",
            )
        bases = [ids.base_of(one.victim, ids.campaign_of(one)) for one in warnings]
        for _ in range(_TRIES):
            pending: dict[str, list[int]] = {}
            for row, result in enumerate(results):
                if result is None:
                    pending.setdefault(bases[row], []).append(row)
            if not pending:
                break
            await self._commit_pending(warnings, pending, results)
        done = [result for result in results if result is not None]
        if len(done) < len(results):
            raise Unavailable("the store: too many concurrent changes of the same cases")
        return done

    async def _commit_pending(
        self,
        warnings: Sequence[WarningRecord],
        pending: Mapping[str, list[int]],
        results: list[IntakeResult | None],
    ) -> None:
        """Commit the pending rows of each base; on a conflict they stay pending."""
        markers = {
            base: [marker(warnings[row].source_name, warnings[row].reference) for row in rows]
            for base, rows in pending.items()
        }
        lookups = await self._store.lookup(markers)
        now = self._now_ms()
        planned: list[_PlannedCommit] = []
        for base, rows in pending.items():
            case = lookups[base].case
            new_rows = dict[str, int]()
            for row, mark, known in zip(rows, markers[base], lookups[base].seen, strict=True):
                if known or mark in new_rows:
                    results[row] = IntakeResult(
                        status=IntakeStatus.DUPLICATE, case_id=case.id if case else base
                    )
                else:
                    new_rows[mark] = row
            accepted = _within_capacity(case, new_rows, results)
            if accepted:
                planned.append(self._plan(case, accepted, warnings, now))
        committed = await self._store.commit([one.commit for one in planned])
        for one, done in zip(planned, committed, strict=True):
            if done:
                for row, result in one.results.items():
                    results[row] = result

    def _plan(
        self,
        case: Case | None,
        new_rows: Mapping[str, int],
        warnings: Sequence[WarningRecord],
        now_ms: int,
    ) -> _PlannedCommit:
        """Derive the commit of *new_rows*, by dedup marker."""
        rows = list(new_rows.values())
        update = opening.apply_warnings(case, [warnings[row] for row in rows], self._router, now_ms)
        results = _results_of(case, update.case, rows)
        return _PlannedCommit(
            commit=CaseCommit(
                before=None if case is None or case.id != update.case.id else case,
                after=update.case,
                events=update.events,
                seen=list(new_rows),
                counts=_counts(warnings, results),
            ),
            results=results,
        )

    async def _conflicting_references(self, warnings: Sequence[WarningRecord]) -> list[int]:
        """Claim the references of *warnings*; return the rows whose reference means another one.

        Own hits are skipped: a decision id is never reused.
        """
        rows = [row for row, one in enumerate(warnings) if one.source_name != OWN_HITS]
        if not rows:
            return []
        digests = [_digest(warnings[row]) for row in rows]
        async with within(READ_SECONDS):
            claiming: Any = self._client.pipeline(transaction=False)
            for row, digest in zip(rows, digests, strict=True):
                one = warnings[row]
                key = keys.reference_key(one.source_name, one.reference)
                claiming.set(key, digest, nx=True, ex=_REFERENCE_S)
                claiming.get(key)
            answers = await claiming.execute()
        return [
            row
            for row, digest, claimed in zip(rows, digests, answers[1::2], strict=True)
            if claimed != digest
        ]


def _within_capacity(
    case: Case | None, new_rows: Mapping[str, int], results: list[IntakeResult | None]
) -> dict[str, int]:
    """Return the rows that the case has room for; the others are only counted."""
    capacity = max(0, opening.MOST_JOINED - (case.hits if case else 0))
    rows = list(new_rows.items())
    for _, row in rows[capacity:]:
        results[row] = IntakeResult(
            status=IntakeStatus.JOINED,
            case_id=case.id if case else "",
            reason=f"counted only: the case has {opening.MOST_JOINED} warnings",
        )
    return dict(rows[:capacity])


def _digest(warning: WarningRecord) -> str:
    """Return a digest of person, campaign and time, without the time of intake."""
    content = f"{warning.victim}\0{ids.campaign_of(warning)}\0{warning.occurred_at_ms}"
    return blake2b(content.encode(), digest_size=8).hexdigest()


def _results_of(before: Case | None, after: Case, rows: Sequence[int]) -> dict[int, IntakeResult]:
    opened = before is None or before.id != after.id
    return {
        row: IntakeResult(
            status=IntakeStatus.ACCEPTED if opened and index == 0 else IntakeStatus.JOINED,
            case_id=after.id,
        )
        for index, row in enumerate(rows)
    }


def _counts(
    warnings: Sequence[WarningRecord], results: Mapping[int, IntakeResult]
) -> dict[tuple[str, str], int]:
    """Count results and delays by source; they are written in the commit of the case."""
    counts: dict[tuple[str, str], int] = {}
    for row, result in results.items():
        one = warnings[row]
        delay = delay_bucket(one.received_at_ms - one.occurred_at_ms)
        for field in (result.status.value, delay):
            counts[one.source_name, field] = counts.get((one.source_name, field), 0) + 1
    return counts


DELAYS_S = (1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 86_400)
"""Upper bounds of the histogram of delays from event to intake, in seconds."""


def delay_bucket(delay_ms: int) -> str:
    """Return the field that counts a delay: ``delay_<bound in s>`` or ``delay_more``."""
    bound = next((bound for bound in DELAYS_S if delay_ms <= bound * 1000), None)
    return f"delay_{bound or 'more'}"
