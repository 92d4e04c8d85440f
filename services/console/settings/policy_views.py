"""The carrier policy: what is in force where, versions, differences, and proposals."""

from typing import Any

from starlette.responses import Response

from fanzha.translation.message import Message
from fanzha.v1 import policy_pb2 as pb
from services.console.backend.faults import BackendFault
from services.console.web.form_numbers import MOST_INT64, whole_number
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute

_GET, _PROPOSE = "PolicyService/GetPolicy", "PolicyService/ProposePolicy"
_VERSIONS = "PolicyService/ListPolicyVersions"
_PER_PAGE = 20


async def policy(visit: PageRequest) -> Response:
    """Show the policy in force, the workers that have it, and the versions before."""
    current = await visit.calls.unary(_GET, pb.GetPolicyRequest())
    request = pb.ListPolicyVersionsRequest(
        page_size=_PER_PAGE, page_token=visit.query.get("after", "")
    )
    versions = await visit.calls.unary(_VERSIONS, request)
    return await visit.show(
        "settings/policy.html",
        policy=current.policy,
        workers=current.workers,
        versions=versions,
        PolicySource=pb.PolicySource,
    )


async def version(visit: PageRequest) -> Response:
    """Show one version, and what restoring it would change."""
    number = whole_number(visit.path("version"), most=MOST_INT64)
    if number is None:
        raise BackendFault("NOT_FOUND", "")
    found = await visit.calls.unary(_GET, pb.GetPolicyRequest(version=number))
    return await visit.show("settings/policy_version.html", policy=found.policy)


async def edit(visit: PageRequest) -> Response:
    """Show the form with the policy in force, or with an earlier version."""
    number = visit.query.get("version", "")
    request = pb.GetPolicyRequest()
    if (version_ := whole_number(number, most=MOST_INT64)) is not None:
        request.version = version_
    found = await visit.calls.unary(_GET, request)
    current = found
    if number:
        current = await visit.calls.unary(_GET, pb.GetPolicyRequest())
    return await _form(
        visit,
        values={
            "document": found.policy.document,
            "reason": "",
            "expected": str(current.policy.version),
        },
    )


async def propose(visit: PageRequest) -> Response:
    """Compare what was written, or make a change request of it."""
    values = {
        "document": str(visit.form.get("document", "")).replace("\r\n", "\n"),
        "reason": visit.field("reason"),
        "expected": visit.field("expected"),
    }
    compares = visit.field("do") != "propose"
    if not values["reason"] and not compares:
        return await _form(visit, values=values, errors={"reason": Message("Required")}, status=400)
    request = pb.ProposePolicyRequest(
        document=values["document"],
        reason=values["reason"] or "-",
        author=visit.session.by,
        dry_run=compares,
        confirmed_risks=[str(one) for one in visit.form.getlist("confirmed")],
    )
    if (expected := whole_number(values["expected"], most=MOST_INT64)) is not None:
        request.expected_version = expected
    try:
        answer = await visit.calls.unary(_PROPOSE, request)
    except BackendFault as fault:
        if not fault.is_input:
            raise
        errors = {} if fault.risks else {"document": fault.message}
        return await _form(visit, values=values, errors=errors, risks=fault.risks, status=400)
    if compares or not answer.change.id:
        return await _form(visit, values=values, compared=answer)
    return await visit.redirect(
        f"/changes/{answer.change.id}",
        message=Message("Change request {id} was made.", id=answer.change.id),
    )


async def _form(
    visit: PageRequest,
    *,
    values: dict[str, str],
    errors: dict[str, str] | None = None,
    risks: tuple[str, ...] = (),
    compared: Any = None,
    status: int = 200,
) -> Response:
    return await visit.show(
        "settings/policy_edit.html",
        status=status,
        values=values,
        errors=errors or {},
        risks=risks,
        compared=compared,
    )


ROUTES = (
    PageRoute(path="/policy", view=policy, needs=(_GET, _VERSIONS)),
    PageRoute(path="/policy/edit", view=edit, needs=(_GET, _PROPOSE)),
    PageRoute(path="/policy/edit", view=propose, method="POST", needs=(_PROPOSE,)),
    PageRoute(path="/policy/versions/{version}", view=version, needs=(_GET,)),
)
