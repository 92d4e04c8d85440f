"""The Education page: campaigns, whom they reach, and what they changed."""

from typing import Any

from starlette.responses import Response

from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from fanzha.v1 import decision_pb2, entity_pb2
from fanzha.v1 import education_pb2 as pb
from services.console.backend.faults import BackendFault
from services.console.education import draft_views, forms
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, PageRoute

_LIST, _GET = "EducationService/ListEducationCampaigns", "EducationService/GetEducationCampaign"
_ADD, _PREVIEW = (
    "EducationService/AddEducationRecipients", "EducationService/PreviewEducationCampaign",
)  # fmt: skip
_APPROVE, _STOP = (
    "EducationService/ApproveEducationCampaign", "EducationService/StopEducationCampaign",
)  # fmt: skip
_EVENT, _REPORT = "EducationService/RecordEducationEvent", "EducationService/GetEducationReport"
_PAGE, _AT_ONCE, _MOST_FAULTS = 50, 2_000, 20
_SECONDS = 300.0
_ONE = "/{campaign_id}"


async def index(visit: PageRequest) -> Response:
    """Show a page of campaigns, the latest first."""
    query = visit.query
    kept = {name: query[name] for name in ("state", "occasion") if query.get(name)}
    answer = await visit.calls.unary(
        _LIST,
        pb.ListEducationCampaignsRequest(
            state=forms.choice(kept.get("state", ""), pb.EducationState),
            occasion=forms.choice(kept.get("occasion", ""), pb.EducationOccasion),
            page_size=_PAGE,
            page_token=query.get("page", ""),
        ),
    )
    return await visit.show(
        "education/list.html", answer=answer, query=kept, pb=pb,
        fraud=decision_pb2.FraudType, financial=entity_pb2.FinancialFraud,
    )  # fmt: skip


async def show(visit: PageRequest) -> Response:
    """Show a campaign."""
    return await _page(visit)


async def preview(visit: PageRequest) -> Response:
    """Show whom a campaign would reach."""
    request = pb.PreviewEducationCampaignRequest(campaign_id=_id(visit))
    answer = await visit.calls.unary(_PREVIEW, request, deadline_seconds=_SECONDS)
    return await _page(visit, preview=answer)


async def add(visit: PageRequest) -> Response:
    """Replace the recipients of a draft by those of a file."""
    try:
        people = await forms.recipients(visit)
    except InvalidInput as error:
        return await _page(visit, status=400, fault=error.translated(visit.language))
    revision, added, without = forms.number(visit.field("revision")), 0, 0
    faults: list[str] = []
    try:
        for first in range(0, len(people) or 1, _AT_ONCE):
            answer = await visit.calls.unary(
                _ADD,
                pb.AddEducationRecipientsRequest(
                    campaign_id=_id(visit),
                    revision=revision,
                    recipients=people[first : first + _AT_ONCE],
                    replace=not first,
                    by=visit.session.by,
                ),
            )
            revision = answer.campaign.revision
            added, without = added + answer.added, without + answer.without_consent
            # The header is line 1.
            faults += [f"{first + one.row + 2}: {one.message}" for one in answer.faults]
    except BackendFault as fault:
        if not draft_views.is_told(fault):
            raise
        return await _page(visit, status=400, fault=fault.message)
    loaded = {"added": added, "without": without, "faults": faults[:_MOST_FAULTS],
              "wrong": len(faults)}  # fmt: skip
    return await _page(visit, loaded=loaded)


async def approve(visit: PageRequest) -> Response:
    """Approve a draft as it was shown."""
    request = pb.ApproveEducationCampaignRequest(
        campaign_id=_id(visit),
        revision=forms.number(visit.field("revision")),
        note=visit.field("note"),
        by=visit.session.by,
    )
    return await _done(visit, _APPROVE, request, Message("The campaign is approved."))


async def stop(visit: PageRequest) -> Response:
    """Stop a campaign for good."""
    request = pb.StopEducationCampaignRequest(
        campaign_id=_id(visit), note=visit.field("note"), by=visit.session.by
    )
    return await _done(visit, _STOP, request, Message("The campaign is stopped."))


async def record(visit: PageRequest) -> Response:
    """Record an event in person."""
    try:
        event = forms.event(visit)
    except InvalidInput as error:
        return await _page(visit, status=400, fault=error.translated(visit.language))
    request = pb.RecordEducationEventRequest(
        campaign_id=_id(visit), event=event, by=visit.session.by
    )
    return await _done(visit, _EVENT, request, Message("The event is recorded."))


async def report(visit: PageRequest) -> Response:
    """Show what a campaign changed."""
    found: pb.EducationReport | None = None
    request = pb.GetEducationReportRequest(campaign_id=_id(visit))
    async for one in visit.calls.stream(_REPORT, request, deadline_seconds=_SECONDS):
        if one.HasField("report"):
            found = one.report
    return await _page(visit, report=found)


async def _done(visit: PageRequest, method: str, request: Any, said: Message) -> Response:
    try:
        await visit.calls.unary(method, request)
    except BackendFault as fault:
        if not draft_views.is_told(fault):
            raise
        return await _page(visit, status=400, fault=fault.message)
    return await visit.redirect(f"/education/{_id(visit)}", message=said)


async def _page(visit: PageRequest, *, status: int = 200, **values: Any) -> Response:
    answer = await visit.calls.unary(_GET, pb.GetEducationCampaignRequest(campaign_id=_id(visit)))
    defaults = {"fault": "", "preview": None, "report": None, "loaded": None}
    return await visit.show(
        "education/one.html", status=status, campaign=answer.campaign, pb=pb,
        fraud=decision_pb2.FraudType, financial=entity_pb2.FinancialFraud,
        **defaults | values,
    )  # fmt: skip


def _id(visit: PageRequest) -> int:
    return forms.number(visit.path("campaign_id"))


PAGE = ConsolePage(
    name="education",
    title=gettext_noop("Education"),
    key="v",
    needs=(_LIST,),
    routes=(
        PageRoute(path="", view=index),
        *draft_views.ROUTES,
        PageRoute(path=_ONE, view=show, needs=(_GET,)),
        PageRoute(path=f"{_ONE}/preview", view=preview, method="POST", needs=(_PREVIEW,)),
        PageRoute(path=f"{_ONE}/recipients", view=add, method="POST", needs=(_ADD,)),
        PageRoute(path=f"{_ONE}/approve", view=approve, method="POST", needs=(_APPROVE,)),
        PageRoute(path=f"{_ONE}/stop", view=stop, method="POST", needs=(_STOP,)),
        PageRoute(path=f"{_ONE}/events", view=record, method="POST", needs=(_EVENT,)),
        PageRoute(path=f"{_ONE}/report", view=report, method="POST", needs=(_REPORT,)),
    ),
)
