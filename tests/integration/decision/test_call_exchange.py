"""A caller whose calls one host decides on is known to the worker of another host."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from fanzha.client import channels
from fanzha.v1 import decision_pb2, feedback_pb2, feedback_pb2_grpc, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb
from infra.clock import now_ms
from infra.redis.client import connect
from services.decision.exchange.store import STREAM, ExchangeStore
from services.decision.exchange.told_calls import ToldCalls
from tests.support.processes import LEAN, endpoints, eventually, role

DIALLER = "+8617000000001"
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


def a_call(number: int, began_ms: int) -> pb.Call:
    """Make the call to the next number of a block; forty of them are in the last ten minutes."""
    return pb.Call(
        caller=DIALLER,
        callee=f"+86198000{number:05}",
        attempted_at_ms=min(began_ms - (40 - number) * PAUSE_MS, now_ms()),
        ingress=pb.INGRESS_INTERCONNECT,
    )


def test_a_dialler_at_one_host_is_suspicious_at_another(hosts: list[str]) -> None:
    began_ms, numbers = now_ms(), itertools.count(1)
    with channels.blocking(hosts[0]) as one, channels.blocking(hosts[1]) as other:

        def suspicious() -> bool:
            """Dial once more at one host; ask the other about a call, which it does not count."""
            call = a_call(next(numbers), began_ms)
            stub = interception_pb2_grpc.InterceptionServiceStub(one)
            stub.DecideCall(pb.DecideCallRequest(call=call), timeout=DEADLINE)
            ended = feedback_pb2.CallEnd(
                caller=call.caller, callee=call.callee, ended_at_ms=call.attempted_at_ms + 9_000
            )
            ends = feedback_pb2.ReportCallEndsRequest(ends=[ended])
            feedback_pb2_grpc.FeedbackServiceStub(one).ReportCallEnds(ends, timeout=DEADLINE)
            asked = pb.DecideCallRequest(call=call, dry_run=True)
            stub = interception_pb2_grpc.InterceptionServiceStub(other)
            decision = stub.DecideCall(asked, timeout=DEADLINE).decision
            return bool(decision.reason == decision_pb2.REASON_VELOCITY)

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
