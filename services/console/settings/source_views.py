"""Sources of warnings and of list entries, and how often they were right."""

from starlette.responses import Response

from fanzha.v1 import warning_operations_pb2 as pb
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute

_SOURCES = "WarningOperationsService/ListSources"
_ENTRIES = "WarningOperationsService/ListEntryOutcomes"
_ENTRIES_SHOWN = 50


async def sources(visit: PageRequest) -> Response:
    """Show what the warnings of each source were worth."""
    answer = await visit.calls.unary(_SOURCES, pb.ListSourcesRequest())
    entries = None
    if visit.may(_ENTRIES):
        entries = await visit.calls.unary(
            _ENTRIES, pb.ListEntryOutcomesRequest(limit=_ENTRIES_SHOWN)
        )
    by_source = sorted(entries.by_source.items()) if entries is not None else []
    return await visit.show(
        "settings/sources.html", sources=answer.sources, entries=entries, by_source=by_source
    )


ROUTES = (PageRoute(path="/sources", view=sources, needs=(_SOURCES,)),)
