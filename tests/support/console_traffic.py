"""Traffic for tests of the console: calls that a carrier asks about, with its own credential."""

from collections.abc import Mapping
from typing import Any

from fanzha.client import channels
from fanzha.v1 import change_pb2, change_pb2_grpc, decision_pb2
from fanzha.v1 import interception_pb2 as pb
from fanzha.v1 import interception_pb2_grpc as pb_grpc
from tests.support.browser import ConsoleService

DEADLINE = 60
LOGGED_AT_ONCE: Mapping[str, Any] = {
    "FANZHA_DECISION_LOG_FLUSH_SECONDS": "0.2",
    "FANZHA_DECISION_LOG_ALLOWED_ONE_IN": "1",
    "FANZHA_HIT_FLUSH_MS": "50",
}
"""Settings with which each decision is logged, and can be found at once."""
CALLEE = "+8617000000900"


def decide_calls(
    service: ConsoleService, *callers: str, callee: str = CALLEE, carrier: str = "cmcc"
) -> list[decision_pb2.Decision]:
    """Ask about a call from each caller, which came from abroad."""
    calls = [
        pb.Call(caller=caller, callee=callee, ingress=pb.INGRESS_INTERNATIONAL)
        for caller in callers
    ]
    metadata: tuple[tuple[str, str], ...] = ()
    if service.issuer is not None:
        token = service.issuer.token("carrier", sub="switch-1", carrier=carrier)
        metadata = (("authorization", f"Bearer {token}"),)
    with channels.blocking(service.running.interception) as channel:
        stub: pb_grpc.InterceptionServiceStub = pb_grpc.InterceptionServiceStub(channel)
        return [
            stub.DecideCall(
                pb.DecideCallRequest(call=call), metadata=metadata, timeout=DEADLINE
            ).decision
            for call in calls
        ]


def is_blocked(decision: decision_pb2.Decision) -> bool:
    """Return whether a call was to be blocked."""
    return decision.action == decision_pb2.ACTION_BLOCK


def approve(service: ConsoleService, change_id: int, by: str = "second") -> None:
    """Approve and apply a change as another person."""
    assert service.issuer is not None
    token = service.issuer.token("approver", sub=by)
    metadata = (("authorization", f"Bearer {token}"),)
    with channels.blocking(service.running.admin) as channel:
        stub: change_pb2_grpc.ChangeServiceStub = change_pb2_grpc.ChangeServiceStub(channel)
        request = change_pb2.ApproveChangeRequest(id=change_id)
        stub.ApproveChange(request, metadata=metadata, timeout=DEADLINE)
