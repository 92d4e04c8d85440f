"""The form of a campaign: a new one, or the draft as it is, with what is wrong beside the field.

Who saves a draft that somebody else has changed meanwhile is refused and shown both versions: what
they typed stays in the form, and beside it stands what the draft says now.
"""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from fanzha.errors import InvalidInput
from fanzha.translation.message import Message
from fanzha.v1 import decision_pb2, entity_pb2
from fanzha.v1 import education_pb2 as pb
from services.console.backend.faults import BackendFault
from services.console.education import forms
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute

_GET = "EducationService/GetEducationCampaign"
_CREATE = "EducationService/CreateEducationCampaign"
_EDIT = "EducationService/EditEducationCampaign"
_PATH = "/{campaign_id}/edit"
_BLAME = re.compile(r"([a-z_]+(?:, [a-z_]+)*)[:：]\s*(.+)", re.DOTALL)


async def ask(visit: PageRequest) -> Response:
    """Show the form of a new campaign."""
    return await _form(visit, {"hold_out": "10", "outcome_days": "30", "daily_cap": "1000"})


async def create(visit: PageRequest) -> Response:
    """Draft a campaign."""
    try:
        campaign = forms.campaign(visit)
        request = pb.CreateEducationCampaignRequest(campaign=campaign, by=visit.session.by)
        answer = await visit.calls.unary(_CREATE, request)
    except InvalidInput as error:
        return await _form(visit, _typed(visit), fault=error.translated(visit.language))
    except BackendFault as fault:
        if not is_told(fault):
            raise
        return await _form(visit, _typed(visit), fault=fault.message)
    said = Message("Drafted.") if answer.first else Message("There was one of that name.")
    return await visit.redirect(f"/education/{answer.campaign.campaign_id}", message=said)


async def ask_edit(visit: PageRequest) -> Response:
    """Show the form of a draft."""
    known = await _known(visit)
    return await _form(visit, forms.typed(known), known=known)


async def edit(visit: PageRequest) -> Response:
    """Replace what a draft says, where it is as the form showed it."""
    known = await _known(visit)
    try:
        campaign = forms.campaign(visit, known)
        campaign.campaign_id = known.campaign_id
        campaign.revision = forms.number(visit.field("revision"))
        request = pb.EditEducationCampaignRequest(campaign=campaign, by=visit.session.by)
        await visit.calls.unary(_EDIT, request)
    except InvalidInput as error:
        return await _form(
            visit, _typed(visit), known=known, fault=error.translated(visit.language)
        )
    except BackendFault as fault:
        if fault.status == "ABORTED":
            return await _conflict(visit, fault)
        if not is_told(fault):
            raise
        return await _form(visit, _typed(visit), known=known, fault=fault.message)
    return await visit.redirect(f"/education/{known.campaign_id}", message=Message("Saved."))


def is_told(fault: BackendFault) -> bool:
    """Return whether what is wrong is said on the page that was asked from."""
    return fault.is_input or fault.status in {"PERMISSION_DENIED", "NOT_FOUND"}


async def _conflict(visit: PageRequest, fault: BackendFault) -> Response:
    """Show what was typed beside the draft as somebody else has made it meanwhile."""
    now, mine = await _known(visit), _typed(visit)
    theirs = forms.typed(now)
    differing = [name for name, text in theirs.items() if name in mine and mine[name] != text]
    return await _form(
        visit, mine, known=now, fault=fault.message, status=409, theirs=theirs, differing=differing
    )


async def _known(visit: PageRequest) -> pb.EducationCampaign:
    campaign_id = forms.number(visit.path("campaign_id"))
    request = pb.GetEducationCampaignRequest(campaign_id=campaign_id)
    answer: pb.GetEducationCampaignResponse = await visit.calls.unary(_GET, request)
    return answer.campaign


async def _form(
    visit: PageRequest,
    typed: Mapping[str, str],
    *,
    known: pb.EducationCampaign | None = None,
    fault: str = "",
    status: int = 400,
    **values: Any,
) -> Response:
    return await visit.show(
        "education/form.html",
        status=status if fault else 200,
        fault=fault,
        errors=_errors(fault),
        typed=typed,
        known=known,
        pb=pb,
        fraud=decision_pb2.FraudType,
        financial=entity_pb2.FinancialFraud,
        **{"theirs": {}, "differing": ()} | values,
    )


def _typed(visit: PageRequest) -> dict[str, str]:
    return {name: visit.field(name) for name in visit.form}


def _errors(fault: str) -> dict[str, str]:
    """Return what is wrong by fields of the form, of a message such as ``text: no link``."""
    blame = _BLAME.fullmatch(fault)
    names = blame[1].split(", ") if blame else ()
    return {forms.FIELDS.get(name, name): blame[2] for name in names if blame}


ROUTES = (
    PageRoute(path="/new", view=ask, needs=(_CREATE,)),
    PageRoute(path="/new", view=create, method="POST", needs=(_CREATE,)),
    PageRoute(path=_PATH, view=ask_edit, needs=(_GET, _EDIT)),
    PageRoute(path=_PATH, view=edit, method="POST", needs=(_GET, _EDIT)),
)
