"""Where appeals look for decisions: the records of hits, and the decision log where there is one.

Decisions have the field names of hits, whichever of the two they come from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from blocklists.entries import EntryKind
from fanzha.phone import HomePlan
from services.appeals import subjects
from services.appeals.model import AppealSubject, FoundIn
from services.decision.sinks.hit_store import HitStore

MOST_RECENT = 20
NEAR_MS = (60_000, 1_800_000)
"""How far from the time that an appellant names the block may be, the likely distance first."""
MOST_NEAR = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """The latest decisions about a subject."""

    known: bool = False
    """Whether a decision log is configured."""
    decisions: Sequence[Mapping[str, str]] = ()
    total: int = 0
    """Decisions in the period searched; an estimate where the log holds a sample."""


class LoggedDecisionSource(Protocol):
    """A log of decisions. Raises `Unavailable` while it cannot be read."""

    async def find(self, decision_id: int) -> Mapping[str, str] | None:
        """Return a decision, None when the log does not hold it."""
        ...

    async def recent(self, subject: AppealSubject, count: int) -> Recent:
        """Return the latest decisions about a subject."""
        ...

    async def blocks(
        self, subject: AppealSubject, *, since_ms: int, until_ms: int, count: int
    ) -> Sequence[Mapping[str, str]]:
        """Return blocks about a subject in a period, the latest *count* of them."""
        ...


class NoLoggedDecisions:
    """Stands in where no decision log is configured."""

    async def find(self, decision_id: int) -> Mapping[str, str] | None:  # noqa: ARG002
        """Return None: there is no log."""
        return None

    async def recent(self, subject: AppealSubject, count: int) -> Recent:  # noqa: ARG002
        """Return no decisions: there is no log."""
        return Recent()

    async def blocks(
        self,
        subject: AppealSubject,  # noqa: ARG002
        *,
        since_ms: int,  # noqa: ARG002
        until_ms: int,  # noqa: ARG002
        count: int,  # noqa: ARG002
    ) -> Sequence[Mapping[str, str]]:
        """Return nothing: there is no log."""
        return ()


class DecisionLookup:
    """Finds decisions in the hit records, then in the log."""

    def __init__(self, hits: HitStore, log: LoggedDecisionSource, home: HomePlan) -> None:
        self._hits = hits
        self._log = log
        self._home = home

    async def find(self, decision_id: int) -> tuple[FoundIn, Mapping[str, str]]:
        """Return where a decision is stored, and its fields; `FoundIn.APPELLANT` if nowhere."""
        record = await self._hits.find(decision_id)
        # A verdict on a decision that is gone leaves a record of the verdict only.
        if record is not None and record.get("channel"):
            return FoundIn.HITS, record
        logged = await self._log.find(decision_id)
        return (FoundIn.LOG, logged) if logged is not None else (FoundIn.APPELLANT, record or {})

    async def block_near(self, subject: AppealSubject, at_ms: int) -> Mapping[str, str] | None:
        """Return the block of *subject* in the log next to a time; None for none within `NEAR_MS`.

        Appellants name the time to the minute at best.
        """
        for near_ms in NEAR_MS:
            found = await self._log.blocks(
                subject, since_ms=at_ms - near_ms, until_ms=at_ms + near_ms + 1, count=MOST_NEAR
            )
            # A call that was blocked for its caller is no block of the number it went to, nor a
            # text that was blocked for its sender one of the links in it.
            of_subject = [one for one in found if self._is_about(one, subject)]
            if of_subject:
                return min(of_subject, key=lambda one: abs(int(one["occurred_at_ms"]) - at_ms))
        return None

    def _is_about(self, decision: Mapping[str, str], subject: AppealSubject) -> bool:
        blocked = subjects.of_decision(decision, self._home)
        if blocked is None:
            return False
        below = subject.kind == EntryKind.HOST and blocked.pattern.endswith(f".{subject.pattern}")
        return below or blocked.pattern == subject.pattern

    async def verdict(self, decision_id: int) -> str:
        """Return the verdict of a person on a decision, and its author; empty for none."""
        record = await self._hits.find(decision_id) or {}
        if "verdict" not in record:
            return ""
        return f"{record['verdict']} by {record.get('verdict_by', '')}"

    async def recent(self, subject: AppealSubject) -> Recent:
        """Return the latest decisions about a subject."""
        return await self._log.recent(subject, MOST_RECENT)
