"""The change inbox: what waits for me, what is mine, all; and one request with its impact."""

import asyncio
from typing import Any

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.v1 import blocklist_pb2, change_state_pb2, decision_pb2
from fanzha.v1 import change_pb2 as pb
from services.console.backend.faults import BackendFault
from services.console.changes import decisions, impact
from services.console.lists import entry_ref
from services.console.web.form_numbers import MOST_INT64, whole_number
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, KeyHelp, PageRoute

PAGE_SIZE = 50
ROWS = 50
WAITING, MINE, ALL = "waiting", "mine", "all"
_STATES = {
    "draft": change_state_pb2.CHANGE_STATE_DRAFT,
    "pending": change_state_pb2.CHANGE_STATE_PENDING,
    "approved": change_state_pb2.CHANGE_STATE_APPROVED,
    "applied": change_state_pb2.CHANGE_STATE_APPLIED,
    "rejected": change_state_pb2.CHANGE_STATE_REJECTED,
    "reverted": change_state_pb2.CHANGE_STATE_REVERTED,
}
_MOST_OFFSET = 100_000_000


async def show(visit: PageRequest) -> Response:
    """Show a page of change requests."""
    tab = visit.query.get("tab", "")
    if tab not in {WAITING, MINE, ALL}:
        tab = WAITING if visit.may("ChangeService/ApproveChange") else MINE
    state = visit.query.get("state", "") if tab != WAITING else ""
    request = pb.ListChangesRequest(
        state=_STATES.get(state, change_state_pb2.CHANGE_STATE_UNSPECIFIED),
        mine=tab == MINE,
        waiting_for_me=tab == WAITING,
        page_size=PAGE_SIZE,
        page_token=visit.query.get("page", ""),
    )
    answer = await visit.calls.unary("ChangeService/ListChanges", request)
    return await visit.show(
        "changes/list.html", answer=answer, tab=tab, state=state, states=_STATES, **enums()
    )


async def show_one(visit: PageRequest) -> Response:
    """Show one request."""
    return await page_of(visit)


async def page_of(
    visit: PageRequest, *, fault: BackendFault | None = None, wrong: str | None = None
) -> Response:
    """Return the page of the request in the path; *fault* or *wrong* is what an action met."""
    id_, offset = id_of(visit), _offset(visit)
    rows_wanted = pb.ListChangeRowsRequest(id=id_, offset=offset, limit=ROWS)
    change: pb.Change = (
        await visit.calls.unary("ChangeService/GetChange", pb.GetChangeRequest(id=id_))
    ).change
    rows, fresh, stale = await asyncio.gather(
        _rows(visit, change, rows_wanted), _fresh_preview(visit, change), _stale(visit, change)
    )
    preview = fresh.preview if fresh is not None else change.preview
    conflict = fault is not None and fault.status == "ABORTED"
    return await visit.show(
        "changes/one.html",
        status=409 if conflict else 400 if fault or wrong else 200,
        change=change,
        rows=rows,
        offset=offset,
        page_rows=ROWS,
        preview=preview if change.HasField("preview") or fresh is not None else None,
        fresh=fresh,
        stale=stale,
        top=impact.worst_first(preview.impact),
        chart=impact.chart(preview.impact),
        own=_is_own(visit, change),
        fault=fault,
        wrong=wrong,
        before=_before(rows),
        entry_path=await entry_ref.paths(visit),
        **enums(),
    )


def id_of(visit: PageRequest) -> int:
    """Return the number of the request in the path."""
    found = whole_number(visit.path("id"), most=MOST_INT64)
    if found is None:
        raise BackendFault("NOT_FOUND", visit.formats.gettext("There is no such change."))
    return found


async def _rows(
    visit: PageRequest, change: pb.Change, request: pb.ListChangeRowsRequest
) -> pb.ListChangeRowsResponse | None:
    if not change.rows_retained:
        return None
    found: pb.ListChangeRowsResponse = await visit.calls.unary(
        "ChangeService/ListChangeRows", request
    )
    return found


async def _stale(visit: PageRequest, change: pb.Change) -> pb.ListStaleRowsResponse | None:
    """Return which rows of a draft are stale; None where that cannot be known any more."""
    if change.state != change_state_pb2.CHANGE_STATE_DRAFT:
        return None
    try:
        found: pb.ListStaleRowsResponse = await visit.calls.unary(
            "ChangeService/ListStaleRows", pb.ListStaleRowsRequest(id=change.id)
        )
    except BackendFault as fault:
        if fault.status not in {"NOT_FOUND", "INVALID_ARGUMENT"}:
            raise
        return None
    return found


async def _fresh_preview(visit: PageRequest, change: pb.Change) -> pb.PreviewChangeResponse | None:
    """Return a preview against the lists as they are now, where it is asked for."""
    if "now" not in visit.query or change.kind == pb.CHANGE_KIND_POLICY:
        return None
    found: pb.PreviewChangeResponse = await visit.calls.unary(
        "ChangeService/PreviewChange", pb.PreviewChangeRequest(id=change.id), deadline_seconds=120
    )
    return found


def _before(rows: pb.ListChangeRowsResponse | None) -> dict[tuple[int, int, str], Any]:
    entries = rows.before if rows is not None else ()
    return {(one.kind, one.action, one.pattern): one for one in entries}


def _is_own(visit: PageRequest, change: pb.Change) -> bool:
    """Return whether whoever looks proposed it; the server decides, this only explains."""
    name = visit.session.name.casefold()
    proposed = {"created", "edited", "submitted"}
    names = {one.who.casefold() for one in change.events if one.what in proposed}
    return name in names | {change.author.casefold()}


def _offset(visit: PageRequest) -> int:
    return min(whole_number(visit.query.get("rows", "")) or 0, _MOST_OFFSET)


def enums() -> dict[str, Any]:
    """Return the enums whose words the templates write."""
    return {
        "Kind": pb.ChangeKind,
        "State": change_state_pb2.ChangeState,
        "EntryKind": blocklist_pb2.EntryKind,
        "EntryMode": blocklist_pb2.EntryMode,
        "Outcome": blocklist_pb2.RowOutcome,
        "Action": decision_pb2.Action,
        "Source": decision_pb2.Source,
        "Fraud": decision_pb2.FraudType,
    }


_READ = ("ChangeService/GetChange", "ChangeService/ListChangeRows")

PAGE = ConsolePage(
    name="changes",
    title=gettext_noop("Change inbox"),
    key="c",
    needs=("ChangeService/ListChanges",),
    routes=(
        PageRoute(path="", view=show),
        PageRoute(path="/{id}", view=show_one, needs=_READ),
        *decisions.routes(page_of, id_of),
    ),
    keys=(
        KeyHelp(key="y", does=gettext_noop("Approve the change")),
        KeyHelp(key="x", does=gettext_noop("Reject the change")),
        KeyHelp(key="r", does=gettext_noop("Return the change to its author")),
        KeyHelp(key="c", does=gettext_noop("Comment on the change")),
    ),
)
