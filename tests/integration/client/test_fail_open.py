"""The client against whole services: workers that die, stop and are overloaded."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

import grpc
import pytest

from fanzha.client import (
    Answer,
    AsyncClient,
    Call,
    CallEnd,
    Client,
    Link,
    Options,
    RequestFailed,
    Text,
)
from fanzha.v1 import decision_pb2
from fanzha.v1 import interception_pb2 as pb
from tests.support.processes import LEAN, Running, eventually, fanzha_up, processes_of

CALLEE = "+8619900000001"
CALL = Call(caller="+8617000000001", callee=CALLEE, ingress=pb.INGRESS_LOCAL)
FORGED = Call(caller="+8619900000078", callee=CALLEE, ingress=pb.INGRESS_INTERNATIONAL)
PATIENT = Options(timeout=60.0)
_DRAWN_BITS = 40
"""Above these, a decision id says which worker decided."""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Running]]:
    with ExitStack() as stack:
        folders = [Path(tmp_path_factory.mktemp(name)) for name in ("one", "other")]
        one, other = (
            stack.enter_context(fanzha_up(folder, workers=1, **LEAN)) for folder in folders
        )
        yield one, other


def worker_of(service: Running) -> int:
    """Return the process id of its worker."""
    [worker] = processes_of(service.process.pid, "services worker")
    return worker


def decided_by(answer: Answer) -> int:
    return answer.decision_id >> _DRAWN_BITS


@contextmanager
def calls_all_the_time(client: Client) -> Iterator[list[Answer]]:
    """Ask, one call after the other, until the block ends."""
    answers: list[Answer] = []
    done = Event()

    def ask() -> None:
        while not done.is_set():
            answers.append(client.decide_call(CALL))

    thread = Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        done.set()
        thread.join()


def test_every_channel_is_decided(services: tuple[Running, Running]) -> None:
    text = Text(sender="95588", receiver=CALLEE, body="您好")
    link = Link(url="https://shop.example/")

    with Client(services[0].interception, PATIENT) as client:
        answers = [
            client.decide_call(CALL),
            client.decide_text(text),
            client.decide_link(link),
            *client.decide_calls([CALL, FORGED]),
            *client.decide_texts([text]),
            *client.decide_links([link]),
        ]

    assert [answer.blocked for answer in answers] == [False] * 4 + [True] + [False] * 2
    assert all(answer.decision_id and not answer.failed_open for answer in answers)


def test_an_undecodable_single_request_is_let_through_with_the_reason(
    services: tuple[Running, Running],
) -> None:
    with Client(services[0].interception, PATIENT) as client:
        answer = client.decide_call(Call(caller="\x07", callee=CALLEE))

    assert not answer.blocked
    assert answer.reason == decision_pb2.REASON_INVALID
    assert answer.error.startswith("caller")


def test_decisions_are_confirmed_and_call_ends_reported(
    services: tuple[Running, Running],
) -> None:
    with Client(services[0].interception, PATIENT) as client:
        suspect = client.decide_call(FORGED)
        first: list[bool] = []
        refused: set[grpc.StatusCode] = set()

        def confirmed() -> bool:
            try:
                answer = client.confirm_hit(suspect.decision_id, confirmed_by="li", timeout=60)
                first.append(answer.first)
            except RequestFailed as failure:
                refused.add(failure.status)
            return bool(first)

        eventually(confirmed)
        again = client.confirm_hit(suspect.decision_id, confirmed_by="li", timeout=60).first
        dismissed = client.dismiss_hit(suspect.decision_id, dismissed_by="wang", timeout=60).first
        ends = client.report_call_ends([CallEnd(caller=CALL.caller, callee=CALLEE)] * 3, timeout=60)

    # Until the hit is in the store.
    assert refused <= {grpc.StatusCode.NOT_FOUND}
    assert (first, again, dismissed) == ([True], False, True)
    assert ends.accepted == 3


def test_traffic_fails_over_when_a_worker_dies_and_returns_to_its_successor(
    services: tuple[Running, Running],
) -> None:
    targets = ",".join(service.interception for service in services)
    with Client(targets, PATIENT) as client, calls_all_the_time(client) as answers:
        eventually(lambda: len({decided_by(answer) for answer in answers}) == 2)

        os.kill(worker_of(services[0]), signal.SIGKILL)

        eventually(lambda: len({decided_by(answer) for answer in answers}) == 3)

    assert not [answer.error for answer in answers if answer.failed_open]


def test_traffic_is_let_through_while_the_only_worker_hangs(
    services: tuple[Running, Running],
) -> None:
    with Client(services[1].interception, Options(timeout=0.2)) as client:
        eventually(lambda: not client.decide_call(CALL).failed_open)
        worker = worker_of(services[1])
        os.kill(worker, signal.SIGSTOP)
        try:
            hanging = [client.decide_call(FORGED) for _ in range(5)]
        finally:
            os.kill(worker, signal.SIGCONT)
        eventually(lambda: client.decide_call(FORGED).blocked)

    assert [answer.blocked for answer in hanging] == [False] * 5
    assert {answer.status for answer in hanging} == {grpc.StatusCode.DEADLINE_EXCEEDED}


async def test_under_overload_each_request_is_decided_or_let_through(
    services: tuple[Running, Running],
) -> None:
    options = Options(timeout=0.3, max_waiting=2000)
    async with AsyncClient(services[1].interception, options) as client:
        assert await client.wait_until_ready(30)

        answers = await asyncio.gather(*[client.decide_call(FORGED) for _ in range(20_000)])
        counters = client.counters
        later = await client.decide_call(FORGED, timeout=60.0)

    failed = [answer for answer in answers if answer.failed_open]
    assert (counters.decided, counters.failed) == (20_000 - len(failed), len(failed))
    assert failed
    assert not [answer for answer in failed if answer.blocked]
    assert all(answer.blocked for answer in answers if not answer.failed_open)
    assert later.blocked
