"""The lists, as sources use them: whatever they bring is a change request."""

from blocklists.queries import MatchingEntries
from blocklists.row_validation import ProposedRows
from blocklists.store.current_lists import CurrentLists
from fanzha.errors import NotFound
from services.changes.model import OPEN
from services.changes.popularity import PopularHosts
from services.changes.report import ChangeTerms, UpdateReport
from services.changes.service import ChangeService
from services.lists.service import ListService


class SourceLists:
    """List administration for sources."""

    def __init__(
        self,
        administration: ListService,
        changes: ChangeService,
        current: CurrentLists,
        popular: PopularHosts,
        *,
        popular_rank: int,
    ) -> None:
        self.administration = administration
        self._changes = changes
        self._current = current
        self._popular = popular
        self._popular_rank = popular_rank

    async def find(self, pattern: str) -> MatchingEntries:
        """Return the entries that match a pattern. Raises `InvalidInput`."""
        await self._current.caught_up()  # stale lists would not have the entry
        return await self.administration.views.find(pattern)

    def is_popular(self, host: str) -> bool:
        """Whether a host is too popular for some reports to be evidence against it."""
        rank = self._popular.rank(host)
        return rank is not None and rank <= self._popular_rank

    async def propose(self, rows: ProposedRows, terms: ChangeTerms) -> UpdateReport:
        """Make a change request that waits."""
        return await self.administration.update(rows, [], terms, wait=True)

    async def is_open(self, change_id: int) -> bool:
        """Whether a change request waits; one that is gone does not."""
        if not change_id:
            return False
        try:
            return (await self._changes.views.get(change_id)).state in OPEN
        except NotFound:
            return False
