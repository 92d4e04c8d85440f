"""The Settings page: who one is, and what the servers say of themselves."""

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.v1 import access_pb2
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, PageRoute


async def show(visit: PageRequest) -> Response:
    """Show the server's description and the reader's own identity."""
    server = await visit.calls.unary(
        "AccessService/DescribeServer", access_pb2.DescribeServerRequest()
    )
    return await visit.show("settings/server.html", server=server)


PAGE = ConsolePage(
    name="settings",
    title=gettext_noop("Settings"),
    key=",",
    needs=("AccessService/DescribeServer",),
    routes=(PageRoute(path="", view=show),),
)
