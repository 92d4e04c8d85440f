"""Remembers pulls: audited first, then in the store, while the lease lasts."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from fanzha.translation.message import Message
from services.audit.events import Audit, AuditKind
from services.sources.delivery import author
from services.sources.fetched_file import FetchedFile
from services.sources.model import (
    Connector,
    DataSource,
    PullOutcome,
    PullRecord,
    PullRequest,
    SourceState,
)
from services.sources.store import SourceStore

logger = logging.getLogger(__name__)

MOST_HELD = 100
_FIRST_RETRY_S = 30.0
_GOOD = frozenset({PullOutcome.DELIVERED, PullOutcome.UNCHANGED})
_FINAL = frozenset({PullOutcome.DELIVERED, PullOutcome.HELD, PullOutcome.REFUSED})


class LeaseLost(Exception):
    """Another process pulls the source now."""


@dataclass(slots=True)
class RunningPull:
    """A pull while it runs."""

    source: DataSource
    owner: str
    state: SourceState
    folder: Path
    request: PullRequest | None = None

    @property
    def by(self) -> str:
        """Who asked for it; empty: the schedule."""
        return self.request.by if self.request else ""

    def accepts(self, sha256: str) -> bool:
        """Whether somebody accepted a file of this content."""
        return self.request is not None and self.request.accept_sha256 == sha256


class PullLog:
    """Records of pulls."""

    def __init__(
        self,
        store: SourceStore,
        audit: Audit,
        *,
        now_ms: Callable[[], int],
        counted: Callable[[str, PullRecord], None] = lambda _source, _record: None,
    ) -> None:
        self._store = store
        self._audit = audit
        self._now_ms = now_ms
        self._counted = counted

    def record(
        self,
        running: RunningPull,
        outcome: PullOutcome,
        fetched: FetchedFile | None = None,
        *,
        why: str = "",
        rows: int = 0,
    ) -> PullRecord:
        """Return a record of what became of a file, or of an attempt."""
        return PullRecord(
            at_ms=self._now_ms(),
            outcome=outcome,
            why=why,
            file=fetched.name if fetched else "",
            sha256=fetched.sha256 if fetched else "",
            size=fetched.size if fetched else 0,
            rows=rows,
            by=running.by,
        )

    async def failed(self, running: RunningPull, why: Message) -> None:
        """Remember that a source could not be pulled, and try again soon."""
        record = self.record(running, PullOutcome.FAILED, why=why)
        await self.note(running, record)
        logger.warning("source %s: %s", running.source.name, why)

    async def note(self, running: RunningPull, record: PullRecord, *, mark: str = "") -> None:
        """Audit a pull, then remember it."""
        state, source = running.state, running.source
        if record.outcome in _FINAL:
            await self._record_audit(running, record)
        failures = state.failures + 1 if record.outcome is PullOutcome.FAILED else 0
        after = replace(
            state,
            tried_ms=record.at_ms,
            due_ms=self._next(running, failures),
            failures=failures,
            good_ms=record.at_ms if record.outcome in _GOOD else state.good_ms,
            held=_held(source, state, record),
            last=record,
        )
        if record.outcome is PullOutcome.DELIVERED:
            after = replace(
                after,
                good_rows=record.rows,
                good_sha256=record.sha256,
                delivered_ms=record.at_ms,
                changed_ms=state.changed_ms if record.sha256 == state.good_sha256 else record.at_ms,
                change_id=record.change_id or state.change_id,
            )
        self._counted(source.name, record)
        waits_still = state.last is not None and (state.last.outcome, state.last.why) == (
            PullOutcome.WAITING,
            record.why,
        )
        shown = None if waits_still or record.outcome is PullOutcome.UNCHANGED else record
        await self._settle(running, after, shown, mark)

    async def _record_audit(self, running: RunningPull, record: PullRecord) -> None:
        details = {
            "outcome": record.outcome.value,
            "sha256": record.sha256,
            "bytes": str(record.size),
            "rows": str(record.rows),
            "results": ", ".join(f"{what} {rows}" for what, rows in record.results.items()),
        }
        if record.change_id:
            details["change"] = str(record.change_id)
        if record.why:
            details["why"] = record.why
        accepted = running.request is not None and running.accepts(record.sha256)
        if running.request is not None and accepted and record.outcome is PullOutcome.DELIVERED:
            details["accepted_because"] = running.request.reason
        of_source = author(running.source)
        await self._audit.record(
            AuditKind.SOURCE_PULLED,
            subject=of_source.name,
            details=details,
            actor=running.by or of_source.name,
        )

    async def idle(self, running: RunningPull) -> None:
        """Remember that a source was reached and had nothing new, without calling that good."""
        state = replace(
            running.state, tried_ms=self._now_ms(), failures=0, due_ms=self._next(running, 0)
        )
        await self._settle(running, state)

    async def _settle(
        self,
        running: RunningPull,
        state: SourceState,
        record: PullRecord | None = None,
        mark: str = "",
    ) -> None:
        done = await self._store.settle(
            running.source.name, running.owner, state, record=record, mark=mark
        )
        if not done:
            raise LeaseLost
        running.state = state

    def _next(self, running: RunningPull, failures: int) -> int:
        """Return when the source is due again: later after each failure, up to its schedule."""
        every = running.source.every_seconds
        wait = min(_FIRST_RETRY_S * 2 ** min(failures - 1, 20), every) if failures else every
        return self._now_ms() + int(wait * 1000)


def _held(source: DataSource, state: SourceState, record: PullRecord) -> tuple[str, ...]:
    """Return what is held after a pull; of a feed, only its newest contents can be."""
    if record.outcome not in _FINAL:
        return state.held
    feed = source.connector is Connector.HTTPS
    others = tuple(one for one in state.held if one != record.sha256 and not feed)
    return (*others, record.sha256)[-MOST_HELD:] if record.outcome is PullOutcome.HELD else others
