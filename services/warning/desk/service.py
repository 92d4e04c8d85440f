"""Operations on cases for dispatchers and officers: list, show, assign, take, note, close.

A caller sees the cases in their regional scope; any other is reported as not found. Changes, and
reads of unmasked numbers, are audited before they happen.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fanzha.errors import InvalidInput, NotFound
from infra import text_limits
from infra.text_limits import TextLimit
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity
from services.warning.cases.events import CaseEvent
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.cases.opening import Router
from services.warning.cases.store import CaseStore, Decide
from services.warning.desk import actions, assignment, masking, scope
from services.warning.desk.actions import ActionContext, CaseClosure
from services.warning.desk.filter import CaseFilter

MOST_PER_PAGE = 500
DEFAULT_PER_PAGE = 50
_OFFICER = TextLimit(max_characters=200)
_NOTE = TextLimit(max_characters=1000)
_ID = re.compile(r"[0-9a-f]{20}(-[1-9][0-9]{0,8})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """A page of masked cases."""

    cases: Sequence[Case]
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
        trail: AuditedActions,
        now_ms: Callable[[], int],
    ) -> None:
        self._store = store
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
            after=after,
            size=size,
            until=case_filter.until(self.now_ms()),
        )
        return CasePage(
            cases=[masking.case(one) for one in page.cases],
            next=page.next,
            cut_short=bool(page.next) and len(page.cases) < size,
        )

    async def get(self, case_id: str) -> tuple[Case, bool]:
        """Return a case, and whether it is masked."""
        case = await self._case(case_id)
        if not masking.sees_numbers():
            return masking.case(case), True
        shown = self._store.get(case.id)
        return await self._trail.around(
            AuditKind.CASE_READ, case.id, identity.author("", "by"), {}, shown
        ), False

    async def history(self, case_id: str, *, after: int, size: int) -> CaseHistoryPage:
        """Return events of a case, oldest first."""
        case = await self._case(case_id)
        size = _size(size, MOST_PER_PAGE)
        if after < 0:
            raise InvalidInput("after: from 0, not {after}", after=after)
        reading = self._store.history(case.id, after=after, most=size)
        if masking.sees_numbers():
            what = {"what": "history"}
            by = identity.author("", "by")
            found = await self._trail.around(AuditKind.CASE_READ, case.id, by, what, reading)
        else:
            found = [masking.event(one) for one in await reading]
        end = after + len(found)
        return CaseHistoryPage(
            events=found,
            next=end if end < case.revision else 0,
            masked=not masking.sees_numbers(),
        )

    async def assign(self, command: CaseCommand, *, region: str, officer: str, why: str) -> Case:
        """Assign a case to a region, an officer, or both."""
        officer = text_limits.optional("officer", officer, _OFFICER)
        act = self._act(command, text_limits.optional("reason", why, _NOTE))
        if not region and not officer:
            raise InvalidInput("region, officer: one of them is required")

        def events(case: Case) -> Sequence[CaseEvent]:
            to = assignment.read(region, case.region) if region else None
            if to is not None:
                assignment.check(identity.current(), case.region, to)
            return actions.assigned(case, act, self._router, region=to, officer=officer)

        details = {"what": "assigned", "region": region, "officer": officer}
        return await self._change(command, act, details, events)

    async def take(self, command: CaseCommand, *, take_over: bool) -> Case:
        """Take a case as its officer."""
        act = self._act(command, "")
        return await self._change(
            command,
            act,
            {"what": "taken"},
            lambda case: actions.taken(case, act, self._router, take_over=take_over),
        )

    async def note(
        self, command: CaseCommand, text: str, *, unreached: bool, due_at_ms: int
    ) -> Case:
        """Add a note, or record that the person could not be contacted."""
        checked = text_limits.optional if unreached else text_limits.required
        act = self._act(command, checked("text", text, _NOTE))
        return await self._change(
            command,
            act,
            {"what": "unreached" if unreached else "noted"},
            lambda case: actions.noted(
                case, act, self._router, unreached=unreached, due_at_ms=due_at_ms
            ),
        )

    async def close(self, command: CaseCommand, closing: CaseClosure, why: str) -> Case:
        """Close a case."""
        act = self._act(command, text_limits.optional("reason", why, _NOTE))
        actions.check_closing(closing, act.why)
        if closing.duplicate_of:
            case, other = await self._case(command.case_id), await self._other(closing.duplicate_of)
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
        case = await self._case(command.case_id)

        def events(now: Case) -> Sequence[CaseEvent]:
            # It may have been assigned elsewhere meanwhile.
            _check_reach(now)
            actions.check_revision(now, command.revision)
            return decide(now)

        changing = self._store.change(case.id, events)
        details_given = {name: value for name, value in details.items() if value}
        return await self._trail.around(
            AuditKind.CASE_CHANGED, case.id, act.by, details_given, changing
        )

    async def _other(self, case_id: str) -> Case:
        try:
            return await self._case(case_id)
        except NotFound:
            raise InvalidInput(
                "duplicate_of: there is no case {case_id!r}", case_id=case_id[:40]
            ) from None

    async def _case(self, case_id: str) -> Case:
        if not case_id:
            raise InvalidInput("case_id: required")
        if not _ID.fullmatch(case_id):
            raise NotFound("case: there is no {case_id!r}", case_id=case_id[:40])
        case = await self._store.get(case_id)
        _check_reach(case)
        return case

    def _act(self, command: CaseCommand, why: str) -> ActionContext:
        return ActionContext(by=identity.author(command.by, "by"), at_ms=self.now_ms(), why=why)


def _check_reach(case: Case) -> None:
    # Indistinguishable from a case that does not exist.
    if not scope.reaches(identity.current(), case.region):
        raise NotFound("case: there is no {id!r}", id=case.id)


def _size(command: int, otherwise: int) -> int:
    if not 0 <= command <= MOST_PER_PAGE:
        raise InvalidInput(
            "page_size: 1 to {most_per_page}, not {command}",
            most_per_page=MOST_PER_PAGE,
            command=command,
        )
    return command or otherwise
