"""Serves RiskService."""

from collections.abc import Callable
from typing import Any

from fanzha.v1 import risk_pb2 as pb
from fanzha.v1 import risk_pb2_grpc as pb_grpc
from services.risk.service import NumberRating, RiskRatings

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


class RiskServicer(pb_grpc.RiskServiceServicer):
    """Serves ratings. Errors become statuses in the error interceptor."""

    def __init__(self, ratings: RiskRatings) -> None:
        self._ratings = ratings

    async def RateNumbers(
        self, request: pb.RateNumbersRequest, context: object
    ) -> pb.RateNumbersResponse:
        found = await self._ratings.rate(list(request.numbers), request.purpose)
        return pb.RateNumbersResponse(risks=map(_risk, found))


def _risk(one: NumberRating) -> pb.NumberRisk:
    return pb.NumberRisk(
        rating=_wire(one.level),
        reasons=[reason.value for reason in one.reasons],
        since_ms=one.since_ms,
        valid_until_ms=one.valid_until_ms,
        unreadable=not one.readable,
    )
