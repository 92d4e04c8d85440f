"""Sources of lists: where files are pulled from, how that goes, and what is held."""

from starlette.responses import Response

from fanzha.translation.message import Message
from fanzha.v1 import decision_pb2
from fanzha.v1 import source_pb2 as pb
from services.console.backend.faults import BackendFault
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute

_LIST, _PULLS = "SourceService/ListDataSources", "SourceService/ListPulls"
_PULL = "SourceService/PullSource"
_SHOWN = 50


async def show(visit: PageRequest) -> Response:
    """Show all sources."""
    answer = await visit.calls.unary(_LIST, pb.ListDataSourcesRequest())
    return await visit.show("lists/sources.html", sources=answer.sources, pb=pb)


async def one(visit: PageRequest) -> Response:
    """Show a source, and its latest pulls."""
    return await _one(visit)


async def pull(visit: PageRequest) -> Response:
    """Ask for a pull; with a hash, of a file that was held."""
    name = visit.path("name")
    request = pb.PullSourceRequest(
        name=name,
        accept_sha256=visit.field("accept"),
        reason=visit.field("reason"),
        by=visit.session.by,
    )
    try:
        await visit.calls.unary(_PULL, request)
    except BackendFault as fault:
        if not (fault.is_input or fault.status == "PERMISSION_DENIED"):
            raise
        return await _one(visit, fault.message)
    return await visit.redirect(f"/lists/sources/{name}", message=Message("It is pulled soon."))


async def _one(visit: PageRequest, fault: str = "") -> Response:
    name = visit.path("name")
    answer = await visit.calls.unary(_LIST, pb.ListDataSourcesRequest())
    found = next((each for each in answer.sources if each.name == name), None)
    if found is None:
        raise BackendFault("NOT_FOUND", "")
    pulls = await visit.calls.unary(_PULLS, pb.ListPullsRequest(name=name, count=_SHOWN))
    return await visit.show(
        "lists/source.html",
        status=400 if fault else 200,
        source=found,
        pulls=pulls.pulls,
        fault=fault,
        pb=pb,
        whose=decision_pb2.Source,
    )


ROUTES = (
    PageRoute(path="/sources", view=show, needs=(_LIST,)),
    PageRoute(path="/sources/{name}", view=one, needs=(_LIST, _PULLS)),
    PageRoute(path="/sources/{name}/pull", view=pull, method="POST", needs=(_PULL, _LIST, _PULLS)),
)
