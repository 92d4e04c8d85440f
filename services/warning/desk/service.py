"""Operations on cases for dispatchers and officers: list, show, assign, take, note, close.

A caller sees the cases in their regional scope; any other is reported as not found. Changes, and
reads of unmasked numbers, are audited before they happen.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fanzha.errors import FanzhaError, InvalidInput, NotFound, VersionConflict
from infra import text_limits
from infra.text_limits import CharacterSet, TextLimit
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity
from services.warning.cases.claims import CaseClaim, CaseClaims
from services.warning.cases.events import CaseEvent
from services.warning.cases.index_upgrade import CaseIndexUpgrade
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.cases.opening import Router
from services.warning.cases.store import CaseStore, Decide
from services.warning.desk import actions, assignment, masking, scope
from services.warning.desk.access import CaseAccess, check_reach
from services.warning.desk.actions import ActionContext, CaseClosure, CaseNote
from services.warning.desk.filter import CaseFilter

MOST_PER_PAGE = 500
DEFAULT_PER_PAGE = 50
MOST_ASSIGNED = 500
"""Cases of one bulk assignment."""
_AT_ONCE = 16
_OFFICER = TextLimit(max_characters=200)
NOTE = TextLimit(max_characters=1000)
_RECEIPT = TextLimit(max_characters=100, characters=CharacterSet.PRINTABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """A page of masked cases."""

    cases: Sequence[Case]
    claims: Sequence[CaseClaim]
    """Who has each open."""
    next: str
    """Cursor of the next page; empty: this is the last."""
    cut_short: bool
    """Whether the scan limit ended the page early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHistoryPage:
    """A page of events."""

    events: Sequence[CaseEvent]
    next: int
    """Offset of the next page; 0: this is the last."""
    masked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCommand:
    """The case, author and expected revision of a change."""

    case_id: str
    by: str = ""
    revision: int | None = None


