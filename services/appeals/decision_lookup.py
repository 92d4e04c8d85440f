"""Where appeals look for decisions: the records of hits, and the decision log where there is one.

Decisions have the field names of hits, whichever of the two they come from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.appeals.model import AppealSubject, FoundIn
from services.decision.sinks.hit_store import HitStore

MOST_RECENT = 20


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


class NoLoggedDecisions:
    """Stands in where no decision log is configured."""

    async def find(self, decision_id: int) -> Mapping[str, str] | None:  # noqa: ARG002
        """Return None: there is no log."""
        return None

    async def recent(self, subject: AppealSubject, count: int) -> Recent:  # noqa: ARG002
        """Return no decisions: there is no log."""
        return Recent()


class DecisionLookup:
    """Finds decisions in the hit records, then in the log."""

    def __init__(self, hits: HitStore, log: LoggedDecisionSource) -> None:
        self._hits = hits
        self._log = log

    async def find(self, decision_id: int) -> tuple[FoundIn, Mapping[str, str]]:
        """Return where a decision is stored, and its fields; `FoundIn.APPELLANT` if nowhere."""
        record = await self._hits.find(decision_id)
        # A verdict on a decision that is gone leaves a record of the verdict only.
        if record is not None and record.get("channel"):
            return FoundIn.HITS, record
        logged = await self._log.find(decision_id)
        return (FoundIn.LOG, logged) if logged is not None else (FoundIn.APPELLANT, record or {})

    async def verdict(self, decision_id: int) -> str:
        """Return the verdict of a person on a decision, and its author; empty for none."""
        record = await self._hits.find(decision_id) or {}
        if "verdict" not in record:
            return ""
        return f"{record['verdict']} by {record.get('verdict_by', '')}"

    async def recent(self, subject: AppealSubject) -> Recent:
        """Return the latest decisions about a subject."""
        return await self._log.recent(subject, MOST_RECENT)
