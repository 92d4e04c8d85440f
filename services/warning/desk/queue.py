"""The queue of a desk: the board by tier, who has which case open, and the next one to work on.

While a person has a case open, `CaseDesk` refuses changes by anyone else, so two people never talk
to one victim at once. Scripts help with what to say.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from fanzha.errors import InvalidInput, NotFound
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity
from services.warning.cases import projections
from services.warning.cases.claims import CaseClaim, CaseClaims
from services.warning.cases.listing import Backlog, CaseListing
from services.warning.cases.model import Case
from services.warning.desk import scope
from services.warning.desk.access import CaseAccess
from services.warning.desk.filter import CaseFilter
from services.warning.desk.service import CaseDesk, CasePage
from services.warning.dispatch.outbox_relay import WarningText
from services.warning.messages.template import LANGUAGES
from services.warning.model import Tier

MOST_PER_TIER = 100
DEFAULT_PER_TIER = 20
MOST_OFFERED = 500
"""Cases that `next` considers: those before are open elsewhere, or were skipped."""
_AT_ONCE = 50


class ScriptWriter(Protocol):
    """Writes what to say about a case."""

    def script(self, case: Case, language: str) -> WarningText:
        """Return the script for *case* in one of `LANGUAGES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardTier:
    """One tier of the board."""

    tier: int
    """A `Tier`; `projections.UNJUDGED`: none yet."""
    backlog: Backlog
    page: CasePage


class CaseQueue:
    """What surrounds the work on single cases. The RPC layer checks roles."""

    def __init__(
        self,
        desk: CaseDesk,
        *,
        access: CaseAccess,
        claims: CaseClaims,
        listing: CaseListing,
        trail: AuditedActions,
        scripts: ScriptWriter,
        now_ms: Callable[[], int],
    ) -> None:
        self._desk = desk
        self._access = access
        self._claims = claims
        self._listing = listing
        self._trail = trail
        self._scripts = scripts
        self._now_ms = now_ms

    async def claim(self, case_id: str, by: str, *, take_over: bool) -> tuple[CaseClaim, bool]:
        """Open a case for the caller; return who has it now, and whether that is the caller."""
        who, case = identity.author(by, "by"), await self._access.get(case_id)
        claim = await self._claims.claim(case.id, who)
        if claim.holder != who and take_over:
            details = {"what": "claim_taken_over", "from": claim.holder}
            claiming = self._claims.claim(case.id, who, take_over=True)
            claim = await self._trail.around(
                AuditKind.CASE_CHANGED, case.id, who, details, claiming
            )
        return claim, claim.holder == who

    async def release(self, case_id: str, by: str) -> bool:
        """End the caller's claim; False if there was none."""
        who, case = identity.author(by, "by"), await self._access.get(case_id)
        return await self._claims.release(case.id, who)

    async def next(self, case_filter: CaseFilter, by: str) -> Case:
        """Claim the most urgent case that is free for the caller; raise `NotFound` for none."""
        who, offered, after = identity.author(by, "by"), 0, ""
        while offered < MOST_OFFERED:
            page = await self._desk.list(case_filter, size=_AT_ONCE, after=after)
            for case in await self._free(page, who):
                claim = await self._claims.claim(case.id, who)
                if claim.holder == who:
                    return case
            offered, after = offered + len(page.cases), page.next
            if not after:
                break
        raise NotFound("case: none waits that is free")

    async def board(self, region: str, *, per_tier: int | None) -> Sequence[BoardTier]:
        """Return the tiers, the highest first, with the most urgent cases of *region*."""
        size = DEFAULT_PER_TIER if per_tier is None else per_tier
        if not 0 <= size <= MOST_PER_TIER:
            raise InvalidInput(
                "cases_per_tier: 0 to {most}, not {size}", most=MOST_PER_TIER, size=size
            )
        regions = scope.indexes(identity.current(), region)
        tiers = [*sorted(Tier, reverse=True), projections.UNJUDGED]
        groups = [[projections.open_of_tier(tier, at) for at in regions] for tier in tiers]
        backlogs = await self._listing.backlog(groups, self._now_ms())
        board = []
        for tier, backlog in zip(tiers, backlogs, strict=True):
            page = CasePage(cases=[], claims=[], next="", cut_short=False)
            if size and tier:
                of_tier = CaseFilter(region=region, tiers=frozenset({Tier(tier)}))
                page = await self._desk.list(of_tier, size=size, after="")
            board.append(BoardTier(tier=int(tier), backlog=backlog, page=page))
        return board

    async def script(self, case_id: str, language: str) -> WarningText:
        """Return what to say and ask about a case."""
        if language and language not in LANGUAGES:
            raise InvalidInput("language: {languages}", languages=", ".join(LANGUAGES))
        case = await self._access.get(case_id)
        return self._scripts.script(case, language or LANGUAGES[0])

    async def _free(self, page: CasePage, who: str) -> list[Case]:
        skipped = await self._claims.skipped([one.id for one in page.cases], who)
        return [
            case
            for case, claim, passed in zip(page.cases, page.claims, skipped, strict=True)
            if not passed and claim.holder in {"", who} and case.officer in {"", who}
        ]
