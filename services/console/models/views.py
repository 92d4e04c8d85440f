"""The Models page: versions, cards, shadow, drift, thresholds, and who lets a model decide."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from fanzha.v1 import model_pb2 as pb
from services.console.backend.faults import BackendFault
from services.console.models import cards, drift_chart, shadow_comparison, thresholds
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, PageRoute

_LIST, _STATUS = "ModelService/ListModels", "ModelService/GetModelStatus"
_REQUESTS, _CARD = "ModelService/ListModelRequests", "ModelService/GetModelCard"
_PROPOSE, _DECIDE = "ModelService/ProposeModel", "ModelService/DecideModelRequest"
_ACTIVATE, _SHADOW = "ModelService/ActivateModel", "ModelService/ShadowModel"
_ROLLBACK = "ModelService/RollbackModel"
_WORDS: Mapping[str, Any] = {
    "enum": {"Kind": pb.ModelKind, "State": pb.ModelRequestState, "Follow": pb.FollowState}
}
KINDS = {"call": 1, "text": 2, "link": 3, "velocity": 4}
"""Words of addresses, by the numbers of the wire."""


async def show(visit: PageRequest) -> Response:
    """Show all kinds: what decides, what is loaded, and what waits for a second person."""
    return await _page(visit)


async def _page(visit: PageRequest, *, status: int = 200, fault: str = "") -> Response:
    found: pb.ListModelsResponse = await visit.calls.unary(_LIST, pb.ListModelsRequest())
    requests: pb.ListModelRequestsResponse = await visit.calls.unary(
        _REQUESTS, pb.ListModelRequestsRequest()
    )
    bundles = {one.kind: list(reversed(one.bundles)) for one in found.bundles}
    waiting = [one for one in requests.requests if one.state == pb.MODEL_REQUEST_STATE_WAITING]
    return await visit.show(
        "models/page.html",
        status=status,
        fault=fault,
        models=found.models,
        bundles=bundles,
        words={number: word for word, number in KINDS.items()},
        charts={one.kind: drift_chart.of(visit, one) for one in found.models},
        compared={one.kind: shadow_comparison.of(visit, one) for one in found.models},
        waiting=waiting,
        decided=[one for one in requests.requests if one not in waiting][:10],
        needs_second=requests.second_person_needed,
        may_propose=visit.may(_PROPOSE),
        may_decide=visit.may(_DECIDE),
        may_shadow=visit.may(_SHADOW),
        may_activate=visit.may(_ACTIVATE),
        may_roll_back=visit.may(_ROLLBACK),
        **_WORDS,
    )


async def card(visit: PageRequest) -> Response:
    """Show what a bundle was made from, and how well it did."""
    kind, version = _kind(visit), visit.path("version")
    request = pb.GetModelCardRequest(kind=kind, version=version)  # type: ignore[arg-type]
    found: pb.GetModelCardResponse = await visit.calls.unary(_CARD, request)
    return await visit.show(
        "models/card.html",
        kind=kind,
        version=version,
        sections=cards.sections(found.card),
        text=found.page,
        **_WORDS,
    )


async def propose(visit: PageRequest) -> Response:
    """Request that a version decides."""
    request = pb.ProposeModelRequest(
        kind=_kind(visit),  # type: ignore[arg-type]
        version=visit.field("version"),
        reason=visit.field("reason"),
        proposed_by=visit.session.by,
    )
    return await _done(visit, _PROPOSE, request, Message("The request waits for a second person."))


async def decide(visit: PageRequest) -> Response:
    """Approve or reject a request."""
    approve = visit.field("verdict") == "approve"
    request = pb.DecideModelRequestRequest(
        number=visit.path_number("number"),
        approve=approve,
        note=visit.field("note"),
        decided_by=visit.session.by,
    )
    said = Message("Approved: the model decides.") if approve else Message("Rejected.")
    return await _done(visit, _DECIDE, request, said)


async def activate(visit: PageRequest) -> Response:
    """Let a version decide, where one person may."""
    request = pb.ActivateModelRequest(
        kind=_kind(visit),  # type: ignore[arg-type]
        version=visit.field("version"),
        changed_by=visit.session.by,
    )
    return await _done(visit, _ACTIVATE, request, Message("The model decides."))


async def shadow(visit: PageRequest) -> Response:
    """Let a version score and decide nothing, or end that."""
    share = visit.field("share")
    request = pb.ShadowModelRequest(
        kind=_kind(visit),  # type: ignore[arg-type]
        version=visit.field("version"),
        share=min(100, int(share)) / 100 if share.isdecimal() and len(share) < 4 else 1.0,  # noqa: PLR2004
        changed_by=visit.session.by,
    )
    said = Message("The model scores in the shadow.") if request.version else Message("No shadow.")
    return await _done(visit, _SHADOW, request, said)


async def roll_back(visit: PageRequest) -> Response:
    """Let the model decide again that last ran."""
    request = pb.RollbackModelRequest(kind=_kind(visit), changed_by=visit.session.by)  # type: ignore[arg-type]
    return await _done(visit, _ROLLBACK, request, Message("The model before decides again."))


async def _done(visit: PageRequest, method: str, request: Any, said: str) -> Response:
    try:
        await visit.calls.unary(method, request)
    except BackendFault as fault:
        if not fault.is_input and fault.status not in {"NOT_FOUND", "PERMISSION_DENIED"}:
            raise
        return await _page(visit, status=400, fault=fault.message)
    return await visit.redirect("/models", message=said)


def _kind(visit: PageRequest) -> int:
    return KINDS.get(visit.path("kind"), 0)


PAGE = ConsolePage(
    name="models",
    title=gettext_noop("Models"),
    key="o",
    needs=(_LIST, _REQUESTS),
    routes=(
        PageRoute(path="", view=show),
        # Before the kinds: `thresholds` is none.
        *thresholds.ROUTES,
        PageRoute(path="/{kind}/card/{version}", view=card, needs=(_CARD,)),
        PageRoute(path="/{kind}/propose", view=propose, method="POST", needs=(_PROPOSE,)),
        PageRoute(path="/requests/{number:digits}", view=decide, method="POST", needs=(_DECIDE,)),
        PageRoute(path="/{kind}/activate", view=activate, method="POST", needs=(_ACTIVATE,)),
        PageRoute(path="/{kind}/shadow", view=shadow, method="POST", needs=(_SHADOW,)),
        PageRoute(path="/{kind}/roll-back", view=roll_back, method="POST", needs=(_ROLLBACK,)),
    ),
)
