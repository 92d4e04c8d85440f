"""The warning policy: what is in force, its versions, proposals, and what another would change."""

import time
from typing import Any

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from fanzha.v1 import warning_operations_pb2 as operations_pb
from fanzha.v1 import warning_policy_pb2 as pb
from services.console.backend.faults import BackendFault
from services.console.web.form_numbers import MOST_INT64, whole_number
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute

_GET = "WarningPolicyService/GetWarningPolicy"
_VERSIONS = "WarningPolicyService/ListWarningPolicyVersions"
_PROPOSE = "WarningPolicyService/ProposeWarningPolicy"
_PROPOSALS = "WarningPolicyService/ListWarningPolicyProposals"
_PROPOSAL = "WarningPolicyService/GetWarningPolicyProposal"
_DECIDE = "WarningPolicyService/DecideWarningPolicyProposal"
_PREVIEW = "WarningOperationsService/PreviewPolicy"
_PER_PAGE = 20
_PREVIEW_SECONDS = 60.0
PREVIEW_DAYS = ("7", "30", "90", "365")
_DAY_MS = 86_400_000
_ADDRESS = "/settings/warning-policy"
CONDITIONS = {
    "fraud_type": gettext_noop("kind of fraud is one of"),
    "risk_at_least": gettext_noop("risk by the source is at least"),
    "confirmed": gettext_noop("confirmed by a list or a person"),
    "talked_s_at_least": gettext_noop("seconds spoken, at least"),
    "opened_link": gettext_noop("opened the link"),
    "channels": gettext_noop("reached by one of"),
    "channels_at_least": gettext_noop("kinds of channels, at least"),
    "means_at_least": gettext_noop("different numbers, links, texts and accounts, at least"),
    "hits_at_least": gettext_noop("hits, at least"),
    "score_at_least": gettext_noop("score of a model, at least"),
    "sources": gettext_noop("reported by one of"),
    "groups": gettext_noop("belongs to one of the groups"),
    "regions": gettext_noop("lives in one of"),
}
"""Conditions of lines in words; one that is missing here is shown as it is written."""


async def show(visit: PageRequest) -> Response:
    """Show the policy in force, who made it and who has it, its versions and proposals."""
    current = await visit.calls.unary(_GET, pb.GetWarningPolicyRequest())
    versions = await visit.calls.unary(
        _VERSIONS,
        pb.ListWarningPolicyVersionsRequest(
            page_size=_PER_PAGE, page_token=visit.query.get("after", "")
        ),
    )
    proposals = await visit.calls.unary(_PROPOSALS, pb.ListWarningPolicyProposalsRequest())
    waiting = pb.WARNING_POLICY_PROPOSAL_STATE_WAITING
    return await visit.show(
        "settings/warning_policy.html",
        current=current,
        versions=versions,
        waiting=[one for one in proposals.proposals if one.state == waiting],
        decided=[one for one in proposals.proposals if one.state != waiting][:_PER_PAGE],
        Source=pb.WarningPolicySource,
        State=pb.WarningPolicyProposalState,
        conditions=CONDITIONS,
    )


async def version(visit: PageRequest) -> Response:
    """Show one version."""
    number = whole_number(visit.path("version"), most=MOST_INT64)
    if number is None:
        raise BackendFault("NOT_FOUND", "")
    found = await visit.calls.unary(_GET, pb.GetWarningPolicyRequest(version=number))
    return await visit.show(
        "settings/warning_policy_version.html", current=found, conditions=CONDITIONS
    )


async def edit(visit: PageRequest) -> Response:
    """Show the form with the policy in force, or with an earlier version."""
    current = await visit.calls.unary(_GET, pb.GetWarningPolicyRequest())
    number = whole_number(visit.query.get("version", ""), most=MOST_INT64)
    shown = current
    if number is not None:
        shown = await visit.calls.unary(_GET, pb.GetWarningPolicyRequest(version=number))
    return await _form(
        visit,
        values={
            "document": shown.policy.document,
            "reason": "",
            "expected": str(current.policy.version),
            "days": PREVIEW_DAYS[1],
        },
    )


