"""Serves RiskService.

What one identity may ask about is limited by numbers, too: a hundred of them in each request would
otherwise read the lists out, number by number.
"""

from collections.abc import Callable
from time import monotonic
from typing import Any

from fanzha.translation.catalogue import gettext_noop
from fanzha.v1 import risk_pb2 as pb
from fanzha.v1 import risk_pb2_grpc as pb_grpc
from services.auth import identity
from services.risk.service import MOST_NUMBERS, NumberRating, RiskRatings
from services.rpc.middleware.identity_limits import BURST_SECONDS, IdentityLimits

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int
_MANY_NUMBERS = gettext_noop(
    "{name} may ask about {per_second:g} numbers a second of each process; retry in "
    "{wait_ms:.0f} ms"
)


class RiskServicer(pb_grpc.RiskServiceServicer):
    """Serves ratings. Errors become statuses in the error interceptor."""

    def __init__(
        self,
        ratings: RiskRatings,
        numbers_per_second: float = 0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """*numbers_per_second* is what one identity may ask about; 0: no limit."""
        self._ratings = ratings
        self._limits: IdentityLimits | None = None
        if numbers_per_second:
            # A full request must fit, however low the rate.
            burst = max(BURST_SECONDS, MOST_NUMBERS / numbers_per_second)
            self._limits = IdentityLimits(
                numbers_per_second, clock, burst_seconds=burst, message=_MANY_NUMBERS
            )

    async def RateNumbers(
        self, request: pb.RateNumbersRequest, context: object
    ) -> pb.RateNumbersResponse:
        if self._limits is not None and len(request.numbers) <= MOST_NUMBERS:
            self._limits.take(identity.current().name, len(request.numbers))
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
