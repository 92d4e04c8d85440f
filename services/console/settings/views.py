"""The Settings page: who one is, what the servers say of themselves, and who has rights here."""

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.v1 import access_pb2, blocklist_pb2, decision_pb2, model_pb2
from services.console.backend.faults import BackendFault
from services.console.settings import (
    policy_views,
    source_views,
    template_views,
    warning_policy_views,
)
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, KeyHelp, PageRoute

_IDENTITIES = "AccessService/ListIdentities"
_DAY_S = 86_400
EXPIRY_WARNING_DAYS = 30


async def show(visit: PageRequest) -> Response:
    """Show the server's description and the reader's own identity."""
    server = await visit.calls.unary(
        "AccessService/DescribeServer", access_pb2.DescribeServerRequest()
    )
    left_s = server.tls_expires_at_s - server.time_ms / 1000
    return await visit.show(
        "settings/server.html",
        server=server,
        tls_expires_soon=server.tls and left_s < EXPIRY_WARNING_DAYS * _DAY_S,
        ModelKind=model_pb2.ModelKind,
        lists=await _optional(
            visit, "BlocklistService/GetStatus", blocklist_pb2.GetStatusRequest()
        ),
        models=await _optional(visit, "ModelService/ListModels", model_pb2.ListModelsRequest()),
    )


async def identities(visit: PageRequest) -> Response:
    """Show who has rights, and when they last called."""
    answer = await visit.calls.unary(_IDENTITIES, access_pb2.ListIdentitiesRequest())
    return await visit.show(
        "settings/identities.html",
        known=answer,
        Credential=access_pb2.Credential,
        Source=decision_pb2.Source,
    )


async def _optional(visit: PageRequest, method: str, request: object) -> object | None:
    """Return an answer; None where the reader may not ask, or the server cannot say."""
    if not visit.may(method):
        return None
    try:
        answer: object = await visit.calls.unary(method, request)
    except BackendFault:
        return None
    return answer


PAGE = ConsolePage(
    name="settings",
    title=gettext_noop("Settings"),
    key=",",
    needs=("AccessService/DescribeServer",),
    routes=(
        PageRoute(path="", view=show),
        PageRoute(path="/identities", view=identities, needs=(_IDENTITIES,)),
        *source_views.ROUTES,
        *policy_views.ROUTES,
        *warning_policy_views.ROUTES,
        *template_views.ROUTES,
    ),
    keys=(KeyHelp(key="e", does=gettext_noop("Write in the text to check or the policy")),),
)
