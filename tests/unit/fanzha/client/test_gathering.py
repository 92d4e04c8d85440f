"""How single requests travel together, against a real server."""

import asyncio
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from fanzha.client import AsyncClient, Call, Link, Options, RequestFailed, Text
from tests.support.decision_server import DecisionServer, allow, block_listed, decision_server

LONG = 60.0
"""A timeout that no test waits for."""


@pytest.fixture
def server() -> Iterator[DecisionServer]:
    with decision_server(block_listed) as running:
        yield running


def options(**changes: Any) -> Options:
    return Options(**{"timeout": LONG, "connections": 1, "max_in_flight": 1} | changes)


def call(number: int) -> Call:
    return Call(caller=f"+861700000{number:04d}", callee="+8619900000001")


async def has_asked(server: DecisionServer, requests: int) -> None:
    while len(server.sizes) < requests:  # noqa: ASYNC110 the server runs in threads
        await asyncio.sleep(0.005)


async def test_concurrent_requests_share_a_batch(server: DecisionServer) -> None:
    async with AsyncClient(server.target, options()) as client:
        answers = await asyncio.gather(*[client.decide_call(call(n)) for n in range(100)])

    assert server.sizes == [100]
    assert [answer.decision_id for answer in answers] == list(range(1, 101))
    assert [n for n, answer in enumerate(answers) if answer.blocked] == list(range(9, 100, 10))
    assert answers[19].entry_id == "+8617000000019"


@pytest.mark.parametrize("asks", [False, True])
async def test_protocol_answers_are_requested_by_option(server: DecisionServer, asks: bool) -> None:
    async with AsyncClient(server.target, options(with_protocol_answer=asks)) as client:
        await client.decide_call(call(1))
        await client.decide_links([Link(url="a.example")])

    assert server.protocol_asked == [asks, asks]


@pytest.mark.parametrize("dry", [False, True])
async def test_dry_runs_are_requested_by_option(server: DecisionServer, dry: bool) -> None:
    async with AsyncClient(server.target, options(dry_run=dry)) as client:
        await client.decide_call(call(1))
        await client.decide_links([Link(url="a.example")])

    assert server.dry_asked == [dry, dry]


async def test_a_batch_has_no_more_rows_than_allowed(server: DecisionServer) -> None:
    async with AsyncClient(server.target, options(max_batch=40, max_in_flight=8)) as client:
        answers = await asyncio.gather(*[client.decide_call(call(n)) for n in range(100)])

    assert sorted(server.sizes) == [20, 40, 40]
    assert [n for n, answer in enumerate(answers) if answer.blocked] == list(range(9, 100, 10))


async def test_a_single_request_is_sent_at_once(server: DecisionServer) -> None:
    async with AsyncClient(server.target, options(linger=LONG)) as client:
        answer = await client.decide_call(call(1), timeout=LONG / 2)

    assert not answer.failed_open
    assert server.sizes == [1]


async def test_requests_are_gathered_while_others_are_in_flight(
    server: DecisionServer,
) -> None:
    async with AsyncClient(server.target, options(linger=1.0, max_in_flight=2)) as client:
        server.hold()
        first = client.decide_call(call(0))
        await has_asked(server, 1)
        others = []
        for number in range(1, 4):
            others.append(client.decide_call(call(number)))
            await asyncio.sleep(0)
        await has_asked(server, 2)
        server.release()
        await asyncio.gather(first, *others)

    assert server.sizes == [1, 3]


async def test_requests_gather_while_all_connections_are_busy(server: DecisionServer) -> None:
    async with AsyncClient(server.target, options(linger=0)) as client:
        server.hold()
        first = client.decide_call(call(0))
        await has_asked(server, 1)
        others = []
        for number in range(1, 11):
            others.append(client.decide_call(call(number)))
            await asyncio.sleep(0.002)
        server.release()
        await asyncio.gather(first, *others)

    assert server.sizes == [1, 10]


async def test_channels_are_never_mixed_in_a_batch(server: DecisionServer) -> None:
    server.say = allow
    async with AsyncClient(server.target, options(max_in_flight=3)) as client:
        await asyncio.gather(
            client.decide_call(call(1)),
            client.decide_text(Text(sender="95588", receiver="+8619900000001", body="您好")),
            client.decide_link(Link(url="https://shop.example/")),
            client.decide_link(Link(url="https://shop.example/2")),
        )

    assert sorted(server.sizes) == [1, 1, 2]
    assert {type(row) for row in server.rows} == {Call, Text, Link}


async def test_each_request_keeps_its_own_deadline(server: DecisionServer) -> None:
    async with AsyncClient(server.target, options()) as client:
        server.hold()
        patient = client.decide_call(call(1))
        hasty = await client.decide_call(call(2), timeout=0.5)
        still_open = not patient.done()
        server.release()
        answer = await patient

    # Of both, or of one where the process stood still until the hasty one had ended.
    assert len(server.sizes) == 1
    assert hasty.status is grpc.StatusCode.DEADLINE_EXCEEDED
    assert still_open
    assert not answer.failed_open


