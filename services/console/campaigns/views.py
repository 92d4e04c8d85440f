"""Campaigns: texts sent in bulk, what they are seen with, and what is done about them."""

from typing import Any

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from fanzha.v1 import decision_pb2, hit_pb2
from fanzha.v1 import warning_backfill_pb2 as backfill_pb
from services.auth import personal_data
from services.console.backend.faults import BackendFault
from services.console.campaigns import campaign_acts, graph, subject
from services.console.campaigns.subject import CampaignSubject
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, PageRoute

_LIST = "HitService/ListCampaigns"
_BACKFILLS = "WarningBackfillService/ListBackfills"
_PENDING = "WarningBackfillService/ListPendingBackfills"
MOST = 200
_DEFAULTS: dict[str, Any] = {
    "fault": "",
    "act": "",
    "values": {},
    "errors": {},
    "risks": (),
    "suspects": None,
    "count": None,
}


async def show(visit: PageRequest) -> Response:
    """Show the largest campaigns, and the backfills that wait or run."""
    unlisted = visit.query.get("unlisted") == "1"
    found = await visit.calls.unary(
        _LIST, hit_pb2.ListCampaignsRequest(limit=MOST, unlisted=unlisted)
    )
    running, pending = [], []
    if visit.may(_BACKFILLS, _PENDING):
        listed = await visit.calls.unary(_BACKFILLS, backfill_pb.ListBackfillsRequest())
        waiting = await visit.calls.unary(_PENDING, backfill_pb.ListPendingBackfillsRequest())
        running, pending = list(listed.backfills)[:20], list(waiting.backfills)
    return await visit.show(
        "campaigns/index.html",
        campaigns=found.campaigns,
        total=found.total,
        unlisted=unlisted,
        running=running,
        pending=pending,
        BackfillState=backfill_pb.BackfillState,
        BackfillKind=backfill_pb.BackfillKind,
        FraudType=decision_pb2.FraudType,
        may_start=visit.may(campaign_acts.START_PENDING),
    )


async def search(visit: PageRequest) -> Response:
    """Go to the page of what was typed; numbers and names stay out of the address."""
    text = visit.field("subject")[: subject.LONGEST]
    if not text:
        return await visit.redirect("/campaigns", message=Message("Type what to look for."))
    if text.startswith("fp1:"):
        return await visit.redirect(f"/campaigns/text/{text}")
    key = await visit.remember({"subject": text})
    return await visit.redirect(f"/campaigns/seen/{key}")


async def one(visit: PageRequest) -> Response:
    """Show one campaign, parties masked."""
    return await page(visit)


async def whole(visit: PageRequest) -> Response:
    """Show it with whole numbers; that is in the audit log."""
    return await page(visit, unmasked=True)


async def page(
    visit: PageRequest, *, unmasked: bool = False, status: int = 200, **form: Any
) -> Response:
    """Show the campaign of the address, with what a form had or counted."""
    about = subject.of_address(visit)
    if about is None:
        return await visit.redirect(
            "/campaigns", message=Message("That search is no longer known: type it again.")
        )
    drawn = None
    if visit.may(graph.RELATIONS):
        drawn = await _graph(about, visit, unmasked=unmasked)
    return await visit.show(
        "campaigns/one.html",
        status=status,
        about=about,
        campaign=await _campaign(about, visit),
        graph=drawn,
        graph_size=(graph.WIDTH, graph.HEIGHT),
        may_see_graph=visit.may(graph.RELATIONS),
        unmasked=unmasked,
        may_unmask=_may_unmask(visit) and visit.may(graph.RELATIONS),
        address_of=subject.address_of,
        sort_of=subject.sort_of,
        shown=subject.shown,
        kinds=[one.number for one in decision_pb2.FraudType.DESCRIPTOR.values if one.number],
        sources=[one.number for one in decision_pb2.Source.DESCRIPTOR.values if one.number],
        day_choices=campaign_acts.DAYS,
        acts=campaign_acts,
        FraudType=decision_pb2.FraudType,
        Source=decision_pb2.Source,
        **{**_DEFAULTS, **form},
    )


async def _graph(
    about: CampaignSubject, visit: PageRequest, *, unmasked: bool
) -> graph.RelationGraph | None:
    try:
        return await graph.of(about, visit, unmasked=unmasked)
    except BackendFault as fault:
        if fault.is_input:
            return None
        raise


async def _campaign(about: CampaignSubject, visit: PageRequest) -> hit_pb2.TextCampaign | None:
    """Return the figures of a text; None for what is none, or is not sent any more."""
    if not about.is_text:
        return None
    found = await visit.calls.unary(_LIST, hit_pb2.ListCampaignsRequest(limit=1000))
    known = {campaign.fingerprint: campaign for campaign in found.campaigns}
    return known.get(about.pattern)


def _may_unmask(visit: PageRequest) -> bool:
    roles = {role.value for role in personal_data.READERS}
    return visit.session.development or bool(roles & set(visit.session.roles))


_OF_ONE = "/{where}/{key}"
PAGE = ConsolePage(
    name="campaigns",
    title=gettext_noop("Campaigns"),
    key="f",
    needs=(_LIST,),
    routes=(
        PageRoute(path="", view=show),
        PageRoute(path="/search", view=search, method="POST"),
        PageRoute(
            path="/pending/{backfill_id}/start",
            view=campaign_acts.start_pending,
            method="POST",
            needs=(campaign_acts.START_PENDING,),
        ),
        PageRoute(path=_OF_ONE, view=one),
        PageRoute(path=f"{_OF_ONE}/whole", view=whole, method="POST", needs=(graph.RELATIONS,)),
        PageRoute(
            path=f"{_OF_ONE}/suspects",
            view=lambda visit: campaign_acts.count_suspects(visit, page),
            method="POST",
            needs=(campaign_acts.PREVIEW_SUSPECTS,),
        ),
        PageRoute(
            path=f"{_OF_ONE}/confirm",
            view=campaign_acts.confirm,
            method="POST",
            needs=(campaign_acts.CONFIRM_SUSPECTS,),
        ),
        PageRoute(
            path=f"{_OF_ONE}/list",
            view=lambda visit: campaign_acts.propose(visit, page),
            method="POST",
            needs=(campaign_acts.UPDATE,),
        ),
        PageRoute(
            path=f"{_OF_ONE}/count",
            view=lambda visit: campaign_acts.count(visit, page),
            method="POST",
            needs=(campaign_acts.PREVIEW,),
        ),
        PageRoute(
            path=f"{_OF_ONE}/backfill",
            view=campaign_acts.start,
            method="POST",
            needs=(campaign_acts.START,),
        ),
    ),
)
