"""Export labelled examples: closed cases from the store, decisions and texts from the log."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from fanzha.errors import InvalidInput
from services.audit.events import Audit, AuditKind
from services.auth import identity, roles
from services.decision_log.query import DecisionQuery
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.cases.projections import JUDGED
from services.warning.outcomes.examples import (
    LabelledDecision,
    count_case,
    decisions_of,
    examples,
    usable_by,
)

MODELS = ("", "text", "link")
_AT_ONCE = 2_000
"""Decisions the log is asked for at once."""
_DAY_MS = 86_400_000


@dataclass(slots=True)
class ExportProgress:
    """What an export has sent, and what it lacks; counted while it runs."""

    counts: Counter[str] = field(default_factory=Counter)


class ExampleExport:
    """Exports examples. Raises `Unavailable` while Redis is away."""

    def __init__(self, cases: CaseListing, log: DecisionQuery | None, *, audit: Audit) -> None:
        """*log* is None where nothing is logged."""
        self._cases = cases
        self._log = log if log is not None and log.exists else None
        self._audit = audit

    @property
    def has_log(self) -> bool:
        """Whether this host has a decision log."""
        return self._log is not None

    async def run(
        self, progress: ExportProgress, *, since_ms: int, model: str, unmasked: bool
    ) -> AsyncIterator[Sequence[LabelledDecision]]:
        """Yield the examples of cases closed since then, some cases at a time."""
        if since_ms <= 0:
            raise InvalidInput("since_ms: required")
        if model not in MODELS:
            raise InvalidInput("model: text, link or empty, not {model!r}", model=model[:40])
        # Examples are of all regions.
        roles.check_region(identity.current(), "")
        details = {"since_ms": str(since_ms), "unmasked": "yes" if unmasked else "no"}
        await self._audit.record(AuditKind.EXAMPLES_EXPORTED, subject="examples", details=details)
        cases = self._cases.walk(index=JUDGED, since=since_ms)
        async for some in _batches(case async for case, _ in cases):
            found = await asyncio.to_thread(self._examples, some, progress.counts, unmasked)
            fit = [one for one in found if usable_by(one, model)]
            progress.counts["written"] += len(fit)
            progress.counts["unfit"] += len(found) - len(fit)
            yield fit

    def _examples(
        self, some: Sequence[Case], counts: Counter[str], unmasked: bool
    ) -> list[LabelledDecision]:
        ids = {decision for case in some for decision in decisions_of(case)}
        # Clocks of switches differ; a day is more than any does.
        since_ms = max(0, min(case.occurred_at_ms for case in some) - _DAY_MS)
        log = self._log
        logged = log.several(ids, since_ms=since_ms) if log else {}
        contents = log.contents(ids, since_ms=since_ms) if log else {}
        found: list[LabelledDecision] = []
        for case in some:
            count_case(case, counts)
            found += examples(case, logged, contents, full=unmasked)
        counts["gone"] += sum(one.retained == "gone" for one in found)
        counts["no_text"] += sum(one.channel == "text" and one.retained != "text" for one in found)
        return found


async def _batches(cases: AsyncIterator[Case]) -> AsyncIterator[list[Case]]:
    """Gather cases until the log has enough to be asked for."""
    some: list[Case] = []
    decisions = 0
    async for case in cases:
        some.append(case)
        decisions += len(decisions_of(case))
        if decisions >= _AT_ONCE or len(some) >= _AT_ONCE:
            yield some
            some, decisions = [], 0
    if some:
        yield some