async def test_a_queued_request_fails_at_its_deadline(server: DecisionServer) -> None:
    async with AsyncClient(server.target, options()) as client:
        server.hold()
        first = client.decide_call(call(1))
        await has_asked(server, 1)
        waited = await client.decide_call(call(2), timeout=0.05)
        server.release()
        await first

    assert waited.status is grpc.StatusCode.DEADLINE_EXCEEDED
    assert server.sizes == [1]


async def test_a_cancelled_request_is_not_sent(server: DecisionServer) -> None:
    async with AsyncClient(server.target, options()) as client:
        server.hold()
        first = client.decide_call(call(1))
        await has_asked(server, 1)
        given_up, retained = client.decide_call(call(2)), client.decide_call(call(3))
        given_up.cancel()
        server.release()
        await asyncio.gather(first, retained)

    assert [row.caller for row in server.rows] == [call(1).caller, call(3).caller]


async def test_the_queue_of_the_client_is_bounded(server: DecisionServer) -> None:
    async with AsyncClient(server.target, options(max_waiting=5)) as client:
        server.hold()
        first = client.decide_call(call(0))
        await has_asked(server, 1)
        others = [client.decide_call(call(number)) for number in range(8)]
        refused = [other for other in others if other.done()]
        server.release()
        await asyncio.gather(first, *others)
        counters = client.counters

    assert len(refused) == 3
    assert {one.result().status for one in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert (counters.decided, counters.failed) == (6, 3)


async def test_a_request_that_waited_longer_than_it_has_left_is_not_sent(
    server: DecisionServer,
) -> None:
    async with AsyncClient(server.target, options()) as client:
        server.hold()
        first = client.decide_call(call(1))
        await has_asked(server, 1)
        late = client.decide_call(call(2), timeout=0.5)
        await asyncio.sleep(0.3)
        server.release()
        failed = await late
        await first

    assert failed.status is grpc.StatusCode.DEADLINE_EXCEEDED
    assert server.sizes == [1]


async def test_each_request_is_counted_as_what_its_caller_got(server: DecisionServer) -> None:
    async with AsyncClient(server.target, options()) as client:
        server.hold()
        first = client.decide_call(call(0))
        await has_asked(server, 1)
        hasty, patient = client.decide_call(call(9), timeout=0.05), client.decide_call(call(19))
        given_up = client.decide_call(call(29))
        await hasty
        given_up.cancel()
        server.release()
        await asyncio.gather(first, patient)
        counters = client.counters

    assert (counters.decided, counters.blocked, counters.failed) == (2, 1, 1)


async def test_rows_that_travelled_with_a_late_one_are_decided(server: DecisionServer) -> None:
    async with AsyncClient(server.target, options()) as client:
        server.hold()
        hasty, patient = client.decide_call(call(9), timeout=2.0), client.decide_call(call(19))
        await has_asked(server, 1)
        late = await hasty
        server.release()
        decided = await patient
        counters = client.counters

    assert server.sizes == [2]
    assert (late.failed_open, decided.blocked) == (True, True)
    assert (counters.decided, counters.blocked, counters.failed) == (1, 1, 1)


async def test_closing_completes_pending_requests(server: DecisionServer) -> None:
    client = AsyncClient(server.target, options(linger=LONG))
    server.hold()
    requests = [client.decide_call(call(number)) for number in range(3)]
    await has_asked(server, 1)
    requests += [client.decide_call(call(number)) for number in range(3, 6)]
    asyncio.get_running_loop().call_later(0.05, server.release)

    await client.close()

    assert [one.result().failed_open for one in requests] == [False] * 6
    with pytest.raises(RuntimeError, match="closed"):
        client.decide_call(call(1))


async def test_closing_completes_batches_of_the_caller(server: DecisionServer) -> None:
    client = AsyncClient(server.target, options())
    server.hold()
    batch = asyncio.ensure_future(client.decide_calls([call(9)]))
    await has_asked(server, 1)
    asyncio.get_running_loop().call_later(0.05, server.release)

    await client.close()

    assert (await batch).blocked == [0]


async def test_an_invalid_row_does_not_fail_its_batch(server: DecisionServer) -> None:
    wrong: Any = Link(url="https://shop.example/")
    async with AsyncClient(server.target, options()) as client:
        right, refused = client.decide_call(call(9)), client.decide_call(wrong)

        with pytest.raises(TypeError, match="not a Call: Link"):
            await refused
        answer = await right

    assert answer.blocked


async def test_without_failing_open_a_failure_is_raised(server: DecisionServer) -> None:
    async with AsyncClient(server.target, options(fail_open=False)) as client:
        server.hold()
        with pytest.raises(RequestFailed) as single:
            await client.decide_call(call(1), timeout=0.05)
        with pytest.raises(RequestFailed) as batch:
            await client.decide_calls([call(1), call(2)], timeout=0.05)
        server.release()

    assert single.value.status is grpc.StatusCode.DEADLINE_EXCEEDED
    assert batch.value.status is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_batch_of_the_caller_travels_as_it_is(server: DecisionServer) -> None:
    async with AsyncClient(server.target, options(max_batch=2)) as client:
        answers = await client.decide_calls([call(number) for number in range(30)])
        nothing = await client.decide_calls([])
        with pytest.raises(ValueError, match="4096"):
            await client.decide_calls([call(1)] * 4097)

    assert server.sizes == [30]
    assert answers.blocked == [9, 19, 29]
    assert len(nothing) == 0
