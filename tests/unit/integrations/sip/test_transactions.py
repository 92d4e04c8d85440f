import asyncio
from collections.abc import Callable

from infra.sip.addresses import read_via
from infra.sip.codec import SipRequest, read_request, split_message
from integrations.sip.transactions import ServerTransaction, ServerTransactions, key_of
from tests.support.sip_messages import sip_request


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


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - nothing tells of timers
            await asyncio.sleep(0.001)


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


async def test_a_response_is_sent_again_until_it_is_acknowledged() -> None:
    table, sent = ServerTransactions(10, lambda: None, t1_seconds=0.005), Sent()
    one = transaction(1, sent)
    table.begin(one)

    table.respond(one, b"603")
    await until(lambda: len(sent) > 2)
    table.acknowledge(one)
    after = len(sent)
    await until(lambda: not len(table))

    assert set(sent) == {b"603"}
    assert len(sent) == after


async def test_without_an_ack_a_transaction_ends_by_itself() -> None:
    table, sent = ServerTransactions(10, lambda: None, t1_seconds=0.001), Sent()
    one = transaction(1, sent)
    table.begin(one)

    table.respond(one, b"603")
    await until(lambda: not len(table))
    ended = len(sent)
    await asyncio.sleep(0.02)

    assert len(sent) == ended > 2


async def test_over_a_reliable_transport_nothing_is_sent_again() -> None:
    table, sent = ServerTransactions(10, lambda: None, t1_seconds=0.001), Sent()
    one = transaction(1, sent, reliable=True)
    table.begin(one)

    table.respond(one, b"603")
    await asyncio.sleep(0.02)
    table.acknowledge(one)

    assert sent == [b"603"]
    assert len(table) == 0


async def test_beyond_the_bound_the_oldest_is_forgotten_and_still_answered_once() -> None:
    evicted: list[bool] = []
    table, sent = ServerTransactions(3, lambda: evicted.append(True), t1_seconds=0.001), Sent()
    all_of_them = [transaction(number, sent) for number in range(5)]

    for one in all_of_them:
        table.begin(one)
    table.respond(all_of_them[0], b"302")
    await asyncio.sleep(0.02)

    assert sent == [b"302"]
    assert len(evicted) == 2
    assert [table.find(one.key) is one for one in all_of_them] == [False, False, True, True, True]
    table.close()
