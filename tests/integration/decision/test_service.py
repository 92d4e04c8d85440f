"""The whole service in its own processes, asked over real sockets."""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from fanzha.client import channels
from fanzha.v1 import (
    decision_pb2,
    feedback_pb2,
    feedback_pb2_grpc,
    interception_pb2_grpc,
    policy_pb2,
    policy_pb2_grpc,
)
from fanzha.v1 import interception_pb2 as pb
from services.decision import ids
from tests.support.processes import (
    LEAN,
    NO_CASCADE,
    Running,
    eventually,
    fanzha_up,
    processes_of,
)

CALLER = "+8617000000001"
QUIET = "+8617000000006"
"""A number that no load calls from."""
CALLEE = "+8619900000001"
DEADLINE = 60
ATTEMPTS = 40
PAUSE_SECONDS = 0.005
"""Between requests of a load: it is to go on all the time, not to use a core."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with fanzha_up(Path(tmp_path_factory.mktemp("service")), workers=2, **LEAN) as running:
        yield running


@pytest.fixture
def channel(service: Running) -> Iterator[grpc.Channel]:
    with channels.blocking(service.interception) as opened:
        yield opened


def stub_of(channel: grpc.Channel) -> "interception_pb2_grpc.InterceptionServiceStub":
    return interception_pb2_grpc.InterceptionServiceStub(channel)


def call(caller: str, callee: str = CALLEE) -> pb.Call:
    return pb.Call(caller=caller, callee=callee, ingress=pb.INGRESS_LOCAL)


def decide(target: str, caller: str, *, dry_run: bool = False) -> decision_pb2.Decision:
    with channels.blocking(target) as channel:
        request = pb.DecideCallRequest(call=call(caller), dry_run=dry_run)
        return stub_of(channel).DecideCall(request, timeout=DEADLINE).decision


def block(service: Running, pattern: str) -> None:
    service.fanzha(
        "blocklist", "add", pattern, "--action", "block", "--source", "bureau",
        "--reason", "test", "--by", "li",
    )  # fmt: skip


def blocked_by_every_worker(service: Running, caller: str) -> bool:
    """Ask often enough, each time on a new connection, to meet every worker.

    However often it takes, no model finds that the number calls too much.
    """
    answers = (decide(service.interception, caller, dry_run=True) for _ in range(24))
    return all(answer.action == decision_pb2.ACTION_BLOCK for answer in answers)


def test_every_channel_answers_one_request(channel: grpc.Channel) -> None:
    stub = stub_of(channel)

    text = pb.Text(sender="95588", receiver=CALLEE, body="您好")
    link = pb.Link(url="https://shop.example/")

    decisions = [
        stub.DecideCall(pb.DecideCallRequest(call=call(QUIET)), timeout=DEADLINE).decision,
        stub.DecideText(pb.DecideTextRequest(text=text), timeout=DEADLINE).decision,
        stub.DecideLink(pb.DecideLinkRequest(link=link), timeout=DEADLINE).decision,
    ]

    assert [decision.action for decision in decisions] == [decision_pb2.ACTION_ALLOW] * 3
    assert all(decision.model_version for decision in decisions)
    assert len({decision.decision_id for decision in decisions}) == 3


def test_a_carrier_policy_reaches_every_worker(service: Running) -> None:
    link = pb.DecideLinkRequest(link=pb.Link(url="https://shop.example/"))

    def answered(action: int) -> bool:
        with channels.blocking(service.interception) as opened:
            answer = stub_of(opened).DecideLink(link, timeout=DEADLINE)
        return answer.decision.action == action

    for value, action in ("0.000001", decision_pb2.ACTION_BLOCK), ("", decision_pb2.ACTION_ALLOW):
        request = policy_pb2.ProposePolicyRequest(reason="test", author="li")
        request.set.assignments.append(f"default.link.threshold={value}")
        request.confirmed_risks.append("default (1 policy setting)")
        with channels.blocking(service.admin) as opened:
            policy_pb2_grpc.PolicyServiceStub(opened).ProposePolicy(request, timeout=DEADLINE)
        eventually(lambda to=action: all(answered(to) for _ in range(24)))  # type: ignore[misc]


def test_a_retry_that_lands_on_another_worker_is_the_same_decision(service: Running) -> None:
    caller = "+8617000000047"
    block(service, caller)
    eventually(lambda: blocked_by_every_worker(service, caller))
    before = counted(service, "blocklisted")
    request = pb.DecideCallRequest(call=call(caller))
    request.call.request_id = "leg-7"
    answers, workers = [], set()
    # Each on a new connection, so that both workers are met.
    for _ in range(24):
        with channels.blocking(service.interception) as opened:
            stub = stub_of(opened)
            answers.append(stub.DecideCall(request, timeout=DEADLINE).decision)
            other = stub.DecideCall(pb.DecideCallRequest(call=call(CALLER)), timeout=DEADLINE)
            workers.add(other.decision.decision_id >> ids.COUNTER_BITS)

    assert len(workers) == 2
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].pattern == caller
    assert counted(service, "blocklisted") == before + 1


def counted(service: Running, reason: str) -> float:
    """Return the number of blocked calls for *reason*, by all workers."""
    labels = f'fanzha_decisions_total{{action="block",channel="call",reason="{reason}"'
    lines = [line for line in service.metrics_page().splitlines() if line.startswith(labels)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def test_protocol_answers_are_returned_on_request(channel: grpc.Channel) -> None:
    forged = pb.Call(caller="+86110", callee=CALLEE, ingress=pb.INGRESS_INTERNATIONAL)

    request, plain = (
        stub_of(channel)
        .DecideCall(pb.DecideCallRequest(call=forged, with_protocol_answer=asks), timeout=DEADLINE)
        .decision
        for asks in (True, False)
    )

    assert request.action == plain.action == decision_pb2.ACTION_BLOCK
    assert (request.protocol_answer.sip.status, request.protocol_answer.isup_cause) == (603, 21)
    assert not plain.HasField("protocol_answer")


def test_a_bad_row_fails_no_other(channel: grpc.Channel) -> None:
    calls = [call("nobody at all \x07"), call(CALLER), call(CALLER, "110")]

    answer = stub_of(channel).DecideCalls(pb.DecideCallsRequest(calls=calls), timeout=DEADLINE)

    assert list(answer.decisions.reasons) == [
        decision_pb2.REASON_INVALID,
        decision_pb2.REASON_SCORED,
        decision_pb2.REASON_PROTECTED,
    ]
    [detail] = answer.decisions.details
    assert detail.row == 0
    assert detail.error.startswith("caller")


@pytest.mark.parametrize(
    ("request_of", "field"),
    [
        (lambda: pb.DecideCallRequest(call=call("")), "caller"),
        (pb.DecideCallRequest, "caller"),
        (lambda: pb.DecideCallRequest(call=call(CALLER, "x")), "callee"),
    ],
)
def test_a_bad_single_request_is_refused_by_field(
    channel: grpc.Channel, request_of: object, field: str
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stub_of(channel).DecideCall(request_of(), timeout=DEADLINE)  # type: ignore[operator]

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert str(caught.value.details()).startswith(field)


@pytest.mark.parametrize("rows", [0, 4097])
def test_the_size_of_a_batch_is_limited(channel: grpc.Channel, rows: int) -> None:
    request = pb.DecideCallsRequest(calls=[call(CALLER)] * rows)

    with pytest.raises(grpc.RpcError) as caught:
        stub_of(channel).DecideCalls(request, timeout=DEADLINE)

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_undecodable_bytes_are_refused(channel: grpc.Channel) -> None:
    raw: Any = channel.unary_unary("/fanzha.v1.InterceptionService/DecideCall")

    with pytest.raises(grpc.RpcError) as caught:
        raw(b"\xff\xff\xff\xff", timeout=DEADLINE)

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_health_and_reflection_are_served(channel: grpc.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)

    status = health.Check(health_pb2.HealthCheckRequest(), timeout=DEADLINE).status  # type: ignore[attr-defined]
    request = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
    [listed] = list(reflection.ServerReflectionInfo(request, timeout=DEADLINE))

    assert status == health_pb2.HealthCheckResponse.SERVING
    names = {one.name for one in listed.list_services_response.service}
    assert {"fanzha.v1.InterceptionService", "fanzha.v1.FeedbackService"} <= names


def test_health_can_be_watched(channel: grpc.Channel) -> None:
    health: Any = health_pb2_grpc.HealthStub(channel)

    watched = health.Watch(health_pb2.HealthCheckRequest(), timeout=DEADLINE)

    assert next(watched).status == health_pb2.HealthCheckResponse.SERVING
    watched.cancel()


def test_a_change_takes_effect_in_every_worker(service: Running) -> None:
    caller = "+8617000000002"
    assert decide(service.interception, caller).action == decision_pb2.ACTION_ALLOW

    block(service, caller)

    eventually(lambda: blocked_by_every_worker(service, caller))


def test_a_removed_entry_stops_blocking(service: Running) -> None:
    caller = "+8617000000003"
    block(service, caller)
    eventually(lambda: blocked_by_every_worker(service, caller))

    service.fanzha("blocklist", "remove", "--yes", caller, "--by", "li", "--reason", "a mistake")

    def allowed() -> bool:
        answer = decide(service.interception, caller, dry_run=True)
        return bool(answer.action == decision_pb2.ACTION_ALLOW)

    eventually(allowed)


def test_every_worker_reports_its_version(service: Running) -> None:
    block(service, "+8617000000004")

    def reported() -> bool:
        status = json.loads(service.fanzha("blocklist", "status", "--json").stdout)
        versions = [int(worker["list_version"]) for worker in status["workers"]]
        return len(versions) == 2 and set(versions) == {int(status["version"])}

    eventually(reported)


def test_a_suspect_is_confirmed_once(service: Running, channel: grpc.Channel) -> None:
    forged = pb.Call(caller="+8619900000078", callee=CALLEE, ingress=pb.INGRESS_INTERNATIONAL)
    decision = (
        stub_of(channel).DecideCall(pb.DecideCallRequest(call=forged), timeout=DEADLINE).decision
    )
    feedback = feedback_pb2_grpc.FeedbackServiceStub(channel)
    request = feedback_pb2.ConfirmHitRequest(decision_id=decision.decision_id, confirmed_by="li")

    def kept() -> bool:
        try:
            first.append(feedback.ConfirmHit(request, timeout=DEADLINE))
        except grpc.RpcError as error:
            refused.add(error.code())
        return bool(first)

    first: list[feedback_pb2.ConfirmHitResponse] = []
    refused: set[grpc.StatusCode] = set()
    eventually(kept)
    again = feedback.ConfirmHit(request, timeout=DEADLINE)

    assert refused <= {grpc.StatusCode.NOT_FOUND}
    assert first[0].first
    assert first[0].durability == feedback_pb2.DURABILITY_SYNCED
    assert not again.first
    assert again.stream_id == first[0].stream_id


def test_metrics_count_decisions(service: Running, channel: grpc.Channel) -> None:
    stub_of(channel).DecideCall(pb.DecideCallRequest(call=call(CALLER)), timeout=DEADLINE)

    with urllib.request.urlopen(service.metrics, timeout=DEADLINE) as page:  # noqa: S310 - our own page
        text = page.read().decode()

    assert 'channel="call"' in text
    assert "fanzha_list_version" in text


class Load:
    """Calls that go on, retried once as the protocol allows, until told to stop."""

    def __init__(self, target: str) -> None:
        self.answered = 0
        self.failures: list[str] = []
        self._stop = Event()
        self._thread = Thread(target=self._run, args=(target,))

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self, target: str) -> None:
        with channels.blocking(target) as channel:
            stub = stub_of(channel)
            while not self._stop.wait(PAUSE_SECONDS):
                try:
                    self._ask(stub)
                    self.answered += 1
                except grpc.RpcError as error:
                    self.failures.append(f"{error.code()}: {error.details()}")

    def _ask(self, stub: "interception_pb2_grpc.InterceptionServiceStub") -> None:
        request = pb.DecideCallsRequest(calls=[call(CALLER)] * 64)
        for attempt in range(ATTEMPTS):
            try:
                stub.DecideCalls(request, timeout=DEADLINE)
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE or attempt == ATTEMPTS - 1:
                    raise
                time.sleep(0.05)
            else:
                return


def test_no_decision_fails_while_valkey_is_killed_and_comes_back(service: Running) -> None:
    [pid] = processes_of(service.process.pid, "valkey-server")
    caller = "+8617000000005"

    with Load(service.interception) as load:
        os.kill(pid, signal.SIGKILL)
        answered = load.answered
        eventually(lambda: load.answered > answered + 50)
        eventually(lambda: processes_of(service.process.pid, "valkey-server") not in ([], [pid]))
        eventually(lambda: service.fanzha("blocklist", "status", check=False).returncode == 0)
        block(service, caller)
        eventually(lambda: blocked_by_every_worker(service, caller))

    assert load.failures == []


def test_a_killed_worker_is_replaced_without_failures_for_retrying_clients(
    service: Running,
) -> None:
    before = processes_of(service.process.pid, "services worker")

    with Load(service.interception) as load:
        for pid in before:
            os.kill(pid, signal.SIGKILL)
            eventually(lambda pid=pid: replaced(service, pid, before))  # type: ignore[misc]
            answered = load.answered
            eventually(lambda answered=answered: load.answered > answered + 20)  # type: ignore[misc]

    assert load.failures == []
    assert not set(processes_of(service.process.pid, "services worker")) & set(before)


def replaced(service: Running, pid: int, before: list[int]) -> bool:
    """Tell whether another process serves in place of *pid*: a worker reports once it serves."""
    now = processes_of(service.process.pid, "services worker")
    if pid in now or len(now) != len(before):
        return False
    status = json.loads(service.fanzha("blocklist", "status", "--json").stdout)
    serving = {int(worker["worker"].split("/")[-1]) for worker in status["workers"]}
    return set(now) <= serving


def test_shutdown_is_orderly(tmp_path: Path) -> None:
    with fanzha_up(tmp_path, workers=1, **NO_CASCADE) as running:
        assert decide(running.interception, CALLER).action == decision_pb2.ACTION_ALLOW

    assert running.process.returncode == 0
    assert not (tmp_path / "endpoints.json").exists()
