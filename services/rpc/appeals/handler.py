"""Serves AppealService: converts messages, calls the appeal service, converts back."""

from fanzha.errors import InvalidInput
from fanzha.v1 import appeal_pb2 as pb
from fanzha.v1 import appeal_pb2_grpc as pb_grpc
from infra import paging, text_limits
from services.appeals import masking, review, submission
from services.appeals.model import STATEMENT, Appeal, AppealOutcome
from services.appeals.notices.writer import Notice
from services.appeals.service import Appeals, QueueFilter
from services.rpc.appeals import messages


class AppealServicer(pb_grpc.AppealServiceServicer):
    """Takes and decides appeals. Errors become statuses in the error interceptor."""

    def __init__(self, appeals: Appeals) -> None:
        self._appeals = appeals

    async def OpenAppeal(
        self, request: pb.OpenAppealRequest, context: object
    ) -> pb.OpenAppealResponse:
        language = messages.language(request.language)
        appeal, first = await self._appeals.opening.open(
            submission.AppealRequest(
                decision_id=request.decision_id,
                pattern=request.pattern,
                occurred_at_ms=request.occurred_at_ms,
                appellant=request.appellant,
                contact=request.contact,
                grounds=request.grounds,
                documents=messages.handed(request.documents),
                opened_by=request.opened_by,
                again=request.again,
            )
        )
        receipt = ""
        if not appeal.erased_at_ms:
            receipt = self._appeals.receipt(appeal, language).text
        return pb.OpenAppealResponse(appeal=self._masked(appeal), first=first, receipt=receipt)

    async def AddDocuments(
        self, request: pb.AddDocumentsRequest, context: object
    ) -> pb.AddDocumentsResponse:
        appeal = await self._appeals.opening.add_documents(
            request.appeal_id, messages.handed(request.documents), request.by
        )
        return pb.AddDocumentsResponse(appeal=self._masked(appeal))

    async def ListAppeals(
        self, request: pb.ListAppealsRequest, context: object
    ) -> pb.ListAppealsResponse:
        wanted = QueueFilter(
            state=messages.state(request.state),
            late=request.overdue_only,
            officer=request.officer,
            subject=self._appeals.opening.subject(request.pattern) if request.pattern else None,
            region=messages.region(request.region),
        )
        queue = await self._appeals.queue(
            wanted, paging.number_of(request.page_token), request.page_size
        )
        now = self._appeals.now_ms()
        return pb.ListAppealsResponse(
            appeals=[messages.appeal(one, now, masked=True) for one in queue.appeals],
            next_page_token=paging.position_at(queue.next_start),
            open=queue.summary.open,
            due_soon=queue.summary.due_soon,
            overdue=queue.summary.overdue,
        )

    async def GetAppeal(
        self, request: pb.GetAppealRequest, context: object
    ) -> pb.GetAppealResponse:
        appeal, evidence, masked = await self._appeals.get(request.appeal_id)
        now = self._appeals.now_ms()
        return pb.GetAppealResponse(
            appeal=messages.appeal(appeal, now, masked=masked),
            evidence=messages.evidence(evidence, now) if evidence else None,
        )

    async def GetDocument(
        self, request: pb.GetDocumentRequest, context: object
    ) -> pb.GetDocumentResponse:
        found = await self._appeals.document(request.appeal_id, request.sha256.lower())
        return pb.GetDocumentResponse(document=messages.document(*found))

    async def TakeAppeal(
        self, request: pb.TakeAppealRequest, context: object
    ) -> pb.TakeAppealResponse:
        appeal = await self._appeals.review.take(request.appeal_id, request.by)
        return pb.TakeAppealResponse(appeal=self._shown(appeal))

    async def DecideAppeal(
        self, request: pb.DecideAppealRequest, context: object
    ) -> pb.DecideAppealResponse:
        outcome = messages.state(request.outcome)
        if outcome is None:
            raise InvalidInput("outcome: upheld or rejected")
        appeal = await self._appeals.review.decide(
            review.ReviewDecision(
                appeal_id=request.appeal_id,
                outcome=outcome,
                reason=request.reason,
                remedy=request.remedy,
                documents_required=request.documents_required,
                by=request.by,
                expected_revision=request.expected_revision
                if request.HasField("expected_revision")
                else None,
                allow=request.allow,
                direction=int(request.direction),
                lift_pattern=request.lift_pattern,
                allow_days=request.allow_days,
            )
        )
        return pb.DecideAppealResponse(appeal=self._shown(appeal))

    async def WithdrawAppeal(
        self, request: pb.WithdrawAppealRequest, context: object
    ) -> pb.WithdrawAppealResponse:
        appeal = await self._appeals.review.withdraw(request.appeal_id, request.reason, request.by)
        return pb.WithdrawAppealResponse(appeal=self._masked(appeal))

    async def WriteNotice(
        self, request: pb.WriteNoticeRequest, context: object
    ) -> pb.WriteNoticeResponse:
        if request.HasField("draft"):
            return self._notice(await self._draft(request))
        notice = await self._appeals.notice(
            request.appeal_id,
            messages.notice_kind(request.kind),
            messages.language(request.language),
            delivered=request.delivered,
            by=request.by,
        )
        return self._notice(notice)

    async def WriteRestrictionNotice(
        self, request: pb.WriteRestrictionNoticeRequest, context: object
    ) -> pb.WriteRestrictionNoticeResponse:
        notice = await self._appeals.restriction(
            request.decision_id, request.pattern, messages.language(request.language)
        )
        return pb.WriteRestrictionNoticeResponse(text=notice.text, template_version=notice.template)

    async def GetAppealReport(
        self, request: pb.GetAppealReportRequest, context: object
    ) -> pb.GetAppealReportResponse:
        return messages.report(await self._appeals.report(request.since_ms, request.until_ms))

    async def _draft(self, request: pb.WriteNoticeRequest) -> Notice:
        if request.delivered or request.kind:
            raise InvalidInput("draft: without kind and delivered")
        draft = request.draft
        outcome = messages.state(draft.outcome)
        if outcome is None:
            raise InvalidInput("outcome: upheld or rejected")
        terms = AppealOutcome(
            reason=text_limits.required("reason", draft.reason, STATEMENT),
            remedy=text_limits.optional("remedy", draft.remedy, STATEMENT),
            documents_required=text_limits.optional(
                "documents_required", draft.documents_required, STATEMENT
            ),
        )
        language = messages.language(request.language)
        return await self._appeals.draft(request.appeal_id, outcome, language, terms)

    @staticmethod
    def _notice(notice: Notice) -> pb.WriteNoticeResponse:
        return pb.WriteNoticeResponse(
            text=notice.text, template_version=notice.template, kind=messages.KINDS[notice.kind]
        )

    def _masked(self, appeal: Appeal) -> pb.Appeal:
        return messages.appeal(masking.appeal(appeal), self._appeals.now_ms(), masked=True)

    def _shown(self, appeal: Appeal) -> pb.Appeal:
        if not masking.sees_personal_data():
            return self._masked(appeal)
        return messages.appeal(appeal, self._appeals.now_ms(), masked=False)
