"""Serves WarningBackfillService: converts messages, calls the services, converts back."""

from collections.abc import Callable
from typing import Any

from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.v1 import warning_backfill_pb2 as pb
from fanzha.v1 import warning_backfill_pb2_grpc as pb_grpc
from services.decision_log.recipient_subject import SubjectKind
from services.rpc.warnings import pending_messages
from services.rpc.warnings.pending_messages import KINDS
from services.warning.backfill.model import Backfill, BackfillState
from services.warning.backfill.pending_service import PendingBackfillService
from services.warning.backfill.runner import DEFAULT_RATE
from services.warning.backfill.service import BackfillPreview, BackfillRequest, BackfillService
from services.warning.backfill.suspected_hits import SuspectedHitService

_LISTED = 100
_STATES = dict(zip(BackfillState, (1, 2, 3), strict=True))
"""The numbers of the wire, in the order of the enums."""
_wire: Callable[[int], Any] = int


class WarningBackfillServicer(pb_grpc.WarningBackfillServiceServicer):
    """Previews, starts and stops backfills. Errors become statuses in the error interceptor."""

    def __init__(
        self,
        backfills: BackfillService,
        pending: PendingBackfillService,
        suspects: SuspectedHitService,
    ) -> None:
        self._backfills = backfills
        self._pending = pending
        self._suspects = suspects

    async def PreviewBackfill(
        self, request: pb.PreviewBackfillRequest, context: object
    ) -> pb.PreviewBackfillResponse:
        subject = _request(request.subject)
        return _preview(subject, await self._backfills.preview(subject))

    async def StartBackfill(
        self, request: pb.StartBackfillRequest, context: object
    ) -> pb.StartBackfillResponse:
        backfill = await self._backfills.start(
            _request(request.subject),
            rate=request.rate or DEFAULT_RATE,
            fraud_type=_fraud_type(request.fraud_type),
            by=request.started_by,
        )
        return pb.StartBackfillResponse(backfill=_backfill(backfill))

    async def ListBackfills(
        self, request: pb.ListBackfillsRequest, context: object
    ) -> pb.ListBackfillsResponse:
        return pb.ListBackfillsResponse(backfills=map(_backfill, await self._backfills.backfills()))

    async def StopBackfill(
        self, request: pb.StopBackfillRequest, context: object
    ) -> pb.StopBackfillResponse:
        stopped = await self._backfills.stop(request.backfill_id, by=request.stopped_by)
        return pb.StopBackfillResponse(backfill=_backfill(stopped))

    async def ListPendingBackfills(
        self, request: pb.ListPendingBackfillsRequest, context: object
    ) -> pb.ListPendingBackfillsResponse:
        found = await self._pending.backfills(
            everything=request.all, count=request.page_size or _LISTED
        )
        return pb.ListPendingBackfillsResponse(
            backfills=map(pending_messages.pending_backfill, found)
        )

    async def GetPendingBackfill(
        self, request: pb.GetPendingBackfillRequest, context: object
    ) -> pb.GetPendingBackfillResponse:
        found = await self._pending.get(request.backfill_id, count=request.count)
        return pb.GetPendingBackfillResponse(backfill=pending_messages.pending_backfill(found))

    async def StartPendingBackfill(
        self, request: pb.StartPendingBackfillRequest, context: object
    ) -> pb.StartPendingBackfillResponse:
        begun = await self._pending.start(
            request.backfill_id, rate=request.rate or DEFAULT_RATE, by=request.started_by
        )
        return pb.StartPendingBackfillResponse(backfill=_backfill(begun.backfill))

    async def DropPendingBackfill(
        self, request: pb.DropPendingBackfillRequest, context: object
    ) -> pb.DropPendingBackfillResponse:
        dropped = await self._pending.drop(
            request.backfill_id, reason=request.reason, by=request.dropped_by
        )
        return pb.DropPendingBackfillResponse(backfill=pending_messages.pending_backfill(dropped))

    async def PreviewSuspects(
        self, request: pb.PreviewSuspectsRequest, context: object
    ) -> pb.PreviewSuspectsResponse:
        found = await self._suspects.preview(_kind(request.kind), request.pattern)
        return pb.PreviewSuspectsResponse(
            pattern=found.subject.pattern,
            hits=found.hits,
            persons=len(found.people),
            by_channel=found.by_channel,
            by_reason=found.by_reason,
            dismissed=found.dismissed,
            confirmed=found.confirmed,
            left_out=found.left_out,
            until_place=found.until,
        )

    async def ConfirmSuspects(
        self, request: pb.ConfirmSuspectsRequest, context: object
    ) -> pb.ConfirmSuspectsResponse:
        done = await self._suspects.confirm(
            _kind(request.kind),
            request.pattern,
            place=request.place,
            until=request.until_place,
            fraud_type=_fraud_type(request.fraud_type),
            note=request.note,
            by=request.confirmed_by,
        )
        return pb.ConfirmSuspectsResponse(
            hits=done.hits, before=done.before, next_place=done.next_place
        )


def _fraud_type(number: int) -> FraudType:
    try:
        return FraudType(number)
    except ValueError:
        raise InvalidInput("fraud_type: unknown number {number}", number=number) from None


def _kind(number: int) -> SubjectKind:
    for kind in SubjectKind:
        if KINDS[kind.value] == number:
            return kind
    raise InvalidInput("kind: required; unknown number {number}", number=number)


def _request(subject: pb.BackfillSubject) -> BackfillRequest:
    return BackfillRequest(kind=_kind(subject.kind), pattern=subject.pattern, days=subject.days)


def _preview(subject: BackfillRequest, found: BackfillPreview) -> pb.PreviewBackfillResponse:
    reached = found.reached
    return pb.PreviewBackfillResponse(
        subject=pb.BackfillSubject(
            kind=_wire(KINDS[subject.kind.value]), pattern=found.subject.pattern, days=subject.days
        ),
        persons=len(reached.persons),
        lower_bound=found.sampled,
        logged=reached.logged,
        events=reached.events,
        blocked=reached.blocked,
        blocked_persons=reached.blocked_persons,
        non_persons=reached.non_persons,
        covers_from_ms=reached.covers_from_ms,
        torn=len(reached.torn),
        left_out=reached.left_out,
        by_exposure=found.by_exposure,
        by_channel=found.by_channel,
        by_region=found.by_region,
        by_day=found.by_day,
    )


def _backfill(backfill: Backfill) -> pb.Backfill:
    return pb.Backfill(
        backfill_id=backfill.id,
        subject=pb.BackfillSubject(
            kind=_wire(KINDS[backfill.kind]), pattern=backfill.pattern, days=backfill.days
        ),
        rate=backfill.rate,
        persons=backfill.total,
        done=backfill.done,
        opened=backfill.counts.get("accepted", 0),
        joined=backfill.counts.get("joined", 0),
        known=backfill.counts.get("duplicate", 0),
        refused=backfill.counts.get("refused", 0),
        state=_wire(_STATES[backfill.state]),
        started_by=backfill.by,
        started_at_ms=backfill.started_at_ms,
        stopped_by=backfill.stopped_by,
        ended_at_ms=backfill.ended_at_ms,
    )
