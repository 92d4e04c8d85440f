"""The Lists page: search, filters with counts, and pages of entries."""

import asyncio
from typing import Any

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import decision_pb2
from services.console.backend.faults import BackendFault
from services.console.imports import views as import_views
from services.console.lists import bulk_views, entry_ref, entry_views, filters, source_views
from services.console.lists.filters import ListFilter
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, KeyHelp, PageRoute

PAGE_SIZE = 50
ENUMS = {
    "kinds": pb.EntryKind,
    "actions": decision_pb2.Action,
    "sources": decision_pb2.Source,
    "modes": pb.EntryMode,
    "conditions": pb.EntryCondition,
    "frauds": decision_pb2.FraudType,
    "directions": pb.Direction,
}


async def show(visit: PageRequest) -> Response:
    """Show a page of the entries that pass the filter, and how many do."""
    chosen = filters.of(visit)
    page = pb.ListEntriesRequest(
        criteria=chosen.criteria,
        order=chosen.order,
        may_lag=True,
        page_size=PAGE_SIZE,
        page_token=visit.query.get("page", ""),
    )
    restarted = False
    try:
        answer, counts = await _page_and_counts(visit, page)
    except BackendFault as fault:
        if fault.status != "ABORTED" or not page.page_token:
            raise
        # The lists of the first page are gone: show the newest from the start.
        page.page_token, restarted = "", True
        answer, counts = await _page_and_counts(visit, page)
    return await visit.show(
        "lists/list.html",
        answer=answer,
        counts=counts,
        chosen=chosen,
        restarted=restarted,
        matches=await _matches(visit, chosen),
        entry_path=await entry_ref.paths(visit),
        word_of=filters.word_of,
        numbers_of=filters.numbers_of,
        enums=ENUMS,
        now_s=entry_views.now_s(),
    )


async def search(visit: PageRequest) -> Response:
    """Keep what was typed in the session, and show what it finds."""
    chosen = filters.of(visit)
    query = {name: value for name, value in chosen.query.items() if name != "q"}
    for name in ("kind", "action", "source", "mode", "fraud", "order"):
        if name in visit.form:
            query[name] = visit.field(name)
    if "filtered" in visit.form:
        query["only"] = [str(one) for one in visit.form.getlist("only")]
    typed = filters.typed_in(visit)
    if typed:
        query["q"] = await visit.remember(typed)
    return await visit.redirect("/lists", **query)


async def _page_and_counts(
    visit: PageRequest, page: pb.ListEntriesRequest
) -> tuple[pb.ListEntriesResponse, pb.CountEntriesResponse]:
    counts = pb.CountEntriesRequest(criteria=page.criteria, may_lag=True)
    found: tuple[Any, Any] = await asyncio.gather(
        visit.calls.unary("BlocklistService/ListEntries", page),
        visit.calls.unary("BlocklistService/CountEntries", counts),
    )
    return found


async def _matches(visit: PageRequest, chosen: ListFilter) -> pb.FindEntriesResponse | None:
    """Return what decides about a pattern that was typed whole; None where it is only a part."""
    pattern = chosen.typed.get("pattern", "")
    if not pattern or pattern.startswith("*"):
        return None
    request = pb.FindEntriesRequest(query=pattern)
    try:
        found: pb.FindEntriesResponse = await visit.calls.unary(
            "BlocklistService/FindEntries", request
        )
    except BackendFault as fault:
        if fault.is_input:
            return None
        raise
    return found


_READ = ("BlocklistService/ListEntries", "BlocklistService/CountEntries")

PAGE = ConsolePage(
    name="lists",
    title=gettext_noop("Lists"),
    key="l",
    needs=(*_READ, "BlocklistService/FindEntries"),
    routes=(
        PageRoute(path="", view=show),
        PageRoute(path="/search", view=search, method="POST"),
        *bulk_views.ROUTES,
        *entry_views.ROUTES,
        *import_views.ROUTES,
        *source_views.ROUTES,
    ),
    keys=(
        KeyHelp(key="s", does=gettext_noop("Search the lists")),
        KeyHelp(key="a", does=gettext_noop("Add entries")),
        KeyHelp(key="b", does=gettext_noop("Change all that are shown")),
        KeyHelp(key="e", does=gettext_noop("Edit the entry")),
    ),
)
