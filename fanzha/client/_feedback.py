"""Feedback to the service: call ends, confirmed and dismissed hits. Never retried."""

from collections.abc import Sequence

from fanzha.client._core import Core
from fanzha.v1 import feedback_pb2 as pb

TIMEOUT = 5.0
"""Seconds: no call waits for these, and the service may wait two for its disk."""


async def call_ends(
    core: Core, ends: Sequence[pb.CallEnd], timeout: float
) -> pb.ReportCallEndsResponse:
    """Report up to 4096 ended calls."""
    request = pb.ReportCallEndsRequest(ends=ends)
    answer: pb.ReportCallEndsResponse = await core.call_once("ReportCallEnds", request, timeout)
    return answer


async def confirm(
    core: Core, decision_id: int, confirmed_by: str, note: str, timeout: float
) -> pb.ConfirmHitResponse:
    """Report that a decision was about fraud."""
    request = pb.ConfirmHitRequest(decision_id=decision_id, confirmed_by=confirmed_by, note=note)
    answer: pb.ConfirmHitResponse = await core.call_once("ConfirmHit", request, timeout)
    return answer


async def dismiss(
    core: Core, decision_id: int, dismissed_by: str, note: str, timeout: float
) -> pb.DismissHitResponse:
    """Report that a decision was not about fraud."""
    request = pb.DismissHitRequest(decision_id=decision_id, dismissed_by=dismissed_by, note=note)
    answer: pb.DismissHitResponse = await core.call_once("DismissHit", request, timeout)
    return answer
