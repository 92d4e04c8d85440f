"""What a client does when servers are away, slow or overloaded, against real ones."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import grpc
import pytest

from fanzha.client import AsyncClient, Call, Options, _connections, _failures
from fanzha.client._connections import MISSES
from tests.support.decision_server import DecisionServer, allow, decision_server, refuse
from tests.support.reserved_ports import reserved_port

CALL = Call(caller="+8617000000001", callee="+8619900000001")
LONG = 60.0


@pytest.fixture
def servers() -> Iterator[tuple[DecisionServer, DecisionServer]]:
    with ExitStack() as stack:
        yield (
            stack.enter_context(decision_server()),
            stack.enter_context(decision_server()),
        )


def client_of(*servers: DecisionServer, **changes: Any) -> AsyncClient:
    options = Options(**{"timeout": LONG, "connections": 1} | changes)
    return AsyncClient(",".join(server.target for server in servers), options)


async def ask(client: AsyncClient, times: int) -> list[grpc.StatusCode | None]:
    return [(await client.decide_call(CALL)).status for _ in range(times)]


async def asked(client: AsyncClient, server: DecisionServer) -> None:
    """Ask until *server* was asked."""
    before = len(server.sizes)
    while len(server.sizes) == before:
        await client.decide_call(CALL)
        await asyncio.sleep(0.005)


async def test_requests_are_spread_over_targets(
    servers: tuple[DecisionServer, DecisionServer],
) -> None:
    async with client_of(*servers) as client:
        for server in servers:
            await asked(client, server)
        before = [len(server.sizes) for server in servers]
        await ask(client, 20)

    assert [len(server.sizes) - old for server, old in zip(servers, before, strict=True)] == [
        10,
        10,
    ]


async def test_an_unavailable_target_is_replaced_by_another(
    servers: tuple[DecisionServer, DecisionServer],
) -> None:
    refusing, other = servers
    async with client_of(*servers) as client:
        await asked(client, refusing)
        await asked(client, other)
        refusing.say = refuse(grpc.StatusCode.UNAVAILABLE)
        statuses = await ask(client, 10)
        counters = client.counters

    assert statuses == [None] * 10
    assert counters.retries >= 1
    assert counters.failed == 0


async def test_a_request_is_repeated_once_at_most() -> None:
    with decision_server(refuse(grpc.StatusCode.UNAVAILABLE)) as server:
        async with client_of(server) as client:
            answer = await client.decide_call(CALL)
            counters = client.counters

    assert answer.failed_open
    assert answer.status is grpc.StatusCode.UNAVAILABLE
    assert len(server.sizes) == 2
    assert (counters.requests, counters.retries) == (2, 1)
    assert counters.failed_by_status == {"UNAVAILABLE": 1}


async def test_a_retry_bears_the_id_of_the_first_attempt() -> None:
    with decision_server(refuse(grpc.StatusCode.UNAVAILABLE)) as server:
        async with client_of(server, request_ids=True) as client:
            await client.decide_call(CALL)
            await client.decide_calls([Call(caller=CALL.caller, request_id="mine")])
        ids = [row.request_id for row in server.rows]

    assert ids[0]
    assert ids == [ids[0], ids[0], "mine", "mine"]


@pytest.mark.parametrize(
    "status",
    [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED],
)
async def test_other_failures_are_not_repeated(status: grpc.StatusCode) -> None:
    with decision_server(refuse(status)) as server:
        async with client_of(server) as client:
            answer = await client.decide_call(CALL)

    assert answer.status is status
    assert len(server.sizes) == 1


@pytest.mark.parametrize("hint", ["retry_after_ms", "grpc_retry_pushback_ms"])
async def test_a_shedding_server_gets_no_requests_before_its_retry_delay_ends(
    hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_failures, "MAX_HINT_SECONDS", 60.0)
    with decision_server(refuse(grpc.StatusCode.RESOURCE_EXHAUSTED, **{hint: "60000"})) as server:
        async with client_of(server) as client:
            statuses = await ask(client, 5)

    assert statuses == [grpc.StatusCode.RESOURCE_EXHAUSTED] * 5
    assert len(server.sizes) == 1


@pytest.mark.parametrize("hint", ["retry_after_ms", "grpc_retry_pushback_ms"])
async def test_a_server_that_shed_is_asked_after_its_retry_delay(hint: str) -> None:
    with decision_server(refuse(grpc.StatusCode.RESOURCE_EXHAUSTED, **{hint: "200"})) as server:
        async with client_of(server) as client:
            await asked(client, server)
            server.say = allow
            await asked(client, server)

            assert await ask(client, 1) == [None]


async def test_while_one_target_sheds_the_other_is_used(
    servers: tuple[DecisionServer, DecisionServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_failures, "MAX_HINT_SECONDS", 60.0)
    shedding, other = servers
    async with client_of(*servers) as client:
        await asked(client, shedding)
        await asked(client, other)
        shedding.say = refuse(grpc.StatusCode.RESOURCE_EXHAUSTED, retry_after_ms="60000")
        statuses = await ask(client, 10)

    assert statuses.count(grpc.StatusCode.RESOURCE_EXHAUSTED) == 1
    assert statuses.count(None) == 9


async def test_a_target_that_is_not_serving_is_not_used(
    servers: tuple[DecisionServer, DecisionServer],
) -> None:
    leaving, other = servers
    async with client_of(*servers) as client:
        await asked(client, leaving)
        await asked(client, other)
        leaving.set_serving(False)
        quiet = 0
        while quiet < 10:
            before = len(leaving.sizes)
            assert await ask(client, 1) == [None]
            quiet = quiet + 1 if len(leaving.sizes) == before else 0
        leaving.set_serving(True)

        await asked(client, leaving)


async def test_a_target_that_does_not_answer_becomes_the_last_choice(
    servers: tuple[DecisionServer, DecisionServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_connections, "SUSPECT_SECONDS", 3600.0)
    stuck, other = servers
    async with client_of(*servers) as client:
        await asked(client, stuck)
        await asked(client, other)
        before = len(stuck.sizes)
        stuck.hold()
        for _ in range(3 * MISSES):
            await client.decide_call(CALL, timeout=0.5)
        statuses = await ask(client, 10)
        stuck.release()

    # In turn, they would be nearly ten.
    assert len(stuck.sizes) - before <= MISSES
    assert statuses == [None] * 10


async def test_a_target_that_did_not_answer_is_tried_again(
    servers: tuple[DecisionServer, DecisionServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_connections, "SUSPECT_SECONDS", 0.3)
    stuck, other = servers
    async with client_of(*servers) as client:
        await asked(client, stuck)
        await asked(client, other)
        stuck.hold()
        for _ in range(2 * MISSES):
            await client.decide_call(CALL, timeout=0.1)
        stuck.release()

        await asked(client, stuck)


async def test_without_any_server_traffic_is_let_through() -> None:
    async with AsyncClient("127.0.0.1:1") as client:
        ready = await client.wait_until_ready(0.05)
        answer = await client.decide_call(CALL)
        answers = await client.decide_calls([CALL, CALL])
        counters = client.counters

    assert not ready
    assert answer.failed_open
    assert not answer.blocked
    assert answers.failed_open
    assert counters.failed == 3


async def test_a_client_finds_a_server_that_comes_back() -> None:
    port = reserved_port()
    with decision_server(port=port) as first:
        client = client_of(first, timeout=0.5)
        await asked(client, first)
    assert (await client.decide_call(CALL)).failed_open
    with decision_server(port=port) as second:
        await asked(client, second)
        await client.close()


async def test_a_response_of_the_wrong_length_is_a_failure() -> None:
    with decision_server(lambda rows, context: allow([*rows, CALL], context)) as server:
        async with client_of(server) as client:
            answer = await client.decide_call(CALL)

    assert answer.status is grpc.StatusCode.INTERNAL