class CaseDesk:
    """Case operations. The RPC layer checks roles."""

    def __init__(
        self,
        *,
        store: CaseStore,
        listing: CaseListing,
        router: Router,
        claims: CaseClaims,
        indexed: CaseIndexUpgrade,
        trail: AuditedActions,
        now_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._access = CaseAccess(store)
        self._claims = claims
        self._indexed = indexed
        self._listing = listing
        self._router = router
        self._trail = trail
        self.now_ms = now_ms

    async def list(self, case_filter: CaseFilter, *, size: int, after: str) -> CasePage:
        """Return the cases in scope that match *case_filter*, most urgent first."""
        size, asker = _size(size, DEFAULT_PER_PAGE), identity.current()
        page = await self._listing.page(
            lambda case: scope.reaches(asker, case.region) and case_filter.wants(case),
            region=scope.indexes(asker, case_filter.region),
            only_open=case_filter.only_open,
            indexes=case_filter.indexes(asker) if await self._indexed.complete() else (),
            after=after,
            size=size,
            until=case_filter.until(self.now_ms()),
        )
        return CasePage(
            cases=[masking.case(one) for one in page.cases],
            claims=await self._claims.of([one.id for one in page.cases]),
            next=page.next,
            cut_short=bool(page.next) and len(page.cases) < size,
        )

    async def get(self, case_id: str, *, masked: bool = False) -> tuple[Case, bool]:
        """Return a case, and whether it is masked, which *masked* asks for."""
        case = await self._access.get(case_id)
        if masked or not masking.sees_numbers():
            return masking.case(case), True
        shown = self._store.get(case.id)
        return await self._trail.around(
            AuditKind.CASE_READ, case.id, identity.author("", "by"), {}, shown
        ), False

    async def unmask(self, case_id: str, why: str, by: str) -> Case:
        """Return a case with whole numbers, for a recorded reason."""
        case = await self._access.get(case_id)
        details = {"what": "unmasked", "why": text_limits.required("reason", why, NOTE)}
        return await self._trail.around(
            AuditKind.CASE_READ,
            case.id,
            identity.author(by, "by"),
            details,
            self._store.get(case.id),
        )

    async def claim(self, case_id: str) -> CaseClaim:
        """Return who has a case open."""
        return (await self._claims.of([case_id]))[0]

    async def history(
        self,
        case_id: str,
        *,
        after: int,
        size: int,
        masked: bool = False,
        newest_first: bool = False,
    ) -> CaseHistoryPage:
        """Return events of a case, oldest first; *masked* asks for masked numbers."""
        case = await self._access.get(case_id)
        size = _size(size, MOST_PER_PAGE)
        if after < 0:
            raise InvalidInput("after: from 0, not {after}", after=after)
        first = after
        if newest_first:
            first = max(0, case.revision - after - size)
            size = max(1, case.revision - after - first)
        reading = self._store.history(case.id, after=first, most=size)
        if masking.sees_numbers():
            what = {"what": "history"}
            by = identity.author("", "by")
            found = await self._trail.around(AuditKind.CASE_READ, case.id, by, what, reading)
            if masked:
                found = [masking.event(one, notes=True) for one in found]
        else:
            found = [masking.event(one) for one in await reading]
        end = after + len(found)
        return CaseHistoryPage(
            events=found[::-1] if newest_first else found,
            next=end if end < case.revision else 0,
            masked=masked or not masking.sees_numbers(),
        )

    async def assign(self, command: CaseCommand, *, region: str, officer: str, why: str) -> Case:
        """Assign a case to a region, an officer, or both."""
        officer = text_limits.optional("officer", officer, _OFFICER)
        act = self._act(command, text_limits.optional("reason", why, NOTE))
        if not region and not officer:
            raise InvalidInput("region, officer: one of them is required")

        def events(case: Case) -> Sequence[CaseEvent]:
            to = assignment.read(region, case.region) if region else None
            if to is not None:
                assignment.check(identity.current(), case.region, to)
            return actions.assigned(case, act, self._router, region=to, officer=officer)

        details = {"what": "assigned", "region": region, "officer": officer}
        return await self._change(command, act, details, events)

    async def assign_all(
        self, case_ids: Sequence[str], *, region: str, officer: str, why: str, by: str
    ) -> dict[str, FanzhaError | None]:
        """Assign each of several cases; return why those that were refused were."""
        ids = list(dict.fromkeys(case_ids))
        if not 1 <= len(ids) <= MOST_ASSIGNED:
            raise InvalidInput(
                "case_ids: 1 to {most_assigned}, not {count}",
                most_assigned=MOST_ASSIGNED,
                count=len(ids),
            )
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(case_id: str) -> FanzhaError | None:
            async with gate:
                try:
                    command = CaseCommand(case_id=case_id, by=by)
                    await self.assign(command, region=region, officer=officer, why=why)
                except FanzhaError as error:
                    return error
            return None

        return dict(zip(ids, await asyncio.gather(*map(one, ids)), strict=True))

    async def take(self, command: CaseCommand, *, take_over: bool) -> Case:
        """Take a case as its officer."""
        act = self._act(command, "")
        return await self._change(
            command,
            act,
            {"what": "taken"},
            lambda case: actions.taken(case, act, self._router, take_over=take_over),
        )

    async def note(self, command: CaseCommand, text: str, note: CaseNote) -> Case:
        """Add a note, evidence, or that the person could not be contacted."""
        says = note.unreached or note.evidence
        checked = text_limits.optional if says else text_limits.required
        act = self._act(command, checked("text", text, NOTE))
        details = {"what": "unreached" if note.unreached else "noted"}
        if note.evidence:
            details["evidence"] = str(len(note.evidence))
        return await self._change(
            command, act, details, lambda case: actions.noted(case, act, self._router, note)
        )

    async def skip(self, command: CaseCommand, why: str) -> Case:
        """Note why the caller passes a case over, and end the claim."""
        act = self._act(command, text_limits.required("reason", why, NOTE))
        case = await self._change(
            command, act, {"what": "skipped"}, lambda case: actions.skipped(case, act)
        )
        await self._claims.skip(case.id, act.by)
        await self._claims.release(case.id, act.by)
        return case

    async def stop_payment(self, command: CaseCommand, said: str) -> Case:
        """Hand a case to the stop-payment desk, with what the person said; once in a case."""
        act = self._act(command, "to the stop-payment desk")
        said = text_limits.required("said", said, NOTE)
        return await self._change(
            command,
            act,
            {"what": "stop_payment"},
            lambda case: actions.stop_payment_due(case, act, said),
        )

    async def record_receipt(self, command: CaseCommand, receipt: str) -> Case:
        """Record the receipt of the stop-payment desk."""
        act = self._act(command, "")
        receipt = text_limits.required("receipt", receipt, _RECEIPT)
        return await self._change(
            command,
            act,
            {"what": "stop_payment_receipt", "receipt": receipt},
            lambda case: actions.receipt_recorded(case, act, receipt),
        )

    async def close(self, command: CaseCommand, closing: CaseClosure, why: str) -> Case:
        """Close a case."""
        act = self._act(command, text_limits.optional("reason", why, NOTE))
        actions.check_closing(closing, act.why)
        if closing.duplicate_of:
            case = await self._access.get(command.case_id)
            other = await self._other(closing.duplicate_of)
            actions.check_duplicate(case, other)
        return await self._change(
            command,
            act,
            {"what": "closed", "outcome": closing.outcome.value},
            lambda case: actions.closed(case, act, closing),
        )

    async def _change(
        self, command: CaseCommand, act: ActionContext, details: dict[str, str], decide: Decide
    ) -> Case:
        case = await self._access.get(command.case_id)
        claim = await self.claim(case.id)
        if claim.holder and claim.holder != act.by:
            raise VersionConflict(
                "case {id}: {holder} has it open", id=case.id, holder=claim.holder
            )

        def events(now: Case) -> Sequence[CaseEvent]:
            # It may have been assigned elsewhere meanwhile.
            check_reach(now)
            actions.check_revision(now, command.revision)
            return decide(now)

        changing = self._store.change(case.id, events)
        details_given = {name: value for name, value in details.items() if value}
        return await self._trail.around(
            AuditKind.CASE_CHANGED, case.id, act.by, details_given, changing
        )

    async def _other(self, case_id: str) -> Case:
        try:
            return await self._access.get(case_id)
        except NotFound:
            raise InvalidInput(
                "duplicate_of: there is no case {case_id!r}", case_id=case_id[:40]
            ) from None

    def _act(self, command: CaseCommand, why: str) -> ActionContext:
        return ActionContext(by=identity.author(command.by, "by"), at_ms=self.now_ms(), why=why)


def _size(command: int, otherwise: int) -> int:
    if not 0 <= command <= MOST_PER_PAGE:
        raise InvalidInput(
            "page_size: 1 to {most_per_page}, not {command}",
            most_per_page=MOST_PER_PAGE,
            command=command,
        )
    return command or otherwise
