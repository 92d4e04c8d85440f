"""Serves EducationService: converts messages, calls the service, converts back."""

from collections.abc import AsyncIterator

from fanzha.errors import InvalidInput
from fanzha.v1 import education_pb2 as pb
from fanzha.v1 import education_pb2_grpc as pb_grpc
from infra import paging
from services.education import queries
from services.education.model import EducationCampaign
from services.education.queries import EducationFilter
from services.education.wiring import WiredEducation
from services.rpc.education import messages

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 500


class EducationServicer(pb_grpc.EducationServiceServicer):
    """Serves campaigns. Errors become statuses in the error interceptor."""

    def __init__(self, wired: WiredEducation) -> None:
        self._campaigns = wired.campaigns
        self._measurement = wired.measurement

    async def CreateEducationCampaign(
        self, request: pb.CreateEducationCampaignRequest, context: object
    ) -> pb.CreateEducationCampaignResponse:
        draft = messages.draft(request.campaign)
        campaign, first = await self._campaigns.create(draft, request.by)
        return pb.CreateEducationCampaignResponse(campaign=await self._shown(campaign), first=first)

    async def EditEducationCampaign(
        self, request: pb.EditEducationCampaignRequest, context: object
    ) -> pb.EditEducationCampaignResponse:
        given = request.campaign
        campaign = await self._campaigns.edit(
            given.campaign_id, given.revision, messages.draft(given), request.by
        )
        return pb.EditEducationCampaignResponse(campaign=await self._shown(campaign))

    async def AddEducationRecipients(
        self, request: pb.AddEducationRecipientsRequest, context: object
    ) -> pb.AddEducationRecipientsResponse:
        done = await self._campaigns.add_recipients(
            request.campaign_id,
            request.revision,
            [messages.row(one) for one in request.recipients],
            replaces=request.replace,
            by_field=request.by,
        )
        return pb.AddEducationRecipientsResponse(
            campaign=await self._shown(done.campaign),
            added=done.added,
            replaced=done.replaced,
            without_consent=done.without_consent,
            faults=[
                pb.EducationRecipientFault(row=one.row, message=one.why) for one in done.faults
            ],
        )

    async def PreviewEducationCampaign(
        self, request: pb.PreviewEducationCampaignRequest, context: object
    ) -> pb.PreviewEducationCampaignResponse:
        return messages.preview(await self._campaigns.preview(request.campaign_id))

    async def ApproveEducationCampaign(
        self, request: pb.ApproveEducationCampaignRequest, context: object
    ) -> pb.ApproveEducationCampaignResponse:
        campaign = await self._campaigns.approve(
            request.campaign_id, request.revision, request.note, request.by
        )
        return pb.ApproveEducationCampaignResponse(campaign=await self._shown(campaign))

    async def StopEducationCampaign(
        self, request: pb.StopEducationCampaignRequest, context: object
    ) -> pb.StopEducationCampaignResponse:
        campaign = await self._campaigns.stop(request.campaign_id, request.note, request.by)
        return pb.StopEducationCampaignResponse(campaign=await self._shown(campaign))

    async def RecordEducationEvent(
        self, request: pb.RecordEducationEventRequest, context: object
    ) -> pb.RecordEducationEventResponse:
        campaign = await self._campaigns.record_event(
            request.campaign_id, messages.event(request.event), request.by
        )
        return pb.RecordEducationEventResponse(campaign=await self._shown(campaign))

    async def GetEducationCampaign(
        self, request: pb.GetEducationCampaignRequest, context: object
    ) -> pb.GetEducationCampaignResponse:
        campaign = await self._campaigns.get(request.campaign_id)
        return pb.GetEducationCampaignResponse(campaign=await self._shown(campaign))

    async def ListEducationCampaigns(
        self, request: pb.ListEducationCampaignsRequest, context: object
    ) -> pb.ListEducationCampaignsResponse:
        size = request.page_size or DEFAULT_PAGE_SIZE
        if size > MAX_PAGE_SIZE:
            raise InvalidInput(
                "page_size: must be 1 to {most}, not {given}", most=MAX_PAGE_SIZE, given=size
            )
        wanted = EducationFilter(state=int(request.state), occasion=int(request.occasion))
        start = paging.number_of(request.page_token)
        found = queries.select(await self._campaigns.all(), wanted, start, size)
        return pb.ListEducationCampaignsResponse(
            campaigns=[messages.campaign(one, history=False) for one in found.page],
            next_page_token=paging.position_at(found.next_start),
            total=found.total,
        )

    async def GetEducationReport(
        self, request: pb.GetEducationReportRequest, context: object
    ) -> AsyncIterator[pb.GetEducationReportResponse]:
        async for one in self._measurement.make(request.campaign_id):
            yield pb.GetEducationReportResponse(
                examined=one.examined,
                expected=one.expected,
                report=messages.report(one.report) if one.report else None,
            )

    async def _shown(self, campaign: EducationCampaign) -> pb.EducationCampaign:
        return messages.campaign(campaign, await self._campaigns.counts(campaign))
