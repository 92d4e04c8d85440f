"""Takes warnings in, many at a time: each becomes part of a case, once, or is refused.

What a crash can do: a warning whose case was committed may come again, from a source that did not
hear the answer or from a stream of hits that was not acknowledged. Its marker lies with the case
and is written by the same script, so it is found to be a repeat and changes nothing.
"""

from collections.abc import Callable, Sequence
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
"""How long a source's reference is known to have been used."""
_TRIES = 10


class IntakeStatus(StrEnum):
    """What became of a warning."""

    ACCEPTED = "accepted"
    """It opened a case."""
    JOINED = "joined"
    """It joined a case that was there."""
    DUPLICATE = "duplicate"
    """It was taken in before."""
    REFUSED = "refused"
    """It cannot be taken in, for the reason that is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeResult:
    """What became of one warning."""

    what: IntakeStatus
    case_id: str = ""
    reason: str = ""
    """Why it was refused, or not kept; names the field."""


class WarningIntake:
    """Makes cases of warnings. Raises `Unavailable` while Redis is away; then repeat all."""

    def __init__(
        self, *, client: Client, store: CaseStore, router: Router, now_ms: Callable[[], int]
    ) -> None:
        self._client = client
        self._store = store
        self._router = router
        self._now_ms = now_ms

    async def take(self, warned: Sequence[WarningRecord]) -> list[IntakeResult]:
        """Take all in, in any order but of one person and campaign; row i answers row i."""
        results: list[IntakeResult | None] = [None] * len(warned)
        for row in await self._used_otherwise(warned):
            results[row] = IntakeResult(
                what=IntakeStatus.REFUSED,
                reason="reference: was used before, for another person, campaign or time",
            )
        bases = [ids.base_of(one.victim, ids.campaign_of(one)) for one in warned]
        for _ in range(_TRIES):
            left: dict[str, list[int]] = {}
            for row, result in enumerate(results):
                if result is None:
                    left.setdefault(bases[row], []).append(row)
            if not left:
                break
            await self._try(warned, left, results)
        done = [result for result in results if result is not None]
        if len(done) < len(results):
            raise Unavailable("the store: others keep changing the same cases")
        return done

    async def _try(
        self,
        warned: Sequence[WarningRecord],
        left: dict[str, list[int]],
        results: list[IntakeResult | None],
    ) -> None:
        """Commit what is left; where somebody else was faster, leave it for another try."""
        markers = {
            base: [marker(warned[row].source_name, warned[row].reference) for row in rows]
            for base, rows in left.items()
        }
        known = await self._store.known(markers)
        now = self._now_ms()
        commits: list[CaseCommit] = []
        answers: list[dict[int, IntakeResult]] = []
        for base, rows in left.items():
            case, seen = known[base].case, set[str]()
            fresh: list[int] = []
            for row, mark, before in zip(rows, markers[base], known[base].seen, strict=True):
                if before or mark in seen:
                    results[row] = IntakeResult(
                        what=IntakeStatus.DUPLICATE, case_id=case.id if case else base
                    )
                else:
                    seen.add(mark)
                    fresh.append(row)
            fresh = self._with_room(case, fresh, results)
            if not fresh:
                continue
            marks = [marker(warned[row].source_name, warned[row].reference) for row in fresh]
            grown = opening.apply_warnings(case, [warned[row] for row in fresh], self._router, now)
            answer = _answers(case, grown.case, fresh)
            answers.append(answer)
            commits.append(
                CaseCommit(
                    before=None if case is None or case.id != grown.case.id else case,
                    after=grown.case,
                    events=grown.events,
                    seen=marks,
                    counts=_counts(warned, answer),
                )
            )
        for answer, done in zip(answers, await self._store.commit(commits), strict=True):
            if done:
                for row, result in answer.items():
                    results[row] = result

    @staticmethod
    def _with_room(
        case: Case | None, rows: list[int], results: list[IntakeResult | None]
    ) -> list[int]:
        room = max(0, opening.MOST_JOINED - (case.hits if case else 0))
        for row in rows[room:]:
            results[row] = IntakeResult(
                what=IntakeStatus.JOINED,
                case_id=case.id if case else "",
                reason=f"counted only: the case has {opening.MOST_JOINED} warnings",
            )
        return rows[:room]

    async def _used_otherwise(self, warned: Sequence[WarningRecord]) -> list[int]:
        """Note what references are used for; return the rows whose reference was another's.

        Our own hits need no note: the id of a decision is never used twice.
        """
        rows = [row for row, one in enumerate(warned) if one.source_name != OWN_HITS]
        if not rows:
            return []
        contents = [_content(warned[row]) for row in rows]
        async with within(READ_SECONDS):
            claiming: Any = self._client.pipeline(transaction=False)
            for row, content in zip(rows, contents, strict=True):
                one = warned[row]
                where = keys.reference_key(one.source_name, one.reference)
                claiming.set(where, content, nx=True, ex=_REFERENCE_S)
                claiming.get(where)
            answers = await claiming.execute()
        found = answers[1::2]
        return [
            row
            for row, content, known in zip(rows, contents, found, strict=True)
            if known != content
        ]


def _content(warned: WarningRecord) -> str:
    """Stand for what a warning says; when it came in is no part of that."""
    said = f"{warned.victim}\0{ids.campaign_of(warned)}\0{warned.occurred_at_ms}"
    return blake2b(said.encode(), digest_size=8).hexdigest()


def _answers(before: Case | None, after: Case, rows: Sequence[int]) -> dict[int, IntakeResult]:
    opened = before is None or before.id != after.id
    return {
        row: IntakeResult(
            what=IntakeStatus.ACCEPTED if opened and place == 0 else IntakeStatus.JOINED,
            case_id=after.id,
        )
        for place, row in enumerate(rows)
    }


def _counts(
    warned: Sequence[WarningRecord], answer: dict[int, IntakeResult]
) -> dict[tuple[str, str], int]:
    """Count, with the case itself, what its sources sent and how late it came."""
    counts: dict[tuple[str, str], int] = {}
    for row, result in answer.items():
        one = warned[row]
        for what in (result.what.value, delay_bucket(one.received_at_ms - one.occurred_at_ms)):
            counts[one.source_name, what] = counts.get((one.source_name, what), 0) + 1
    return counts


DELAYS_S = (1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 86_400)
"""Upper bounds of the histogram of times from event to us."""


def delay_bucket(delay_ms: int) -> str:
    """Name the bucket of a delay."""
    bound = next((bound for bound in DELAYS_S if delay_ms <= bound * 1000), None)
    return f"delay_{bound or 'more'}"
