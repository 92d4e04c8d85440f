"""What a person does about one decision: block, allow, snooze, open an appeal.

Each is a request to the service: lists change through change requests, which a second person
approves where the service wants that. A snooze is an allow entry for one party that ends by itself:
the decision path knows no rule that is off for one party only, so it lifts blocks by every model
and rule, not by one. A block entry of a list is lifted by removing it instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from fanzha.translation.message import Message
from fanzha.v1 import appeal_pb2, blocklist_pb2, change_state_pb2, decision_pb2
from infra.clock import now_ms
from services.console.backend.faults import BackendFault
from services.console.decisions import one_decision
from services.console.decisions.one_decision import DAYS, SNOOZES
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute

_UPDATE, _APPEAL = "BlocklistService/UpdateEntries", "AppealService/OpenAppeal"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActForm:
    """What was typed about an entry."""

    pattern: str
    reason: str
    legal_basis: str
    source: int
    fraud_type: int
    ends_at_s: int
    risks: tuple[str, ...]

    def missing(self, *, wants_basis: bool) -> dict[str, str]:
        """Return what has to be filled in, by field."""
        required = {"pattern": self.pattern, "reason": self.reason}
        if wants_basis:
            required["legal_basis"] = self.legal_basis
        return {name: Message("Required") for name, value in required.items() if not value}

    def entry(self, action: int) -> blocklist_pb2.Entry:
        """Return the entry; it acts where the party calls or sends."""
        return blocklist_pb2.Entry(
            pattern=self.pattern,
            action=action,  # type: ignore[arg-type]
            direction=blocklist_pb2.DIRECTION_FROM,
            fraud_type=self.fraud_type,  # type: ignore[arg-type]
            source=self.source or decision_pb2.SOURCE_BUREAU,  # type: ignore[arg-type]
            reason=self.reason,
            legal_basis=self.legal_basis,
            expires_at_s=self.ends_at_s,
        )


async def block(visit: PageRequest) -> Response:
    """Ask for a block entry."""
    return await _list(visit, "block", decision_pb2.ACTION_BLOCK)


async def allow(visit: PageRequest) -> Response:
    """Ask for an allow entry."""
    return await _list(visit, "allow", decision_pb2.ACTION_ALLOW)


async def snooze(visit: PageRequest) -> Response:
    """Ask for an allow entry that ends within hours or days."""
    return await _list(visit, "snooze", decision_pb2.ACTION_ALLOW)


async def appeal(visit: PageRequest) -> Response:
    """Open an appeal against the decision."""
    request = appeal_pb2.OpenAppealRequest(
        decision_id=visit.path_number("decision_id"),
        appellant=visit.field("appellant"),
        contact=visit.field("contact"),
        grounds=visit.field("grounds"),
        opened_by=visit.session.by,
    )
    names = ("appellant", "contact", "grounds")
    errors = {name: Message("Required") for name in names if not visit.field(name)}
    if errors:
        return await _again(visit, "appeal", errors=errors)
    try:
        answer = await visit.calls.unary(_APPEAL, request)
    except BackendFault as fault:
        if not fault.is_input:
            raise
        return await _again(visit, "appeal", fault=fault.message)
    said = (
        Message("Appeal {appeal_id} is open.", appeal_id=answer.appeal.appeal_id)
        if answer.first
        else Message(
            "This appellant has appeal {appeal_id} already.", appeal_id=answer.appeal.appeal_id
        )
    )
    return await visit.redirect(f"/decisions/{visit.path('decision_id')}", message=said)


async def _list(visit: PageRequest, act: str, action: int) -> Response:
    form = _read(visit, act)
    if errors := form.missing(wants_basis=act == "block"):
        return await _again(visit, act, errors=errors)
    request = blocklist_pb2.UpdateEntriesRequest(
        additions=[form.entry(action)],
        author=visit.session.by,
        reason=form.reason,
        confirmed_risks=form.risks,
    )
    try:
        answer = await visit.calls.unary(_UPDATE, request)
    except BackendFault as fault:
        if not fault.is_input:
            raise
        return await _again(visit, act, fault=fault.message, risks=fault.risks)
    refused = [row.message for row in answer.additions if row.message and not row.entry_id]
    if refused:
        return await _again(visit, act, fault=refused[0])
    return await visit.redirect(f"/decisions/{visit.path('decision_id')}", message=_said(answer))


def _said(answer: blocklist_pb2.UpdateEntriesResponse) -> str:
    if not answer.change_id:
        return Message("The lists have this entry already.")
    if answer.change_state == change_state_pb2.CHANGE_STATE_APPLIED:
        return Message(
            "Change {change_id} is applied: lists are at version {version}.",
            change_id=answer.change_id,
            version=answer.version,
        )
    return Message("Change {change_id} waits for a second person.", change_id=answer.change_id)


def _read(visit: PageRequest, act: str) -> ActForm:
    seconds = now_ms() // 1000
    if act == "snooze":
        hours = visit.field("hours")
        ends_at_s = seconds + int(hours if hours in SNOOZES else "24") * 3600
    else:
        days = visit.field("days")
        ends_at_s = seconds + int(days) * 86_400 if days in DAYS else 0
    reason = visit.field("reason")
    if act == "snooze" and reason:
        reason = f"snooze of decision {visit.path('decision_id')}: {reason}"
    return ActForm(
        pattern=visit.field("pattern"),
        reason=reason,
        legal_basis=visit.field("legal_basis"),
        source=_number(visit.field("source")),
        fraud_type=_number(visit.field("fraud_type")),
        ends_at_s=ends_at_s,
        risks=tuple(str(one) for one in visit.form.getlist("confirmed")),
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= 3 else 0  # noqa: PLR2004 - of an enum


async def _again(
    visit: PageRequest,
    act: str,
    *,
    fault: str = "",
    errors: Mapping[str, str] | None = None,
    risks: tuple[str, ...] = (),
) -> Response:
    """Show the decision again with the form as it was typed."""
    values = {name: str(value) for name, value in visit.form.items() if isinstance(value, str)}
    return await one_decision.page(
        visit, status=400, act=act, fault=fault, errors=errors or {}, values=values, risks=risks
    )


ROUTES = (
    PageRoute(path="/{decision_id:digits}/block", view=block, method="POST", needs=(_UPDATE,)),
    PageRoute(path="/{decision_id:digits}/allow", view=allow, method="POST", needs=(_UPDATE,)),
    PageRoute(path="/{decision_id:digits}/snooze", view=snooze, method="POST", needs=(_UPDATE,)),
    PageRoute(path="/{decision_id:digits}/appeal", view=appeal, method="POST", needs=(_APPEAL,)),
)
