"""What waits for whoever is signed in: by their roles, from the queues that they may read.

Each queue is asked for its first page only; where that is full, the count is a lower bound and says
so. A queue that cannot be read now is shown as such and hides no other.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fanzha.translation.catalogue import gettext_noop
from fanzha.v1 import appeal_pb2, blocklist_pb2, case_pb2, change_pb2, hit_pb2, warning_policy_pb2
from fanzha.v1 import warning_backfill_pb2 as backfill_pb2
from services.console.backend.faults import BackendFault
from services.console.web.page_request import PageRequest

_PAGE = 100
_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingQueue:
    """How much waits in one queue."""

    title: str
    address: str
    """Path of the page where it is dealt with, which the console may not have."""
    count: int = 0
    more: bool = False
    """Whether there are more than counted."""
    late: int | None = None
    """How many are past their time; None: not told."""
    fault: str = ""
    """Why it cannot be read now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueQuestion:
    """How to ask one queue, and to read its answer."""

    title: str
    address: str
    method: str
    acts: tuple[str, ...]
    """Methods of which a person needs one: who can do nothing about it has nothing waiting."""
    request: Any
    read: Callable[[Any], tuple[int, bool, int | None]]


def _overdue(found: Any) -> int:
    late = blocklist_pb2.DUE_REASON_REVIEW_OVERDUE
    return sum(1 for one in found.entries if one.reason == late)


_QUESTIONS: tuple[QueueQuestion, ...] = (
    QueueQuestion(
        title=gettext_noop("Changes to approve"),
        address="/changes",
        method="ChangeService/ListChanges",
        acts=("ChangeService/ApproveChange",),
        request=change_pb2.ListChangesRequest(waiting_for_me=True, page_size=_PAGE),
        read=lambda found: (len(found.changes), bool(found.next_page_token), None),
    ),
    QueueQuestion(
        title=gettext_noop("Appeals"),
        address="/appeals",
        method="AppealService/ListAppeals",
        acts=("AppealService/DecideAppeal",),
        request=appeal_pb2.ListAppealsRequest(page_size=1),
        read=lambda found: (found.open, False, found.overdue),
    ),
    QueueQuestion(
        title=gettext_noop("Cases that are due"),
        address="/cases",
        method="CaseService/ListCases",
        acts=("CaseService/TakeCase",),
        request=case_pb2.ListCasesRequest(overdue_only=True, page_size=_PAGE),
        read=lambda found: (
            len(found.cases),
            bool(found.next_page_token) or found.cut_short,
            len(found.cases),
        ),
    ),
    QueueQuestion(
        title=gettext_noop("Suspected hits to judge"),
        address="/decisions/pending",
        method="HitService/ListPendingHits",
        acts=("FeedbackService/ConfirmHit",),
        request=hit_pb2.ListPendingHitsRequest(limit=_PAGE),
        read=lambda found: (len(found.hits), bool(found.next_before), None),
    ),
    QueueQuestion(
        title=gettext_noop("Entries that end or need review in 14 days"),
        address="/lists",
        method="BlocklistService/ListDue",
        acts=("BlocklistService/UpdateEntries",),
        request=blocklist_pb2.ListDueRequest(page_size=_PAGE),
        read=lambda found: (len(found.entries), bool(found.next_page_token), _overdue(found)),
    ),
    QueueQuestion(
        title=gettext_noop("Warning policies to approve"),
        address="/settings/warning-policy",
        method="WarningPolicyService/ListWarningPolicyProposals",
        acts=("WarningPolicyService/DecideWarningPolicyProposal",),
        request=warning_policy_pb2.ListWarningPolicyProposalsRequest(waiting_only=True),
        read=lambda found: (len(found.proposals), False, None),
    ),
    QueueQuestion(
        title=gettext_noop("Backfills to start or drop"),
        address="/campaigns",
        method="WarningBackfillService/ListPendingBackfills",
        acts=("WarningBackfillService/StartPendingBackfill",),
        request=backfill_pb2.ListPendingBackfillsRequest(page_size=_PAGE),
        read=lambda found: (len(found.backfills), len(found.backfills) == _PAGE, None),
    ),
)


async def of(visit: PageRequest) -> list[WaitingQueue]:
    """Ask all queues of the reader's roles at once."""
    mine = [
        one
        for one in _QUESTIONS
        if visit.may(one.method) and any(visit.may(act) for act in one.acts)
    ]
    answers: list[Awaitable[WaitingQueue]] = [_asked(visit, one) for one in mine]
    return list(await asyncio.gather(*answers))


async def _asked(visit: PageRequest, one: QueueQuestion) -> WaitingQueue:
    try:
        answer = await visit.calls.unary(one.method, one.request, deadline_seconds=_SECONDS)
    except BackendFault as fault:
        return WaitingQueue(title=one.title, address=one.address, fault=fault.message)
    count, more, late = one.read(answer)
    return WaitingQueue(title=one.title, address=one.address, count=count, more=more, late=late)
