"""A caller whose calls one host decides on is known to the worker of another host."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from fanzha.client import channels
from fanzha.v1 import decision_pb2, feedback_pb2, feedback_pb2_grpc, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb
from infra.clock import now_ms
from infra.redis.client import connect
from services.decision.exchange.store import STREAM, ExchangeStore
from services.decision.exchange.told_calls import ToldCalls
from tests.support.processes import LEAN, endpoints, eventually, role

DIALLED = 20
"""Calls that are suspicious, and too few for the model of callers to block anybody."""
PAUSE_MS = 15_000
DEADLINE = 60


@pytest.fixture
def hosts(redis_url: str, tmp_path: Path) -> Iterator[list[str]]:
    """Run two hosts with a worker each; yield where they decide."""
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    settings = {"FANZHA_REDIS_URL": redis_url, "FANZHA_WORKERS": "1", **LEAN}
    one, other = (role("serve", folder, **settings) for folder in folders)
    with one as first, other as second:
        yield [
            endpoints(folder, process)["interception"]
            for folder, process in zip(folders, (first, second), strict=True)
        ]


def a_call(dialler: str, number: int) -> pb.Call:
    """Make the call to the next number of a block, each some seconds after the one before."""
    return pb.Call(
        caller=dialler,
        callee=f"+86198000{number:05}",
        attempted_at_ms=now_ms() - (DIALLED - number) * PAUSE_MS,
        ingress=pb.INGRESS_INTERCONNECT,
    )


def dial(channel: grpc.Channel, dialler: str) -> None:
    """Dial a block of numbers at one host; nobody answers."""
    interception = interception_pb2_grpc.InterceptionServiceStub(channel)
    feedback = feedback_pb2_grpc.FeedbackServiceStub(channel)
    for number in range(DIALLED):
        call = a_call(dialler, number)
        interception.DecideCall(pb.DecideCallRequest(call=call), timeout=DEADLINE)
        ended = feedback_pb2.CallEnd(
            caller=call.caller, callee=call.callee, ended_at_ms=call.attempted_at_ms + 9_000
        )
        ends = feedback_pb2.ReportCallEndsRequest(ends=[ended])
        feedback.ReportCallEnds(ends, timeout=DEADLINE)


def test_a_dialler_at_one_host_is_suspicious_at_another(hosts: list[str]) -> None:
    diallers = list[str]()
    with channels.blocking(hosts[0]) as one, channels.blocking(hosts[1]) as other:

        def suspicious() -> bool:
            """Dial at one host; ask the other about all who did, which it does not count.

            A host tells nothing until it knows of the other; so there is always one more dialler.
            """
            diallers.append(f"+86170000{len(diallers):05}")
            dial(one, diallers[-1])
            calls = [a_call(dialler, DIALLED) for dialler in diallers]
            asked = pb.DecideCallsRequest(calls=calls, dry_run=True)
            stub = interception_pb2_grpc.InterceptionServiceStub(other)
            answer = stub.DecideCalls(asked, timeout=DEADLINE)
            return decision_pb2.REASON_VELOCITY in answer.decisions.reasons

        eventually(suspicious)


async def test_what_somebody_else_writes_is_heard_as_unreadable(redis_url: str) -> None:
    client = connect(redis_url, decode_responses=False)
    store = ExchangeStore(client, worker="a", host="h")
    other = ExchangeStore(client, worker="b", host="h")
    await other.tell(ToldCalls())
    await client.xadd(STREAM, {"worker": "c", "attempts": b"123"})  # before the first call: unheard

    begun = await store.hear()
    await client.xadd(STREAM, {"worker": "c", "attempts": b"123"})
    await client.xadd(STREAM, {"ends": b"1" * 40})
    await store.tell(ToldCalls())
    await other.tell(ToldCalls())
    heard = await store.hear()
    left = await client.pttl(STREAM)
    await client.aclose()

    assert begun == []
    assert [(one.worker, one.told is None) for one in heard] == [
        ("c", True),
        ("", False),
        ("b", False),
    ]
    assert 0 < left <= 10_000