async def propose(visit: PageRequest) -> Response:
    """Compare what was written, try it on recorded cases, or make a proposal of it."""
    values = {
        "document": str(visit.form.get("document", "")).replace("\r\n", "\n"),
        "reason": visit.field("reason"),
        "expected": visit.field("expected"),
        "days": visit.field("days"),
    }
    proposes = visit.field("do") == "propose"
    request = pb.ProposeWarningPolicyRequest(
        document=values["document"],
        reason=values["reason"],
        proposed_by=visit.session.by,
        dry_run=not proposes,
    )
    if (expected := whole_number(values["expected"], most=MOST_INT64)) is not None:
        request.expected_version = expected
    if proposes and not values["reason"]:
        return await _form(visit, values=values, errors={"reason": Message("Required")}, status=400)
    try:
        answer = await visit.calls.unary(_PROPOSE, request)
        preview = None
        if visit.field("do") == "preview":
            preview = await _preview(visit, values["document"], values["days"])
    except BackendFault as fault:
        if not fault.is_input and fault.status not in {"ABORTED", "DEADLINE_EXCEEDED"}:
            raise
        errors = {"document": fault.message}
        return await _form(visit, values=values, errors=errors, status=400)
    if not answer.HasField("proposal"):
        return await _form(visit, values=values, compared=answer, preview=preview)
    return await visit.redirect(
        f"{_ADDRESS}/proposals/{answer.proposal.number}",
        message=Message("The proposal waits for approval."),
    )


async def proposal(visit: PageRequest) -> Response:
    """Show a proposal: what it changes, and what it would have changed."""
    return await _proposal(visit)


async def decide(visit: PageRequest) -> Response:
    """Approve or reject a proposal, or try it on recorded cases first."""
    number, do = visit.path_number("number"), visit.field("do")
    if do == "preview":
        return await _proposal(visit, days=visit.field("days"))
    request = pb.DecideWarningPolicyProposalRequest(
        number=number,
        approve=do == "approve",
        note=visit.field("note"),
        decided_by=visit.session.by,
    )
    try:
        await visit.calls.unary(_DECIDE, request)
    except BackendFault as fault:
        if not fault.is_input and fault.status not in {"ABORTED", "PERMISSION_DENIED"}:
            raise
        return await _proposal(visit, status=400, fault=fault.message)
    said = Message("Approved: it is in force.") if request.approve else Message("Rejected.")
    return await visit.redirect(_ADDRESS, message=said)


async def _proposal(
    visit: PageRequest, *, days: str = "", status: int = 200, fault: str = ""
) -> Response:
    number = visit.path_number("number")
    found = await visit.calls.unary(_PROPOSAL, pb.GetWarningPolicyProposalRequest(number=number))
    preview = None
    if days and found.proposal.document:
        try:
            preview = await _preview(visit, found.proposal.document, days)
        except BackendFault as error:
            if error.status != "DEADLINE_EXCEEDED":
                raise
            status, fault = 400, error.message
    return await visit.show(
        "settings/warning_policy_proposal.html",
        status=status,
        found=found,
        one=found.proposal,
        waits=found.proposal.state == pb.WARNING_POLICY_PROPOSAL_STATE_WAITING,
        State=pb.WarningPolicyProposalState,
        preview=preview,
        days=days if days in PREVIEW_DAYS else PREVIEW_DAYS[1],
        preview_days=PREVIEW_DAYS,
        fault=fault,
    )


async def _preview(visit: PageRequest, document: str, days: str) -> Any:
    """Judge the cases of the last days by *document* and by the policy in force."""
    chosen = int(days) if days in PREVIEW_DAYS else int(PREVIEW_DAYS[1])
    request = operations_pb.PreviewPolicyRequest(
        policy=document, since_ms=time.time_ns() // 1_000_000 - chosen * _DAY_MS
    )
    found = operations_pb.PolicyPreview()
    async for answer in visit.calls.stream(_PREVIEW, request, deadline_seconds=_PREVIEW_SECONDS):
        found.MergeFrom(answer.preview)
    return found


async def _form(
    visit: PageRequest,
    *,
    values: dict[str, str],
    errors: dict[str, str] | None = None,
    compared: Any = None,
    preview: Any = None,
    status: int = 200,
) -> Response:
    return await visit.show(
        "settings/warning_policy_edit.html",
        status=status,
        values=values,
        errors=errors or {},
        compared=compared,
        preview=preview,
        preview_days=PREVIEW_DAYS,
    )


ROUTES = (
    PageRoute(path="/warning-policy", view=show, needs=(_GET, _VERSIONS, _PROPOSALS)),
    PageRoute(path="/warning-policy/edit", view=edit, needs=(_GET, _PROPOSE)),
    PageRoute(path="/warning-policy/edit", view=propose, method="POST", needs=(_PROPOSE,)),
    PageRoute(path="/warning-policy/versions/{version}", view=version, needs=(_GET,)),
    PageRoute(path="/warning-policy/proposals/{number:digits}", view=proposal, needs=(_PROPOSAL,)),
    PageRoute(
        path="/warning-policy/proposals/{number:digits}",
        view=decide,
        method="POST",
        needs=(_PROPOSAL, _DECIDE),
    ),
)
