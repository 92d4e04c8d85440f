"""Serves CaseService: converts messages, calls the desk, converts back."""

from fanzha.v1 import case_pb2 as pb
from fanzha.v1 import case_pb2_grpc as pb_grpc
from infra import paging
from services.rpc.cases import messages
from services.warning.cases.model import Case
from services.warning.desk import masking
from services.warning.desk.actions import CaseClosure
from services.warning.desk.filter import CaseFilter
from services.warning.desk.service import CaseCommand, CaseDesk
from services.warning.intake.parser import WarningParser


class CaseServicer(pb_grpc.CaseServiceServicer):
    """Lets dispatchers work on cases. Errors become statuses in the error interceptor."""

    def __init__(self, desk: CaseDesk, reader: WarningParser) -> None:
        self._desk = desk
        self._reader = reader

    async def ListCases(
        self, request: pb.ListCasesRequest, context: object
    ) -> pb.ListCasesResponse:
        case_filter = CaseFilter(
            region=request.region,
            tiers=frozenset(map(messages.tier, request.tiers)),
            states=frozenset(map(messages.state, request.states)),
            officer=request.officer,
            fraud_types=frozenset(map(messages.fraud_type, request.fraud_types)),
            due_before_ms=request.due_before_ms,
            overdue=request.overdue_only,
        )
        listed = await self._desk.list(
            case_filter, size=request.page_size, after=request.page_token
        )
        now = self._desk.now_ms()
        return pb.ListCasesResponse(
            cases=[messages.summary(one, now) for one in listed.cases],
            next_page_token=listed.next,
            cut_short=listed.cut_short,
        )

    async def GetCase(self, request: pb.GetCaseRequest, context: object) -> pb.GetCaseResponse:
        case, masked = await self._desk.get(request.case_id)
        return pb.GetCaseResponse(found=messages.case(case, self._desk.now_ms(), masked=masked))

    async def GetCaseHistory(
        self, request: pb.GetCaseHistoryRequest, context: object
    ) -> pb.GetCaseHistoryResponse:
        found = await self._desk.history(
            request.case_id, after=paging.number_of(request.page_token), size=request.page_size
        )
        return pb.GetCaseHistoryResponse(
            events=map(messages.event, found.events),
            next_page_token=paging.position_at(found.next),
            masked=found.masked,
        )

    async def AssignCase(
        self, request: pb.AssignCaseRequest, context: object
    ) -> pb.AssignCaseResponse:
        case = await self._desk.assign(
            _command(request), region=request.region, officer=request.officer, why=request.reason
        )
        return pb.AssignCaseResponse(found=self._shown(case))

    async def TakeCase(self, request: pb.TakeCaseRequest, context: object) -> pb.TakeCaseResponse:
        case = await self._desk.take(_command(request), take_over=request.take_over)
        return pb.TakeCaseResponse(found=self._shown(case))

    async def NoteCase(self, request: pb.NoteCaseRequest, context: object) -> pb.NoteCaseResponse:
        case = await self._desk.note(
            _command(request),
            request.text,
            unreached=request.unreached,
            due_at_ms=request.due_at_ms,
        )
        return pb.NoteCaseResponse(found=self._shown(case))

    async def CloseCase(
        self, request: pb.CloseCaseRequest, context: object
    ) -> pb.CloseCaseResponse:
        closing = CaseClosure(
            outcome=messages.outcome(request.outcome),
            lost_fen=request.lost_fen if request.HasField("lost_fen") else None,
            lost_to=messages.lost_to(request.lost_to, self._reader),
            duplicate_of=request.duplicate_of,
        )
        case = await self._desk.close(_command(request), closing, request.reason)
        return pb.CloseCaseResponse(found=self._shown(case))

    def _shown(self, case: Case) -> pb.Case:
        """Write a changed case, masked; only GetCase returns whole numbers."""
        now = self._desk.now_ms()
        return messages.case(masking.case(case), now, masked=True)


def _command(
    request: pb.AssignCaseRequest | pb.TakeCaseRequest | pb.NoteCaseRequest | pb.CloseCaseRequest,
) -> CaseCommand:
    return CaseCommand(
        case_id=request.case_id,
        by=request.by,
        revision=request.revision if request.HasField("revision") else None,
    )
