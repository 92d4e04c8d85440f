"""The simulated phones of tests and demos: each call is served by itself."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from infra.sip import session_description
from infra.sip.link import SipPeerAddress
from infra.sip.user_agent import SipIdentity, SipUserAgent
from tests.support.answering_phone import AnsweringPhones, answering_phones, presses
from tests.support.sip_phone import RawPhone, raw_phone

OFFER = session_description.offer("127.0.0.1", 4000, session=1)
PATIENT = 60.0
NUMBERS = [f"+861700000{at:04}" for at in range(20)]


@pytest.fixture
async def phones() -> AsyncIterator[AnsweringPhones]:
    async with answering_phones(presses((), after_seconds=0)) as phones:
        yield phones


@pytest.fixture
async def agent(phones: AnsweringPhones) -> AsyncIterator[SipUserAgent]:
    agent = SipUserAgent(
        SipPeerAddress(host="127.0.0.1", port=phones.port),
        SipIdentity(user="96110", domain="trunk.example"),
    )
    await agent.open()
    await agent.link.connected()
    yield agent
    await agent.close()


async def test_calls_are_taken_at_once_each_with_audio_of_its_own(
    agent: SipUserAgent, phones: AnsweringPhones
) -> None:
    calls = [agent.call(number, OFFER) for number in NUMBERS]

    answers = await asyncio.gather(*(call.ring(PATIENT) for call in calls))
    under_way = [one.number for one in phones.under_way]
    await asyncio.gather(*(call.hang_up() for call in calls))

    ports = {session_description.read_answer(one).port for one in answers}
    assert sorted(under_way) == NUMBERS
    assert len(ports) == len(NUMBERS)
    assert {one.ended for one in phones.calls.values()} == {"BYE"}
    async with asyncio.timeout(PATIENT):
        while phones.tasks:  # noqa: ASYNC110 - they end without a word
            await asyncio.sleep(0.01)


async def test_an_invitation_that_comes_again_is_no_second_call(phones: AnsweringPhones) -> None:
    async with raw_phone() as caller:
        caller.peer = ("127.0.0.1", phones.port)
        for _ in range(2):
            caller.send(_request("INVITE"))
            await caller.next("SIP/2.0 200")

        caller.send(_request("BYE"))
        assert (await caller.next("SIP/2.0 200")).headers.first("cseq") == "1 BYE"

    (call,) = phones.calls.values()
    assert (call.invites, call.ended) == (2, "BYE")


@pytest.mark.parametrize("method", ["BYE", "CANCEL"])
async def test_what_belongs_to_no_call_is_refused(phones: AnsweringPhones, method: str) -> None:
    async with raw_phone() as caller:
        caller.peer = ("127.0.0.1", phones.port)
        caller.send(_request(method))

        await caller.next("SIP/2.0 481")


async def test_a_call_that_is_cancelled_before_it_is_taken_ends(phones: AnsweringPhones) -> None:
    async with raw_phone() as caller:
        caller.peer = ("127.0.0.1", phones.port)
        _both(caller, _request("INVITE"), _request("CANCEL"))

        await caller.next("SIP/2.0 487")

    (call,) = phones.calls.values()
    assert call.ended == "CANCEL"


def _both(caller: RawPhone, *requests: bytes) -> None:
    for one in requests:
        caller.send(one)


def _request(method: str) -> bytes:
    lines = [
        f"{method} sip:+8617000000001@phone.example SIP/2.0",
        "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKone;rport",
        "From: <sip:96110@trunk.example>;tag=us",
        "To: <sip:+8617000000001@phone.example>",
        "Call-ID: one",
        f"CSeq: 1 {method}",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()
