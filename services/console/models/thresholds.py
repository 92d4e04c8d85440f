"""Thresholds: a change request of the carrier policy, with what it would have decided otherwise.

The score from which a channel blocks is set by the policy of carriers; ``default`` is the policy of
requests whose carrier has none. What a new threshold does is estimated from the decision log before
anybody is asked, and a second person approves it among the changes.
"""

from starlette.responses import Response

from fanzha.translation.message import Message
from fanzha.v1 import policy_pb2 as pb
from services.console.backend.faults import BackendFault
from services.console.web.form_numbers import MOST_INT64, whole_number
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute

_GET, _PROPOSE = "PolicyService/GetPolicy", "PolicyService/ProposePolicy"
CHANNELS = ("call", "text", "link")
_PREVIEW_SECONDS = 60.0


async def show(visit: PageRequest) -> Response:
    """Show the policy in force, and the form."""
    return await _page(visit)


async def preview(visit: PageRequest) -> Response:
    """Show who would have been decided otherwise; nothing is changed."""
    return await _send(visit, dry_run=True)


async def propose(visit: PageRequest) -> Response:
    """Make the change request."""
    return await _send(visit, dry_run=False)


async def _send(visit: PageRequest, *, dry_run: bool) -> Response:
    request, errors = _request(visit, dry_run=dry_run)
    if errors:
        return await _page(visit, status=400, errors=errors)
    try:
        answer: pb.ProposePolicyResponse = await visit.calls.unary(
            _PROPOSE, request, deadline_seconds=_PREVIEW_SECONDS
        )
    except BackendFault as fault:
        if not fault.is_input:
            raise
        return await _page(visit, status=400, fault=fault.message, risks=fault.risks)
    if dry_run or not answer.HasField("change"):
        return await _page(visit, answer=answer)
    said = (
        Message("Change {change_id} waits for a second person.", change_id=answer.change.id)
        if answer.second_person_needed
        else Message("Change {change_id} is applied.", change_id=answer.change.id)
    )
    return await visit.redirect("/models/thresholds", message=said)


def _request(
    visit: PageRequest, *, dry_run: bool
) -> tuple[pb.ProposePolicyRequest, dict[str, str]]:
    carrier = visit.field("carrier") or "default"
    channel, value = visit.field("channel"), visit.field("threshold")
    errors: dict[str, str] = {}
    if channel not in CHANNELS:
        errors["channel"] = Message("Required")
    if value and not _is_share(value):
        errors["threshold"] = Message("A number above 0, up to 1; empty: as the model's card says")
    reason = visit.field("reason")
    if not reason and not dry_run:
        errors["reason"] = Message("Required")
    version = visit.field("version")
    request = pb.ProposePolicyRequest(
        set=pb.PolicyAssignments(assignments=[f"{carrier}.{channel}.threshold={value}"]),
        reason=reason or "preview",
        author=visit.session.by,
        dry_run=dry_run,
        confirmed_risks=[str(one) for one in visit.form.getlist("confirmed")],
    )
    if (expected := whole_number(version, most=MOST_INT64)) is not None and not dry_run:
        request.expected_version = expected
    return request, errors


def _is_share(text: str) -> bool:
    try:
        return 0 < float(text) <= 1
    except ValueError:
        return False


async def _page(
    visit: PageRequest,
    *,
    status: int = 200,
    fault: str = "",
    errors: dict[str, str] | None = None,
    answer: pb.ProposePolicyResponse | None = None,
    risks: tuple[str, ...] = (),
) -> Response:
    policy: pb.GetPolicyResponse = await visit.calls.unary(_GET, pb.GetPolicyRequest())
    values = {name: str(value) for name, value in visit.form.items() if isinstance(value, str)}
    return await visit.show(
        "models/thresholds.html",
        status=status,
        policy=policy.policy,
        workers=policy.workers,
        channels=CHANNELS,
        fault=fault,
        errors=errors or {},
        values=values,
        answer=answer,
        risks=risks,
        may_propose=visit.may(_PROPOSE),
    )


ROUTES = (
    PageRoute(path="/thresholds", view=show, needs=(_GET,)),
    PageRoute(path="/thresholds/preview", view=preview, method="POST", needs=(_PROPOSE,)),
    PageRoute(path="/thresholds/propose", view=propose, method="POST", needs=(_PROPOSE,)),
)
