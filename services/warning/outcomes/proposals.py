"""Makes change requests because of how cases ended. None is applied: a person decides on each.

It works in the process of list administration, which alone writes the audit log: so a proposal is
made like any other change, by an identity that may propose and nothing else, and what cannot be
made now waits in a stream.
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
"""Who proposes. It is never taken for a person in development, so that the rules for a second
person hold there too."""
LAW = "《中华人民共和国反电信网络诈骗法》第三十二条"
"""What blocking the means of a confirmed loss stands on."""
LISTED_BECAUSE = "money was lost through it: a case of the warning pipeline"
"""What an entry says of itself; the case itself is named in the request only."""
_DAY_S = 86_400


class ProposalService(Protocol):
    """The lists and their change requests, as far as outcomes go."""

    async def find(self, pattern: str) -> MatchingEntries:
        """Find the entries that match a pattern; `InvalidInput` where it is none."""
        ...

    def is_popular(self, host: str) -> bool:
        """Tell whether so many people visit a host that one loss says nothing of it."""
        ...

    async def waits(self, change_id: int) -> bool:
        """Tell whether a request is still to be decided on."""
        ...

    async def remove(self, entry: Entry, reason: str) -> int:
        """Propose to remove an entry; return the request, 0 when it is gone.

        `VersionConflict` while another request holds the entry.
        """
        ...

    async def block(
        self, wanted: ProposedEntry, *, fraud_type: FraudType, campaign: str, reason: str
    ) -> int:
        """Propose an entry; return the request, 0 when it is there.

        `InvalidInput` where the lists refuse it, `VersionConflict` as for `remove`.
        """
        ...


class ListProposals:
    """Those of list administration."""

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
        """Find the entries that match a pattern; `InvalidInput` where it is none."""
        await self._current.caught_up()  # lists that are not there yet would say that none does
        return await self._administration.views.find(pattern)

    def is_popular(self, host: str) -> bool:
        """Tell whether so many people visit a host that one loss says nothing of it."""
        rank = self._popular.rank(host)
        return rank is not None and rank <= self._popular_rank

    async def waits(self, change_id: int) -> bool:
        """Tell whether a request is still to be decided on."""
        return (await self._changes.views.get(change_id)).state in OPEN

    async def remove(self, entry: Entry, reason: str) -> int:
        """Propose to remove an entry; return the request, 0 when it is gone."""
        named = Reference(kind=int(entry.kind), pattern=entry.pattern, action=int(entry.action))
        done = await self._request(row_validation.NOTHING, [named], reason, ChangeKind.RETIREMENT)
        return done.requested.change_id if done.requested else 0

    async def block(
        self, wanted: ProposedEntry, *, fraud_type: FraudType, campaign: str, reason: str
    ) -> int:
        """Propose an entry; return the request, 0 when it is there."""
        row = ProposedRows(
            patterns=[wanted.pattern],
            kinds=[int(wanted.kind)],
            actions=[int(Action.BLOCK)],
            directions=[0],
            fraud_types=[int(fraud_type)],
            sources=[int(Source.BUREAU)],
            expires_s=[self._now_ms() // 1000 + self._entry_days * _DAY_S],
            reasons=[LISTED_BECAUSE],
            legal_bases=[LAW],
            campaigns=[campaign],
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
