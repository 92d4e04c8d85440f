"""Makes change requests because of outcomes of cases. A person decides on each.

Runs in the process of list administration, the only writer of the audit log. A proposal is an
ordinary change request, by an identity whose role allows proposals only; what cannot be proposed
now is retried from a stream.

An entry blocks for everybody, whatever its region; the region says who keeps it (ADR 44). It is
that of the case: they know the person and the loss, and the reason names the case.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from blocklists import row_validation
from blocklists.entries import Entry, Source
from blocklists.queries import MatchingEntries
from blocklists.row_validation import ProposedRows
from blocklists.store.changes import RowOutcome
from blocklists.store.current_lists import CurrentLists
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from services.auth import identity
from services.auth.identity import Identity, Role
from services.changes.model import OPEN, ChangeKind
from services.changes.popularity import PopularHosts
from services.changes.report import ChangeTerms, Reference, UpdateReport
from services.changes.service import ChangeService
from services.lists.service import ListService
from services.warning.outcomes.loss_means import ProposedEntry

PIPELINE = Identity(name="warning-pipeline", roles=frozenset({Role.EDITOR}))
"""Author of the proposals. Also in development it is no person, so the rule of a second person
holds there too."""
LAW = "《中华人民共和国反电信网络诈骗法》第三十二条"
"""Legal basis for blocking the means of a confirmed loss."""
LISTED_BECAUSE = "money was lost through it: a case of the warning pipeline"
"""Reason in the entry; only the change request names the case."""
_DAY_S = 86_400


class ProposalService(Protocol):
    """Lists and change requests, as outcomes need them."""

    async def find(self, pattern: str) -> MatchingEntries:
        """Return the entries that match a pattern. Raises `InvalidInput`."""
        ...

    def is_popular(self, host: str) -> bool:
        """Whether a host is too popular for one loss to be evidence against it."""
        ...

    async def is_open(self, change_id: int) -> bool:
        """Whether a change request is still open."""
        ...

    async def remove(self, entry: Entry, reason: str) -> int:
        """Propose a removal; return the change request, 0 if the entry is gone.

        Raises `VersionConflict` while another request locks the entry.
        """
        ...

    async def block(
        self,
        entry: ProposedEntry,
        *,
        fraud_type: FraudType,
        campaign: str,
        region: str,
        reason: str,
    ) -> int:
        """Propose an entry of a region, empty for the whole province.

        Returns the change request, 0 if the entry exists. Raises `InvalidInput` if the lists
        refuse it, `VersionConflict` as `remove`.
        """
        ...


class ListProposals:
    """Proposals through list administration."""

    def __init__(
        self,
        *,
        administration: ListService,
        changes: ChangeService,
        current: CurrentLists,
        popular: PopularHosts,
        popular_rank: int,
        entry_days: int,
        now_ms: Callable[[], int],
    ) -> None:
        self._administration = administration
        self._changes = changes
        self._current = current
        self._popular = popular
        self._popular_rank = popular_rank
        self._entry_days = entry_days
        self._now_ms = now_ms

    async def find(self, pattern: str) -> MatchingEntries:
        """Return the entries that match a pattern. Raises `InvalidInput`."""
        await self._current.caught_up()  # stale lists would not have the entry
        return await self._administration.views.find(pattern)

    def is_popular(self, host: str) -> bool:
        """Whether a host is too popular for one loss to be evidence against it."""
        rank = self._popular.rank(host)
        return rank is not None and rank <= self._popular_rank

    async def is_open(self, change_id: int) -> bool:
        """Whether a change request is still open."""
        return (await self._changes.views.get(change_id)).state in OPEN

    async def remove(self, entry: Entry, reason: str) -> int:
        """Propose a removal; return the change request, 0 if the entry is gone."""
        named = Reference(kind=int(entry.kind), pattern=entry.pattern, action=int(entry.action))
        done = await self._request(row_validation.NOTHING, [named], reason, ChangeKind.RETIREMENT)
        return done.requested.change_id if done.requested else 0

    async def block(
        self,
        entry: ProposedEntry,
        *,
        fraud_type: FraudType,
        campaign: str,
        region: str,
        reason: str,
    ) -> int:
        """Propose an entry; return the change request, 0 if the entry exists."""
        row = ProposedRows(
            patterns=[entry.pattern],
            kinds=[int(entry.kind)],
            actions=[int(Action.BLOCK)],
            directions=[0],
            fraud_types=[int(fraud_type)],
            sources=[int(Source.BUREAU)],
            expires_s=[self._now_ms() // 1000 + self._entry_days * _DAY_S],
            reasons=[LISTED_BECAUSE],
            legal_bases=[LAW],
            campaigns=[campaign],
            regions=[region],
            authors=[PIPELINE.name],
        )
        done = await self._request(row, [], reason, ChangeKind.NORMAL)
        for report in done.additions:
            if report.outcome in {RowOutcome.REFUSED, RowOutcome.INVALID}:
                raise InvalidInput(report.message)
        return done.requested.change_id if done.requested else 0

    async def _request(
        self, row: ProposedRows, removals: Sequence[Reference], reason: str, kind: ChangeKind
    ) -> UpdateReport:
        terms = ChangeTerms(author=PIPELINE.name, reason=reason)
        with identity.acting_as(PIPELINE):
            return await self._administration.update(row, removals, terms, kind, wait=True)
