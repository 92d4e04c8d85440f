"""Calls of our user agent to a telephone that answers by hand, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sip import session_description
from infra.sip.codec import RawSip
from infra.sip.digest import SipCredentials
from infra.sip.link import SipPeerAddress
from infra.sip.outgoing_call import CallRefused, OutgoingCall
from infra.sip.user_agent import SipIdentity, SipUserAgent
from tests.support.sip_phone import RawPhone, raw_phone

OFFER = session_description.offer("127.0.0.1", 4000, session=1)
PATIENT = 60.0
SHORT = 3.0
"""Long enough for a slow machine to hear the phone ring."""


@dataclass
class Line:
    """An agent, and the phone that it calls."""

    agent: SipUserAgent
    phone: RawPhone
    keys: list[str] = field(default_factory=list)

    def call(self) -> OutgoingCall:
        return self.agent.call("+8617000000001", OFFER, on_key=self.keys.append)

    async def answered(self) -> tuple[OutgoingCall, RawSip]:
        """Call, and let the phone answer."""
        call = self.call()
        ringing = asyncio.create_task(call.ring(PATIENT))
        invite = await self.phone.next("INVITE")
        self.phone.answer(invite, 180)
        self.phone.answer(invite, 200, body=OFFER)
        assert await ringing == OFFER
        await self.phone.next("ACK")
        return call, invite


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with raw_phone() as phone:
        credentials = SipCredentials(user="robot", password="secret")
        agent = SipUserAgent(
            SipPeerAddress(host="127.0.0.1", port=phone.port),
            SipIdentity(user="96110", domain="trunk.example", credentials=credentials),
        )
        await agent.open()
        await agent.link.connected()
        yield Line(agent, phone)
        await agent.close()


async def test_a_call_is_acknowledged_and_ended_where_the_answer_says(line: Line) -> None:
    call = line.call()
    ringing = asyncio.create_task(call.ring(PATIENT))
    invite = await line.phone.next("INVITE")
    routes = ["Record-Route: <sip:a.example;lr>, <sip:b.example;lr>"]
    line.phone.answer(invite, 180, headers=routes)
    line.phone.answer(invite, 200, headers=routes, body=OFFER)
    await ringing

    ack = await line.phone.next("ACK")
    ending = asyncio.create_task(call.hang_up())
    bye = await line.phone.next("BYE")
    line.phone.answer(bye, 200)
    await ending

    assert invite.first_line == "INVITE sip:+8617000000001@trunk.example SIP/2.0"
    assert ack.first_line == f"ACK sip:phone@127.0.0.1:{line.phone.port} SIP/2.0"
    assert bye.headers.all("route") == ["<sip:b.example;lr>", "<sip:a.example;lr>"]
    assert bye.headers.first("to").endswith(";tag=phone")
    assert ack.headers.first("cseq").split()[0] == invite.headers.first("cseq").split()[0]
    assert (call.rang, call.ended.result()) == (True, "us")


async def test_a_lost_request_and_a_lost_acknowledgement_are_sent_again(line: Line) -> None:
    call = line.call()
    ringing = asyncio.create_task(call.ring(PATIENT))
    first = await line.phone.next("INVITE")
    invite = await line.phone.next("INVITE")
    line.phone.answer(invite, 200, body=OFFER)
    await ringing
    await line.phone.next("ACK")

    line.phone.answer(invite, 200, body=OFFER)

    await line.phone.next("ACK")
    assert first == invite


async def test_a_challenge_is_answered_once(line: Line) -> None:
    call = line.call()
    ringing = asyncio.create_task(call.ring(PATIENT))
    challenges = ['WWW-Authenticate: Digest realm="t, x", nonce="n,1", qop="auth,auth-int"']
    first = await line.phone.next("INVITE")
    line.phone.answer(first, 401, headers=challenges)
    ack = await line.phone.next("ACK")
    again = await line.phone.next("INVITE")
    line.phone.answer(again, 401, headers=challenges)

    with pytest.raises(CallRefused, match="401"):
        await ringing

    assert "Authorization" not in str(first.headers)
    value = again.headers.first("authorization")
    assert 'realm="t, x"' in value
    assert 'nonce="n,1"' in value
    assert "secret" not in value
    assert ack.headers.first("via").split("branch=")[1] in str(first.headers)
    assert int(again.headers.first("cseq").split()[0]) == 2


async def test_a_redirection_is_a_refusal(line: Line) -> None:
    async with raw_phone() as elsewhere:
        ringing = asyncio.create_task(line.call().ring(PATIENT))
        invite = await line.phone.next("INVITE")
        place = f"Contact: <sip:other@127.0.0.1:{elsewhere.port}>"
        line.phone.answer(invite, 302, headers=[place])

        with pytest.raises(CallRefused) as refused:
            await ringing

        assert refused.value.status == 302
        await line.phone.next("ACK")
        assert elsewhere.came.empty()
        assert line.phone.came.empty()


@pytest.mark.parametrize("body", [b"", OFFER], ids=["ringing", "early media"])
async def test_who_does_not_answer_is_rung_for_so_long_and_no_longer(
    line: Line, body: bytes
) -> None:
    ringing = asyncio.create_task(line.call().ring(SHORT))
    invite = await line.phone.next("INVITE")
    for _ in range(200):
        line.phone.answer(invite, 183, body=body)

    cancel = await line.phone.next("CANCEL")
    line.phone.answer(cancel, 200)
    line.phone.answer(invite, 487)

    with pytest.raises(CallRefused) as refused:
        await ringing
    await line.phone.next("ACK")
    assert (refused.value.status, refused.value.rang) == (408, True)
    assert cancel.headers.first("via") == invite.headers.first("via")


async def test_an_answer_that_comes_too_late_is_ended_at_once(line: Line) -> None:
    call = line.call()
    ringing = asyncio.create_task(call.ring(SHORT))
    invite = await line.phone.next("INVITE")
    line.phone.answer(invite, 180)
    await line.phone.next("CANCEL")

    line.phone.answer(invite, 200, body=OFFER)

    with pytest.raises(CallRefused):
        await ringing
    await line.phone.next("ACK")
    await line.phone.next("BYE")


async def test_a_second_phone_that_answers_is_hung_up(line: Line) -> None:
    call, invite = await line.answered()

    line.phone.answer(invite, 200, body=OFFER, tag="second")

    bye = await line.phone.next("BYE")
    assert bye.headers.first("to").endswith(";tag=second")
    assert not call.ended.done()


async def test_keys_come_in_info_once_each_and_a_hang_up_ends_the_call(line: Line) -> None:
    call, invite = await line.answered()

    relay = b"Signal= 5\r\nDuration= 160\r\n"
    for cseq in (1, 1, 2):
        line.phone.ask(invite, "INFO", cseq=cseq, body=relay, content="application/dtmf-relay")
    line.phone.ask(invite, "INFO", cseq=3, body=b"#", content="application/dtmf")
    line.phone.ask(invite, "INFO", cseq=4, body=b"9" * 3000, content="application/dtmf")
    for _ in range(2):  # the answer was lost
        line.phone.ask(invite, "BYE", cseq=5)

    async with asyncio.timeout(PATIENT):
        assert await call.ended == "the person"
    answers = [await line.phone.next("SIP/2.0") for _ in range(7)]
    assert {one.first_line for one in answers} == {"SIP/2.0 200 OK"}
    assert line.keys == ["5", "5", "#"]


async def test_a_refresh_gets_our_session_and_strangers_get_none(line: Line) -> None:
    _, invite = await line.answered()

    line.phone.ask(invite, "INVITE", cseq=1, body=OFFER, content="application/sdp")
    refreshed = await line.phone.next("SIP/2.0 200")
    stranger = RawSip(
        first_line=invite.first_line,
        headers=type(invite.headers)(
            tuple((k, "x" if k == "call-id" else v) for k, v in invite.headers.pairs)
        ),
        body=b"",
    )
    line.phone.ask(stranger, "BYE", cseq=2)
    refused = await line.phone.next("SIP/2.0 481")

    assert refreshed.body == OFFER
    assert refused.body == b""


@given(st.binary(max_size=400) | st.binary(max_size=60).map(lambda b: b"SIP/2.0 200 OK\r\n" + b))
def test_no_datagram_stops_the_agent(data: bytes) -> None:
    async def receive() -> None:
        agent = SipUserAgent(
            SipPeerAddress(host="127.0.0.1", port=9), SipIdentity(user="1", domain="x.example")
        )
        agent._receive(data + b"\r\n\r\n")  # noqa: SLF001 - as the socket calls it

    asyncio.run(receive())
