"""Serves FeedbackService: converts messages, calls the service, converts back."""

from typing import Any

import numpy as np

from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.v1 import feedback_pb2 as pb
from fanzha.v1 import feedback_pb2_grpc as pb_grpc
from services.auth import identity
from services.feedback.call_ends import CallEndReports, CallEnds
from services.feedback.service import (
    DecidedTraffic,
    FeedbackService,
    FeedbackVerdict,
    RecordedVerdict,
)


class FeedbackServicer(pb_grpc.FeedbackServiceServicer):
    """Takes verdicts and call ends. Errors become statuses in the error interceptor."""

    def __init__(self, feedback: FeedbackService, call_ends: CallEndReports) -> None:
        self._feedback = feedback
        self._call_ends = call_ends

    async def ConfirmHit(
        self, request: pb.ConfirmHitRequest, context: object
    ) -> pb.ConfirmHitResponse:
        verdict = FeedbackVerdict(
            decision_id=request.decision_id,
            by=_by(request.confirmed_by),
            note=request.note,
            fraud_type=_fraud_type(request.fraud_type),
        )
        traffic = _traffic(request.traffic) if request.HasField("traffic") else None
        recorded = await self._feedback.confirm(verdict, traffic)
        action: Any = int(recorded.action or 0)
        return pb.ConfirmHitResponse(
            first=recorded.first,
            stream_id=recorded.stream_id,
            durability=_durability(recorded),
            action=action,
        )

    async def DismissHit(
        self, request: pb.DismissHitRequest, context: object
    ) -> pb.DismissHitResponse:
        recorded = await self._feedback.dismiss(
            FeedbackVerdict(
                decision_id=request.decision_id,
                by=_by(request.dismissed_by),
                note=request.note,
            )
        )
        return pb.DismissHitResponse(first=recorded.first, durability=_durability(recorded))

    async def ReportCallEnds(
        self, request: pb.ReportCallEndsRequest, context: object
    ) -> pb.ReportCallEndsResponse:
        ends = request.ends
        errors = self._call_ends.report(
            CallEnds(
                callers=[end.caller for end in ends],
                callees=[end.callee for end in ends],
                answered=np.array([end.answered for end in ends], np.bool_),
                durations_ms=np.array([end.duration_ms for end in ends], np.int64),
                ended_at_ms=np.array([end.ended_at_ms for end in ends], np.int64),
            )
        )
        return pb.ReportCallEndsResponse(
            accepted=len(ends) - len(errors),
            errors=[pb.RowError(row=row, error=errors[row]) for row in sorted(errors)],
        )


def _traffic(message: pb.DecidedTraffic) -> DecidedTraffic:
    return DecidedTraffic(
        channel=int(message.channel),
        from_party=message.from_party,
        to_party=message.to_party,
        url=message.url,
        occurred_at_ms=message.occurred_at_ms,
        fingerprint=message.fingerprint,
    )


def _fraud_type(value: int) -> FraudType:
    try:
        return FraudType(value)
    except ValueError:
        raise InvalidInput("fraud_type: unknown: {value}", value=value) from None


def _durability(recorded: RecordedVerdict) -> Any:
    return int(recorded.durability)


def _by(given: str) -> str:
    """Return the author: the authenticated caller, else the required name in the request."""
    return given if identity.current().development else identity.author(given)
