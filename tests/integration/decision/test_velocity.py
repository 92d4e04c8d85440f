"""A call whose moment is suspicious, from the wire to the stream of suspected hits."""

import json
from pathlib import Path
from typing import Any

import grpc

from fanzha.v1 import decision_pb2, feedback_pb2, feedback_pb2_grpc, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb
from infra.clock import now_ms
from tests.support.processes import LEAN, fanzha_up

DIALLER = "+8617000000001"
CALLS = 28
"""Too few for the caller model to block anybody."""
PAUSE_MS = 15_000


def some_call(number: int) -> pb.Call:
    """Make the call to the next number of a block."""
    return pb.Call(
        caller=DIALLER,
        callee=f"+86198000{number:05}",
        attempted_at_ms=now_ms() - (CALLS - number) * PAUSE_MS,
        ingress=pb.INGRESS_INTERCONNECT,
    )


def some_ends(numbers: range) -> feedback_pb2.ReportCallEndsRequest:
    """Report that nobody answered these calls."""
    calls = map(some_call, numbers)
    ends = [
        feedback_pb2.CallEnd(
            caller=call.caller, callee=call.callee, ended_at_ms=call.attempted_at_ms + 9_000
        )
        for call in calls
    ]
    return feedback_pb2.ReportCallEndsRequest(ends=ends)


def dial(target: str) -> list[decision_pb2.Decision]:
    """Dial a block of numbers, one after the other, and report the ends."""
    decisions = []
    with grpc.insecure_channel(target) as channel:
        interception: Any = interception_pb2_grpc.InterceptionServiceStub(channel)
        feedback: Any = feedback_pb2_grpc.FeedbackServiceStub(channel)
        for number in range(CALLS):
            request = pb.DecideCallRequest(call=some_call(number))
            decisions.append(interception.DecideCall(request, timeout=30).decision)
            feedback.ReportCallEnds(some_ends(range(number, number + 1)), timeout=30)
    return decisions


def test_sequential_dialling_is_marked_let_through_explained_and_becomes_a_suspected_hit(
    tmp_path: Path,
) -> None:
    with fanzha_up(tmp_path, workers=1, **LEAN) as service:
        decisions = dial(service.interception)
        again = ("--from", DIALLER, "--to", some_call(CALLS).callee, "--ingress", "interconnect")
        checked = service.fanzha("check", "call", *again, "--explain", "--json")
        tail = ("hits", "tail", "--stream", "suspected", "--since", "beginning")
        hits = service.fanzha(*tail, "--count", "1", "--json")

    first = decisions[0]
    assert first.reason == decision_pb2.REASON_SCORED
    assert not first.HasField("velocity_score")
    marked = [one for one in decisions if one.reason == decision_pb2.REASON_VELOCITY]
    assert {one.action for one in marked} == {decision_pb2.ACTION_ALLOW}
    assert marked[-1].velocity_inputs["neighbours"] > CALLS / 2
    hit = json.loads(hits.stdout.splitlines()[0])
    assert (hit["decision_id"], hit["action"]) == (str(marked[0].decision_id), "allow")
    assert (hit["reason"], hit["model_version"]) == ("velocity", marked[0].velocity_version)
    explained = json.loads(checked.stdout)
    assert explained["reason"] == "velocity"
    parts = [part["part"] for part in explained["explanation"]["parts"] if part["weight"] > 0]
    assert "neighbour_share" in parts
