import asyncio
from collections.abc import Coroutine
from contextlib import closing
from random import Random
from typing import Any

from infra.sip.addresses import read_via
from infra.sip.codec import SipRequest, read_request, split_message
from integrations.sip.transactions import (
    T1_SECONDS,
    ServerTransaction,
    ServerTransactions,
    key_of,
)
from tests.support.simulation.scheduler import SimulatedLoop
from tests.support.sip_messages import sip_request

LONGEST_SECONDS = 64 * T1_SECONDS + 1
"""No timer of a transaction takes as long."""


class Sent(list[bytes]):
    """What a transaction sent."""


def request(method: str = "INVITE", number: int = 1, *headers: str) -> SipRequest:
    return read_request(split_message(sip_request(method, number=number, headers=headers)))


def transaction(number: int, sent: Sent, *, reliable: bool = False) -> ServerTransaction:
    invite = request(number=number)
    hops = read_via(invite.headers.all("via"))
    return ServerTransaction(
        key=key_of(invite, hops[0]),
        headers=invite.headers,
        hops=hops,
        reliable=reliable,
        send=sent.append,
        tag="t",
    )


def on_simulated_time(work: Coroutine[Any, Any, None]) -> None:
    """Run *work* where time passes only while everything waits, as no busy machine lets it."""
    with closing(SimulatedLoop(Random(1), most_steps=10_000)) as loop:
        loop.run_until_complete(work)


def test_ack_and_cancel_belong_to_the_transaction_of_their_invite() -> None:
    keys = {
        key_of(one, read_via(one.headers.all("via"))[0])
        for one in (request(), request("ACK"), request("CANCEL"))
    }

    assert len(keys) == 1


def test_peers_before_rfc_3261_are_told_apart_by_their_call() -> None:
    old = "Via: SIP/2.0/UDP 10.0.0.1"
    one, same, other = (request("INVITE", number, old) for number in (1, 1, 2))

    keys = [key_of(each, read_via([old[5:]])[0]) for each in (one, same, other)]

    assert keys[0] == keys[1] != keys[2]


def test_a_response_is_sent_again_until_it_is_acknowledged() -> None:
    sent, told = Sent(), list[int]()

    async def scenario() -> None:
        table = ServerTransactions(10, lambda: None)
        one = transaction(1, sent)
        table.begin(one)
        table.respond(one, b"603")
        await asyncio.sleep(2)
        table.acknowledge(one)
        told.append(len(sent))
        await asyncio.sleep(LONGEST_SECONDS)
        told.append(len(table))

    on_simulated_time(scenario())

    # At once, after half a second and after another whole one.
    assert sent == [b"603"] * 3
    assert told == [3, 0]


def test_without_an_ack_a_transaction_ends_by_itself() -> None:
    sent, told = Sent(), list[int]()

    async def scenario() -> None:
        table = ServerTransactions(10, lambda: None)
        one = transaction(1, sent)
        table.begin(one)
        table.respond(one, b"603")
        await asyncio.sleep(31)
        told.append(len(table))
        await asyncio.sleep(2)
        told.append(len(table))
        told.append(len(sent))
        await asyncio.sleep(LONGEST_SECONDS)

    on_simulated_time(scenario())

    # After 0.5, 1.5, 3.5 and 7.5 seconds, then every four seconds until the 32nd.
    assert told == [1, 0, 11]
    assert sent == [b"603"] * 11


def test_over_a_reliable_transport_nothing_is_sent_again() -> None:
    sent, told = Sent(), list[int]()

    async def scenario() -> None:
        table = ServerTransactions(10, lambda: None)
        one = transaction(1, sent, reliable=True)
        table.begin(one)
        table.respond(one, b"603")
        await asyncio.sleep(20)
        told.append(len(table))
        table.acknowledge(one)
        told.append(len(table))

    on_simulated_time(scenario())

    assert sent == [b"603"]
    assert told == [1, 0]


def test_beyond_the_bound_the_oldest_is_forgotten_and_still_answered_once() -> None:
    sent, evicted, found = Sent(), list[bool](), list[bool]()

    async def scenario() -> None:
        table = ServerTransactions(3, lambda: evicted.append(True))
        all_of_them = [transaction(number, sent) for number in range(5)]
        for one in all_of_them:
            table.begin(one)
        table.respond(all_of_them[0], b"302")
        await asyncio.sleep(20)
        found.extend(table.find(one.key) is one for one in all_of_them)
        table.close()

    on_simulated_time(scenario())

    assert sent == [b"302"]
    assert len(evicted) == 2
    assert found == [False, False, True, True, True]
