"""Serves WarningReachService: convert, look and start, convert back."""

from collections.abc import Callable
from typing import Any

from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.v1 import warning_reach_pb2 as pb
from fanzha.v1 import warning_reach_pb2_grpc as pb_grpc
from services.decision_log.recipient_subject import SubjectKind
from services.rpc.warnings import pending_messages as waiting_messages
from services.rpc.warnings.pending_messages import KINDS
from services.warning.backfill.pending_service import PendingBackfillService
from services.warning.backfill.runner import DEFAULT_RATE
from services.warning.backfill.service import BackfillPreview, BackfillRequest, BackfillService
from services.warning.backfill.store import Backfill, BackfillState
from services.warning.backfill.suspected_hits import SuspectedHitService

_LISTED = 100
_STATES = dict(zip(BackfillState, (1, 2, 3), strict=True))
"""The numbers of the wire, in the order of the enums."""
_wire: Callable[[int], Any] = int


class WarningBackfillServicer(pb_grpc.WarningReachServiceServicer):
    """Reaches back. Errors become statuses in the error interceptor."""

    def __init__(
        self,
        reaching: BackfillService,
        waiting: PendingBackfillService,
        suspects: SuspectedHitService,
    ) -> None:
        self._reaching = reaching
        self._waiting = waiting
        self._suspects = suspects

    async def PreviewReach(
        self, request: pb.PreviewReachRequest, context: object
    ) -> pb.PreviewReachResponse:
        asked = _asked(request.subject)
        return _preview(asked, await self._reaching.preview(asked))

    async def StartReach(
        self, request: pb.StartReachRequest, context: object
    ) -> pb.StartReachResponse:
        reach = await self._reaching.start(
            _asked(request.subject),
            rate=request.rate or DEFAULT_RATE,
            fraud_type=_fraud_type(request.fraud_type),
            by=request.started_by,
        )
        return pb.StartReachResponse(reach=_reach(reach))

    async def ListReaches(
        self, request: pb.ListReachesRequest, context: object
    ) -> pb.ListReachesResponse:
        return pb.ListReachesResponse(reaches=map(_reach, await self._reaching.reaches()))

    async def StopReach(
        self, request: pb.StopReachRequest, context: object
    ) -> pb.StopReachResponse:
        stopped = await self._reaching.stop(request.reach_id, by=request.stopped_by)
        return pb.StopReachResponse(reach=_reach(stopped))

    async def ListWaitingReaches(
        self, request: pb.ListWaitingReachesRequest, context: object
    ) -> pb.ListWaitingReachesResponse:
        found = await self._waiting.reaches(
            everything=request.all, count=request.page_size or _LISTED
        )
        return pb.ListWaitingReachesResponse(reaches=map(waiting_messages.waiting, found))

    async def GetWaitingReach(
        self, request: pb.GetWaitingReachRequest, context: object
    ) -> pb.GetWaitingReachResponse:
        found = await self._waiting.get(request.waiting_id, count=request.count)
        return pb.GetWaitingReachResponse(reach=waiting_messages.waiting(found))

    async def StartWaitingReach(
        self, request: pb.StartWaitingReachRequest, context: object
    ) -> pb.StartWaitingReachResponse:
        begun = await self._waiting.start(
            request.waiting_id, rate=request.rate or DEFAULT_RATE, by=request.started_by
        )
        return pb.StartWaitingReachResponse(reach=_reach(begun.reach))

    async def DropWaitingReach(
        self, request: pb.DropWaitingReachRequest, context: object
    ) -> pb.DropWaitingReachResponse:
        dropped = await self._waiting.drop(
            request.waiting_id, reason=request.reason, by=request.dropped_by
        )
        return pb.DropWaitingReachResponse(reach=waiting_messages.waiting(dropped))

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
        raise InvalidInput(f"fraud_type: none has number {number}") from None


def _kind(number: int) -> SubjectKind:
    for kind in SubjectKind:
        if KINDS[kind.value] == number:
            return kind
    raise InvalidInput(f"kind: required; there is none with number {number}")


def _asked(subject: pb.ReachSubject) -> BackfillRequest:
    return BackfillRequest(kind=_kind(subject.kind), pattern=subject.pattern, days=subject.days)


def _preview(asked: BackfillRequest, found: BackfillPreview) -> pb.PreviewReachResponse:
    reached = found.reached
    return pb.PreviewReachResponse(
        subject=pb.ReachSubject(
            kind=_wire(KINDS[asked.kind.value]), pattern=found.subject.pattern, days=asked.days
        ),
        persons=len(reached.persons),
        lower_bound=found.sampled,
        logged=reached.logged,
        events=reached.events,
        blocked=reached.blocked,
        blocked_persons=reached.blocked_persons,
        nobody=reached.nobody,
        covers_from_ms=reached.covers_from_ms,
        torn=len(reached.torn),
        left_out=reached.left_out,
        by_exposure=found.by_exposure,
        by_channel=found.by_channel,
        by_region=found.by_region,
        by_day=found.by_day,
    )


def _reach(reach: Backfill) -> pb.Reach:
    return pb.Reach(
        reach_id=reach.id,
        subject=pb.ReachSubject(
            kind=_wire(KINDS[reach.kind]), pattern=reach.pattern, days=reach.days
        ),
        rate=reach.rate,
        persons=reach.total,
        done=reach.done,
        opened=reach.counts.get("accepted", 0),
        joined=reach.counts.get("joined", 0),
        known=reach.counts.get("duplicate", 0),
        refused=reach.counts.get("refused", 0),
        state=_wire(_STATES[reach.state]),
        started_by=reach.by,
        started_at_ms=reach.started_at_ms,
        stopped_by=reach.stopped_by,
        ended_at_ms=reach.ended_at_ms,
    )
