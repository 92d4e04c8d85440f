"""Serves CaseService: converts messages, calls the desk, converts back."""

from fanzha.translation.negotiation import for_caller
from fanzha.v1 import case_pb2 as pb
from fanzha.v1 import case_pb2_grpc as pb_grpc
from infra import paging
from services.rpc.cases import messages
from services.warning.cases.model import Case
from services.warning.desk import masking
from services.warning.desk.actions import CaseClosure, CaseNote
from services.warning.desk.filter import CaseFilter
from services.warning.desk.queue import CaseQueue
from services.warning.desk.service import CaseCommand, CaseDesk
from services.warning.intake.parser import WarningParser
from services.warning.robot.screen import DialogueScreen


class CaseServicer(pb_grpc.CaseServiceServicer):
    """Lets dispatchers work on cases. Errors become statuses in the error interceptor."""

    def __init__(
        self, desk: CaseDesk, queue: CaseQueue, reader: WarningParser, screen: DialogueScreen
    ) -> None:
        self._desk = desk
        self._queue = queue
        self._reader = reader
        self._screen = screen

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
            awaits_receipt=request.awaits_receipt_only,
        )
        listed = await self._desk.list(
            case_filter, size=request.page_size, after=request.page_token
        )
        now = self._desk.now_ms()
        return pb.ListCasesResponse(
            cases=messages.summaries(listed, now),
            next_page_token=listed.next,
            cut_short=listed.cut_short,
        )

    async def GetCase(self, request: pb.GetCaseRequest, context: object) -> pb.GetCaseResponse:
        case, masked = await self._desk.get(request.case_id, masked=request.masked)
        claim = await self._desk.claim(case.id)
        now = self._desk.now_ms()
        return pb.GetCaseResponse(found=messages.case(case, now, masked=masked, claim=claim))

    async def UnmaskCase(
        self, request: pb.UnmaskCaseRequest, context: object
    ) -> pb.UnmaskCaseResponse:
        case = await self._desk.unmask(request.case_id, request.reason, request.by)
        claim = await self._desk.claim(case.id)
        now = self._desk.now_ms()
        return pb.UnmaskCaseResponse(found=messages.case(case, now, masked=False, claim=claim))

    async def GetCaseHistory(
        self, request: pb.GetCaseHistoryRequest, context: object
    ) -> pb.GetCaseHistoryResponse:
        found = await self._desk.history(
            request.case_id,
            after=paging.number_of(request.page_token),
            size=request.page_size,
            masked=request.masked,
            newest_first=request.newest_first,
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

    async def AssignCases(
        self, request: pb.AssignCasesRequest, context: object
    ) -> pb.AssignCasesResponse:
        refused = await self._desk.assign_all(
            request.case_ids,
            region=request.region,
            officer=request.officer,
            why=request.reason,
            by=request.by,
        )
        return pb.AssignCasesResponse(
            assignments=[
                pb.CaseAssignment(
                    case_id=case_id, refused=for_caller(error.as_message()) if error else ""
                )
                for case_id, error in refused.items()
            ]
        )

    async def ClaimCase(
        self, request: pb.ClaimCaseRequest, context: object
    ) -> pb.ClaimCaseResponse:
        claim, mine = await self._queue.claim(
            request.case_id, request.by, take_over=request.take_over
        )
        return pb.ClaimCaseResponse(claimed=mine, holder=claim.holder, until_ms=claim.until_ms)

    async def ReleaseCase(
        self, request: pb.ReleaseCaseRequest, context: object
    ) -> pb.ReleaseCaseResponse:
        released = await self._queue.release(request.case_id, request.by)
        return pb.ReleaseCaseResponse(released=released)

    async def ClaimNextCase(
        self, request: pb.ClaimNextCaseRequest, context: object
    ) -> pb.ClaimNextCaseResponse:
        case_filter = CaseFilter(
            region=request.region,
            tiers=frozenset(map(messages.tier, request.tiers)),
            fraud_types=frozenset(map(messages.fraud_type, request.fraud_types)),
        )
        case = await self._queue.next(case_filter, request.by)
        claim = await self._desk.claim(case.id)
        now = self._desk.now_ms()
        return pb.ClaimNextCaseResponse(found=messages.summary(case, now, claim))

    async def SkipCase(self, request: pb.SkipCaseRequest, context: object) -> pb.SkipCaseResponse:
        command = CaseCommand(case_id=request.case_id, by=request.by)
        case = await self._desk.skip(command, request.reason)
        return pb.SkipCaseResponse(found=self._shown(case))

    async def GetCaseBoard(
        self, request: pb.GetCaseBoardRequest, context: object
    ) -> pb.GetCaseBoardResponse:
        per_tier = request.cases_per_tier if request.HasField("cases_per_tier") else None
        board = await self._queue.board(request.region, per_tier=per_tier)
        now = self._desk.now_ms()
        return pb.GetCaseBoardResponse(tiers=[messages.board_tier(one, now) for one in board])

    async def GetCallScript(
        self, request: pb.GetCallScriptRequest, context: object
    ) -> pb.GetCallScriptResponse:
        written = await self._queue.script(request.case_id, request.language)
        return pb.GetCallScriptResponse(text=written.text, template=written.template)

    async def TakeCase(self, request: pb.TakeCaseRequest, context: object) -> pb.TakeCaseResponse:
        case = await self._desk.take(_command(request), take_over=request.take_over)
        return pb.TakeCaseResponse(found=self._shown(case))

    async def NoteCase(self, request: pb.NoteCaseRequest, context: object) -> pb.NoteCaseResponse:
        case = await self._desk.note(
            _command(request),
            request.text,
            CaseNote(
                unreached=request.unreached,
                due_at_ms=request.due_at_ms,
                evidence=messages.means(request.evidence, self._reader, "evidence"),
            ),
        )
        return pb.NoteCaseResponse(found=self._shown(case))

    async def CloseCase(
        self, request: pb.CloseCaseRequest, context: object
    ) -> pb.CloseCaseResponse:
        closing = CaseClosure(
            outcome=messages.outcome(request.outcome),
            lost_fen=request.lost_fen if request.HasField("lost_fen") else None,
            lost_to=messages.means(request.lost_to, self._reader),
            duplicate_of=request.duplicate_of,
        )
        case = await self._desk.close(_command(request), closing, request.reason)
        return pb.CloseCaseResponse(found=self._shown(case))

    async def RequestStopPayment(
        self, request: pb.RequestStopPaymentRequest, context: object
    ) -> pb.RequestStopPaymentResponse:
        case = await self._desk.stop_payment(_command(request), request.said)
        return pb.RequestStopPaymentResponse(found=self._shown(case))

    async def RecordStopPaymentReceipt(
        self, request: pb.RecordStopPaymentReceiptRequest, context: object
    ) -> pb.RecordStopPaymentReceiptResponse:
        case = await self._desk.record_receipt(_command(request), request.receipt)
        return pb.RecordStopPaymentReceiptResponse(found=self._shown(case))

    async def GetRobotDialogue(
        self, request: pb.GetRobotDialogueRequest, context: object
    ) -> pb.GetRobotDialogueResponse:
        found = await self._screen.of_case(request.case_id, request.language)
        return messages.dialogue(found)

    def _shown(self, case: Case) -> pb.Case:
        """Write a changed case, masked; only GetCase returns whole numbers."""
        now = self._desk.now_ms()
        return messages.case(masking.case(case), now, masked=True)


def _command(
    request: pb.AssignCaseRequest
    | pb.TakeCaseRequest
    | pb.NoteCaseRequest
    | pb.CloseCaseRequest
    | pb.RequestStopPaymentRequest
    | pb.RecordStopPaymentReceiptRequest,
) -> CaseCommand:
    return CaseCommand(
        case_id=request.case_id,
        by=request.by,
        revision=request.revision if request.HasField("revision") else None,
    )
