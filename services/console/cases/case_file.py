"""One case on one page: who has it open, the person, the script, the timeline, what one may do."""

import asyncio
import re
from typing import Any

from starlette.responses import Response

from fanzha.v1 import case_pb2 as pb
from services.console.backend.faults import BackendFault
from services.console.cases import choices, forms, timeline
from services.console.web.page_request import PageRequest

_NAMES = {
    ("assign", "reason"): "assign_why",
    ("skip", "reason"): "skip_why",
    ("unmask", "reason"): "why",
    ("close", "lost_fen"): "lost",
}
"""Fields of forms that requests call otherwise; each name is once on the page."""
EVENTS = 50
"""Events of one page of the timeline."""


async def show(
    visit: PageRequest,
    case_id: str,
    claim: pb.ClaimCaseResponse | None,
    *,
    whole: pb.Case | None = None,
    fault: str = "",
    wrong: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Show a case; *whole* has numbers unmasked, *wrong* is the form that *fault* is about."""
    found, history, script, dialogue = await _read(visit, case_id)
    case = whole or found.found
    holder = claim.holder if claim else found.found.claimed_by
    mine = not holder or holder == visit.session.name
    return await visit.show(
        "cases/case.html",
        status=status,
        case=case,
        case_id=case_id,
        claim=claim
        or pb.ClaimCaseResponse(claimed=mine, holder=holder, until_ms=found.found.claimed_until_ms),
        works=mine and visit.may("CaseService/NoteCase"),
        events=timeline.entries(history.events, visit.formats),
        older=history.next_page_token,
        script=script,
        dialogue=dialogue,
        means=timeline.means(case.means, visit.formats),
        lost_to=timeline.means(case.lost_to, visit.formats),
        lost=timeline.yuan(case.lost_fen) if case.HasField("lost_fen") else "",
        whole=whole is not None,
        typed=forms.typed(visit) if wrong else {},
        fault=fault,
        wrong=wrong,
        errors=errors or {},
        **choices.for_templates(visit.formats),
    )


async def _read(
    visit: PageRequest, case_id: str
) -> tuple[
    pb.GetCaseResponse,
    pb.GetCaseHistoryResponse,
    pb.GetCallScriptResponse,
    pb.GetRobotDialogueResponse,
]:
    answers: tuple[Any, Any, Any, Any] = await asyncio.gather(
        visit.calls.unary("CaseService/GetCase", pb.GetCaseRequest(case_id=case_id, masked=True)),
        visit.calls.unary(
            "CaseService/GetCaseHistory",
            pb.GetCaseHistoryRequest(
                case_id=case_id,
                masked=True,
                newest_first=True,
                page_size=EVENTS,
                page_token=visit.query.get("events", ""),
            ),
        ),
        visit.calls.unary(
            "CaseService/GetCallScript",
            pb.GetCallScriptRequest(case_id=case_id, language=visit.language),
        ),
        visit.calls.unary(
            "CaseService/GetRobotDialogue",
            pb.GetRobotDialogueRequest(case_id=case_id, language=visit.language),
        ),
    )
    return answers


async def wrong(
    visit: PageRequest, case_id: str, fault: BackendFault, *, form: str, field: str = ""
) -> Response:
    """Show the case again, with what is wrong with a form of it; raise any other fault."""
    if not fault.is_input:
        raise fault
    status = 409 if fault.status == "ABORTED" else 400
    field = field or _field_of(fault)
    errors = {_NAMES.get((form, field), field): fault.message}
    return await show(
        visit, case_id, None, fault=fault.message, wrong=form, errors=errors, status=status
    )


def _field_of(fault: BackendFault) -> str:
    """Return the field that a message of the service begins with, such as ``reason: required``."""
    name = re.match(r"([a-z_]+)[:：]", fault.message)
    return name[1] if name else ""
