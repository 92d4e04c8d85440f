"""The Decisions page: what was decided, as it happens and by search, and one decision in full."""

from collections.abc import AsyncIterator, Sequence

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from fanzha.v1 import decision_log_pb2 as pb
from infra.clock import now_ms
from services.console.decisions import acts, one_decision, pending_hits, search_form
from services.console.decisions.search_form import DecisionSearch
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, KeyHelp, PageRoute

_FIND, _TAIL = "DecisionLogService/FindDecisions", "DecisionLogService/TailDecisions"
LIVE_ROWS = 200
"""Rows that stay on the page while more come."""


async def listing(visit: PageRequest) -> Response:
    """Show a page of the decisions that a search finds."""
    search = _search(visit)
    token = visit.query.get("page", "")
    found: pb.FindDecisionsResponse = await visit.calls.unary(
        _FIND, search.request(now_ms(), token)
    )
    return await visit.show(
        "decisions/listing.html",
        enum=search_form.WORDS,
        tab="search",
        search=search,
        decisions=found.decisions,
        torn=found.torn,
        more=found.next_page_token,
        first=bool(token),
        choices=_choices(visit),
        periods=search_form.PERIODS,
        lost=bool(visit.query.get("key")) and not search.party,
    )


async def search_by_post(visit: PageRequest) -> Response:
    """Keep a number or name in the session, and go on to an address without it."""
    party = visit.field("party")
    if decision_id := search_form.decision_id(party):
        return await visit.redirect(f"/decisions/{decision_id}")
    fields = {
        name: visit.field(name) for name in (*search_form.ENUMS, *search_form.TEXTS, "period")
    }
    key = await visit.remember({"party": party}) if party else ""
    search = search_form.read(fields, key=key)
    return await visit.redirect("/decisions", **search.query)


async def live(visit: PageRequest) -> Response:
    """Show decisions as they come."""
    search = _search(visit)
    return await visit.show(
        "decisions/live.html",
        enum=search_form.WORDS,
        tab="live",
        search=search,
        choices=_choices(visit),
        most=LIVE_ROWS,
    )


async def events(visit: PageRequest) -> Response:
    """Send rows as they come, and how many were left out."""
    search = _search(visit)

    async def parts() -> AsyncIterator[tuple[str, str]]:
        skipped = shown = 0
        stream = visit.calls.stream(_TAIL, search.tail())
        async for part in stream:
            skipped += part.skipped
            shown += len(part.decisions)
            if part.decisions:
                yield (
                    "rows",
                    _rows(visit, part.decisions),
                )
                yield "count", visit.part("decisions/count.html", shown=shown, skipped=skipped)

    return visit.events(parts())


def _rows(visit: PageRequest, decisions: Sequence[pb.LoggedDecision]) -> str:
    return visit.part("decisions/rows.html", enum=search_form.WORDS, decisions=decisions)


def _search(visit: PageRequest) -> DecisionSearch:
    key = visit.query.get("key", "")
    party = str(visit.remembered(key).get("party", "")) if key else ""
    return search_form.read(visit.query, key=key if party else "", party=party)


def _choices(visit: PageRequest) -> dict[str, list[tuple[str, str]]]:
    anything = ("", visit.formats.localized(Message("All")))
    return {
        name: [anything, *search_form.choices(name, visit.formats)] for name in search_form.ENUMS
    }


PAGE = ConsolePage(
    name="decisions",
    title=gettext_noop("Decisions"),
    key="d",
    needs=(_FIND,),
    keys=(
        KeyHelp(key="f", does=gettext_noop("Search by number, name or id")),
        KeyHelp(key="l", does=gettext_noop("Follow decisions live")),
        KeyHelp(key="c", does=gettext_noop("Confirm the suspected hit")),
        KeyHelp(key="x", does=gettext_noop("Dismiss the suspected hit")),
        KeyHelp(key="b", does=gettext_noop("Block a party of this decision")),
    ),
    routes=(
        PageRoute(path="", view=listing),
        PageRoute(path="/search", view=search_by_post, method="POST"),
        PageRoute(path="/live", view=live, needs=(_TAIL,)),
        PageRoute(path="/live/events", view=events, needs=(_TAIL,)),
        *pending_hits.ROUTES,
        *one_decision.ROUTES,
        *acts.ROUTES,
    ),
)
