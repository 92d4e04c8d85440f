"""The client for threads, against a real server."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from fanzha.client import Answer, Call, Client, Link, Options, RequestFailed, Text
from fanzha.client._blocking import ReplySlot
from tests.support.decision_server import DecisionServer, block_listed, decision_server
from tests.support.processes import eventually

LONG = Options(timeout=60.0)


@pytest.fixture
def server() -> Iterator[DecisionServer]:
    with decision_server(block_listed) as running:
        yield running


def call(number: int) -> Call:
    return Call(caller=f"+861700000{number:04d}", callee="+8619900000001")


def test_threads_get_their_own_answers(server: DecisionServer) -> None:
    with ThreadPoolExecutor(32) as threads, Client(server.target, LONG) as client:
        answers = list(threads.map(lambda number: client.decide_call(call(number)), range(400)))

    assert [n for n, answer in enumerate(answers) if answer.blocked] == list(range(9, 400, 10))
    assert all(not answer.failed_open for answer in answers)
    assert sum(server.sizes) == 400


def test_threads_share_requests(server: DecisionServer) -> None:
    options = Options(timeout=60.0, connections=1, max_in_flight=1)
    server.hold()
    with ThreadPoolExecutor(32) as threads, Client(server.target, options) as client:
        requests = [threads.submit(client.decide_call, call(number)) for number in range(32)]
        while not server.sizes or client.counters.requests == 0:
            time.sleep(0.01)
        time.sleep(0.2)
        server.release()
        for one in requests:
            one.result()

    assert sum(server.sizes) == 32
    assert len(server.sizes) < 32


def test_all_kinds_of_traffic_are_decided(server: DecisionServer) -> None:
    server.say = lambda rows, context: block_listed([call(1)] * len(rows), context)
    text = Text(sender="95588", receiver="+8619900000001", body="您好")
    link = Link(url="https://shop.example/")

    with Client(server.target, LONG) as client:
        single = [client.decide_call(call(1)), client.decide_text(text), client.decide_link(link)]
        batches = [
            client.decide_calls([call(1)] * 2),
            client.decide_texts([text] * 2),
            client.decide_links([link] * 2),
        ]

    assert [answer.failed_open for answer in single] == [False] * 3
    assert [(len(answers), answers.failed_open) for answers in batches] == [(2, False)] * 3


def test_a_late_answer_is_to_let_through(server: DecisionServer) -> None:
    server.hold()

    with Client(server.target) as client:
        answer = client.decide_call(call(9), timeout=0.05)
        server.release()
        eventually(lambda: client.counters.failed_by_status == {"DEADLINE_EXCEEDED": 1})

    assert answer.failed_open
    assert not answer.blocked
    assert answer.status is grpc.StatusCode.DEADLINE_EXCEEDED


def test_an_answer_that_nobody_waits_for_any_more_is_not_taken() -> None:
    slot = ReplySlot()

    answer = slot.wait(0.0)

    assert answer is None
    assert slot.done()
    with pytest.raises(asyncio.InvalidStateError):
        slot.set_result(Answer(action=0, reason=0))


def test_without_failing_open_a_failure_is_raised(server: DecisionServer) -> None:
    server.hold()

    with Client(server.target, Options(fail_open=False)) as client:
        with pytest.raises(RequestFailed, match="DEADLINE_EXCEEDED"):
            client.decide_call(call(1), timeout=0.05)
        server.release()


def test_an_invalid_row_is_refused(server: DecisionServer) -> None:
    wrong: Any = "+8617000000001"

    with Client(server.target) as client, pytest.raises(TypeError, match="not a Call: str"):
        client.decide_call(wrong)


def test_a_closed_client_refuses_requests(server: DecisionServer) -> None:
    client = Client(server.target)
    client.close()
    client.close()

    with pytest.raises(RuntimeError, match="closed"):
        client.decide_call(call(1))
    with pytest.raises(RuntimeError, match="closed"):
        client.decide_calls([call(1)])


def test_a_client_without_targets_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())

    with pytest.raises(ValueError, match="no target"):
        Client("")

    assert "fanzha-client" not in {one.name for one in set(threading.enumerate()) - before}
