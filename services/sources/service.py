"""What administrators see of sources, and ask of them.

A source of list entries is of the region that these are of; all others are the province's. People
with regions see those of the province, too, but not why a file of one is held or refused, or waits:
that names entries, also of other regions.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from blocklists import region_codes
from fanzha.errors import InvalidInput, NotFound
from fanzha.translation.message import Message
from infra import text_limits
from infra.text_limits import CharacterSet, TextLimit
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity, region_scope, roles
from services.sources.metrics import SourceAge
from services.sources.model import (
    DataSource,
    PullOutcome,
    PullRecord,
    PullRequest,
    SourceState,
)
from services.sources.store import KEPT_PULLS, SourceStore

_REASON = TextLimit(max_characters=500, characters=CharacterSet.PRINTABLE)
_WITHOUT_ENTRIES = frozenset({PullOutcome.UNCHANGED, PullOutcome.WAITING, PullOutcome.FAILED})
"""Outcomes whose reasons name no entry."""
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source, and how it stands."""

    definition: DataSource
    state: SourceState
    age: SourceAge
    asked: bool
    """Whether somebody wants it pulled, and that is not over."""

    @property
    def is_late(self) -> bool:
        """Whether its last good pull is longer ago than it should be."""
        return self.age.lag_seconds > self.definition.expected_lag_seconds


class SourceControl:
    """Reads and asks; whatever pulls does the rest."""

    def __init__(
        self,
        sources: Mapping[str, DataSource],
        store: SourceStore,
        *,
        trail: AuditedActions,
        now_ms: Callable[[], int],
    ) -> None:
        self._sources = sources
        self._store = store
        self._trail = trail
        self._now_ms = now_ms

    async def all(self) -> Sequence[SourceView]:
        """Return all sources that are there for the caller, in the order of their file."""
        names = [name for name in self._sources if self._is_there(name)]
        states, asked = await self._store.states(names), await self._store.requests(names)
        now = self._now_ms()
        return [
            self._view(name, states.get(name, SourceState(since_ms=now)), asked=name in asked)
            for name in names
        ]

    async def pulls(self, name: str, count: int) -> Sequence[PullRecord]:
        """Return the latest pulls of a source, the newest first."""
        self._find(name)
        found = await self._store.pulls(name, min(count or KEPT_PULLS, KEPT_PULLS))
        return [self._told(name, one) for one in found]

    async def pull(
        self, name: str, *, by: str = "", accept_sha256: str = "", reason: str = ""
    ) -> SourceView:
        """Ask for a pull now; *accept_sha256* names a held file that may be delivered.

        Raises `NotAllowed` for a source whose lists, or whose region, the caller may not change.
        """
        found = self._find(name)
        roles.check_source(identity.current(), [found.source])
        roles.check_region(identity.current(), found.entries.region)
        now = self._now_ms()
        state = (await self._store.states([name])).get(name, SourceState(since_ms=now))
        if accept_sha256:
            text_limits.required("reason", reason, _REASON)
            if not _SHA256.fullmatch(accept_sha256) or accept_sha256 not in state.held:
                raise InvalidInput("accept_sha256: no file of {name} is held so", name=name)
        request = PullRequest(
            by=identity.author(by, "by"), at_ms=now, accept_sha256=accept_sha256, reason=reason
        )
        await self._trail.around(
            AuditKind.SOURCE_ASKED,
            name,
            request.by,
            {"accept": accept_sha256, "reason": reason} if accept_sha256 else {},
            self._store.ask(name, request),
        )
        return self._view(name, state, asked=True)

    def _view(self, name: str, state: SourceState, *, asked: bool) -> SourceView:
        last = self._told(name, state.last) if state.last else None
        return SourceView(
            definition=self._sources[name],
            state=replace(state, last=last),
            age=SourceAge.of(state, self._now_ms()),
            asked=asked,
        )

    def _told(self, name: str, record: PullRecord) -> PullRecord:
        region = region_codes.region_key(self._sources[name].entries.region)
        told = record.outcome in _WITHOUT_ENTRIES or not record.why
        if told or roles.may_access_region(identity.current(), region):
            return record
        return replace(record, why=Message("told to people of the whole province"))

    def _is_there(self, name: str) -> bool:
        region = region_codes.region_key(self._sources[name].entries.region)
        return region_scope.may_read(identity.current(), region)

    def _find(self, name: str) -> DataSource:
        found = self._sources.get(name)
        if found is None or not self._is_there(name):
            if not self._sources:
                raise NotFound("name: no source is known; set sources_file")
            raise NotFound("name: there is no source {name!r}", name=name[:50])
        return found
