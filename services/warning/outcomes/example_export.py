"""Export labelled examples: closed cases and verdicts from the store, the rest from the log."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from fanzha.errors import InvalidInput
from services.audit.events import Audit, AuditKind
from services.auth import identity, roles
from services.decision.sinks.hit_fields import HitField
from services.decision.sinks.hit_store import HitStore
from services.decision_log.query import DecisionQuery
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.cases.projections import JUDGED
from services.warning.outcomes import verdict_examples
from services.warning.outcomes.examples import (
    LabelledDecision,
    Row,
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

    def __init__(
        self, cases: CaseListing, hits: HitStore, log: DecisionQuery | None, *, audit: Audit
    ) -> None:
        """*log* is None where nothing is logged."""
        self._cases = cases
        self._hits = hits
        self._log = log if log is not None and log.exists else None
        self._audit = audit

    @property
    def has_log(self) -> bool:
        """Whether this host has a decision log."""
        return self._log is not None

    async def run(
        self, progress: ExportProgress, *, since_ms: int, model: str, unmasked: bool
    ) -> AsyncIterator[Sequence[LabelledDecision]]:
        """Yield the examples of cases closed and hits judged since then, some at a time."""
        if since_ms <= 0:
            raise InvalidInput("since_ms: required")
        if model not in MODELS:
            raise InvalidInput("model: text, link or empty, not {model!r}", model=model[:40])
        # Examples are of all regions.
        roles.check_region(identity.current(), "")
        details = {"since_ms": str(since_ms), "unmasked": "yes" if unmasked else "no"}
        await self._audit.record(AuditKind.EXAMPLES_EXPORTED, subject="examples", details=details)
        cases = self._cases.walk(indexes=[JUDGED], since=since_ms)
        async for some in _batches(case async for case, _ in cases):
            found = await asyncio.to_thread(self._examples, some, progress.counts, unmasked)
            yield _usable(found, model, progress.counts)
        async for judged in verdict_examples.verdicts(self._hits, since_ms):
            found = await asyncio.to_thread(self._of_verdicts, judged, progress.counts, unmasked)
            yield _usable(found, model, progress.counts)

    def _examples(
        self, some: Sequence[Case], counts: Counter[str], unmasked: bool
    ) -> list[LabelledDecision]:
        ids = {decision for case in some for decision in decisions_of(case)}
        # Clocks of switches differ; a day is more than any does.
        since_ms = max(0, min(case.occurred_at_ms for case in some) - _DAY_MS)
        logged, contents = self._logged(ids, since_ms)
        found: list[LabelledDecision] = []
        for case in some:
            count_case(case, counts)
            found += examples(case, logged, contents, full=unmasked)
        _count_missing(found, counts)
        return found

    def _of_verdicts(
        self, hits: Sequence[verdict_examples.Hit], counts: Counter[str], unmasked: bool
    ) -> list[LabelledDecision]:
        ids = {int(hit[HitField.DECISION_ID]) for hit in hits}
        since_ms = max(0, min(int(hit[HitField.OCCURRED_AT_MS]) for hit in hits) - _DAY_MS)
        logged, contents = self._logged(ids, since_ms)
        counts["verdicts"] += len(hits)
        found = list(verdict_examples.examples(hits, logged, contents, full=unmasked))
        _count_missing(found, counts)
        return found

    def _logged(self, ids: set[int], since_ms: int) -> tuple[Mapping[int, Row], Mapping[int, Row]]:
        """Return decisions and contents of the log, by id."""
        log = self._log
        if log is None:
            return {}, {}
        return log.several(ids, since_ms=since_ms), log.contents(ids, since_ms=since_ms)


def _usable(
    found: Sequence[LabelledDecision], model: str, counts: Counter[str]
) -> Sequence[LabelledDecision]:
    """Return what *model* can learn from, and count it and the rest."""
    fit = [one for one in found if usable_by(one, model)]
    counts["written"] += len(fit)
    counts["unfit"] += len(found) - len(fit)
    return fit


def _count_missing(found: Sequence[LabelledDecision], counts: Counter[str]) -> None:
    counts["gone"] += sum(one.retained == "gone" for one in found)
    counts["no_text"] += sum(one.channel == "text" and one.retained != "text" for one in found)


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
