"""The redirect server on real sockets, with a decider that answers as the test wants."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fanzha.client import Answer, Call, ProtocolAnswer
from fanzha.v1 import decision_pb2 as pb
from integrations.common.settings import FailPolicy
from integrations.sip.metrics import SipMetrics
from integrations.sip.redirect import CallRedirector
from integrations.sip.server import SipRedirectServer
from integrations.sip.settings import SipSettings
from integrations.sip.transports import SipTransports
from tests.support.call_answers import BLOCKED, FAILED, REASON, ChosenAnswers
from tests.support.sip_messages import CALLEE, CALLER, SipAnswer, sip_answer, sip_request


class Caller:
    """A UDP socket that calls. The server repeats what is not acknowledged for half a second."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._to = (host.strip("[]"), int(port))
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((self._to[0], 0))
        self.port = self._socket.getsockname()[1]
        self._heard: list[SipAnswer] = []

    async def send(self, message: bytes) -> None:
        await asyncio.get_running_loop().sock_sendto(self._socket, message, self._to)

    async def receive(self) -> SipAnswer:
        """Return the next answer that is no repetition of one before."""
        async with asyncio.timeout(60):
            while (answer := await self._next()) in self._heard:
                pass
        self._heard.append(answer)
        return answer

    async def receive_again(self, answer: SipAnswer) -> None:
        """Return once *answer* came once more, and nothing else before it."""
        async with asyncio.timeout(60):
            assert await self._next() == answer

    async def _next(self) -> SipAnswer:
        return sip_answer(await asyncio.get_running_loop().sock_recv(self._socket, 65_535))

    async def ask(self, message: bytes) -> SipAnswer:
        await self.send(message)
        return await self.receive()

    async def is_silent(self) -> bool:
        """Return whether the server has nothing more to say: it answers OPTIONS first."""
        answer = await self.ask(sip_request("OPTIONS", number=99, port=self.port))
        return answer["CSeq"] == "1 OPTIONS"

    def close(self) -> None:
        self._socket.close()


@asynccontextmanager
async def serving(
    decider: ChosenAnswers, **settings: object
) -> AsyncIterator[tuple[Caller, SipRedirectServer, str]]:
    chosen = SipSettings(listen="127.0.0.1:0", drain_seconds=0, **settings)  # type: ignore[arg-type]
    metrics = SipMetrics()
    redirector = CallRedirector(chosen, decider, lambda _: 0, lambda: None)
    server = SipRedirectServer(chosen, redirector, metrics)
    transports = SipTransports(chosen, server)
    (address,) = await transports.start()
    caller = Caller(address)
    try:
        yield caller, server, address
    finally:
        caller.close()
        await server.drain()
        await transports.stop()


async def test_a_blocked_call_gets_the_answer_of_the_decision_and_nothing_else() -> None:
    async with serving(ChosenAnswers(BLOCKED)) as (caller, _, _):
        answer = await caller.ask(sip_request(port=caller.port))
        await caller.send(sip_request("ACK", port=caller.port))

        assert (answer.status, answer.phrase, answer["Reason"]) == (603, "Network Blocked", REASON)
        assert answer["To"].startswith(f"<sip:{CALLEE}@carrier.test>;tag=")
        assert "contact" not in answer.headers
        assert await caller.is_silent()


async def test_what_may_ring_is_sent_back_to_where_it_was_going() -> None:
    decider = ChosenAnswers()
    async with serving(decider) as (caller, _, _):
        answer = await caller.ask(sip_request(port=caller.port))

    assert (answer.status, answer["Contact"]) == (302, f"<sip:{CALLEE}@carrier.test>")
    assert answer["X-Fanzha-Decision"] == "7"
    assert (decider.calls[0].caller, decider.calls[0].callee) == (CALLER, CALLEE)


@pytest.mark.parametrize(
    ("uri", "contact"),
    [
        (f"sip:{CALLEE}@a.test:5080;user=phone", f"<sip:{CALLEE}@10.0.0.9:5062;user=phone>"),
        ("sips:user@a.test", "<sips:user@10.0.0.9:5062>"),
        (f"tel:{CALLEE};ext=1", f"<sip:{CALLEE};ext=1@10.0.0.9:5062;user=phone>"),
    ],
)
async def test_a_next_hop_takes_the_place_of_the_host(uri: str, contact: str) -> None:
    async with serving(ChosenAnswers(), next_hop="10.0.0.9:5062") as (caller, _, _):
        answer = await caller.ask(sip_request(port=caller.port, uri=uri))

    assert answer["Contact"] == contact


async def test_switches_that_go_on_after_404_get_one() -> None:
    async with serving(ChosenAnswers(), let_through_status=404) as (caller, _, _):
        answer = await caller.ask(sip_request(port=caller.port))

    assert (answer.status, answer.phrase) == (404, "Not Found")
    assert "contact" not in answer.headers


async def test_a_label_is_shown_as_a_name_and_as_a_header() -> None:
    labelled = Answer(
        action=pb.ACTION_ALLOW,
        reason=pb.REASON_SCORED,
        treatment=pb.TREATMENT_LABEL,
        protocol_answer=ProtocolAnswer(label='疑似"诈骗'),
    )
    async with serving(ChosenAnswers(labelled)) as (caller, _, _):
        answer = await caller.ask(sip_request(port=caller.port))

    assert answer["Contact"] == f'"疑似\\"诈骗" <sip:{CALLEE}@carrier.test>'
    assert answer["X-Fanzha-Label"] == '疑似"诈骗'


@pytest.mark.parametrize("contact", ["sip:challenge@ivr.test", ""])
async def test_a_challenge_leads_elsewhere_where_there_is_a_place_for_it(contact: str) -> None:
    challenged = Answer(
        action=pb.ACTION_ALLOW, reason=pb.REASON_SCORED, treatment=pb.TREATMENT_CHALLENGE
    )
    async with serving(ChosenAnswers(challenged), challenge_contact=contact) as (caller, _, _):
        answer = await caller.ask(sip_request(port=caller.port))

    assert answer["Contact"] == f"<{contact or f'sip:{CALLEE}@carrier.test'}>"
    assert ("x-fanzha-treatment" in answer.headers) == bool(contact)


async def test_an_asserted_identity_names_the_caller_and_the_tel_uri_its_number() -> None:
    asserted = (
        "P-Asserted-Identity: <sip:1001@ims.test>, <tel:+8617000000777;verstat=x>",
        "P-Asserted-Identity: <sip:other@ims.test>",
    )
    decider = ChosenAnswers()
    async with serving(decider) as (caller, _, _):
        await caller.ask(sip_request(port=caller.port, headers=asserted))

    assert decider.calls[0].caller == "+8617000000777"


@pytest.mark.parametrize(
    ("policy", "status"), [(FailPolicy.LET_THROUGH, 302), (FailPolicy.REFUSE, 503)]
)
async def test_without_a_decision_the_fail_policy_answers(policy: FailPolicy, status: int) -> None:
    async with serving(ChosenAnswers(FAILED, policy), fail_policy=policy) as (caller, _, _):
        answer = await caller.ask(sip_request(port=caller.port))

    assert answer.status == status


async def test_beyond_the_calls_that_may_wait_others_go_through_undecided() -> None:
    decider = ChosenAnswers(BLOCKED, gate=asyncio.Event())
    async with serving(decider, max_pending=1, stall_ms=60_000) as (caller, _, _):
        await caller.send(sip_request(port=caller.port, number=1))
        second = await caller.ask(sip_request(port=caller.port, number=2))
        assert decider.gate is not None
        decider.gate.set()
        first = await caller.receive()

    assert (second.status, first.status) == (302, 603)


async def test_behind_a_call_that_waits_too_long_others_do_not_wait() -> None:
    decider = ChosenAnswers(BLOCKED, gate=asyncio.Event())
    async with serving(decider, stall_ms=1) as (caller, _, _):
        await caller.send(sip_request(port=caller.port, number=1))
        assert await caller.is_silent()
        await asyncio.sleep(0.01)
        second = await caller.ask(sip_request(port=caller.port, number=2))
        assert decider.gate is not None
        decider.gate.set()
        first = await caller.receive()
        third = await caller.ask(sip_request(port=caller.port, number=3))

    assert (second.status, first.status, third.status) == (302, 603, 603)


async def test_nobody_asks_about_an_emergency_call() -> None:
    decider = ChosenAnswers(BLOCKED)
    async with serving(decider) as (caller, _, _):
        answer = await caller.ask(sip_request(port=caller.port, uri="urn:service:sos.police"))

    assert (answer.status, decider.calls) == (302, [])


async def test_an_invite_that_comes_again_gets_the_same_answer_and_no_other_decision() -> None:
    decider = ChosenAnswers(BLOCKED)
    async with serving(decider) as (caller, _, _):
        first = await caller.ask(sip_request(port=caller.port))
        await caller.send(sip_request(port=caller.port))
        await caller.receive_again(first)
        assert await caller.is_silent()

    assert len(decider.calls) == 1


async def test_a_call_that_is_cancelled_gets_487_and_the_late_decision_nothing() -> None:
    decider = ChosenAnswers(BLOCKED, gate=asyncio.Event())
    async with serving(decider) as (caller, _, _):
        vias = (
            f"Via: SIP/2.0/UDP 127.0.0.1:{caller.port};branch=z9hG4bK5",
            "Via: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK4",
        )
        await caller.send(sip_request(headers=vias))
        cancelled = await caller.ask(sip_request("CANCEL", headers=vias[:1]))
        terminated = await caller.receive()
        await caller.send(sip_request("ACK", headers=vias[:1]))
        assert decider.gate is not None
        decider.gate.set()

        assert (cancelled.status, cancelled["CSeq"]) == (200, "1 CANCEL")
        assert (terminated.status, terminated["CSeq"]) == (487, "1 INVITE")
        assert [len(one.headers["via"]) for one in (cancelled, terminated)] == [1, 2]
        assert cancelled["To"] == terminated["To"]
        assert await caller.is_silent()


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (sip_request("OPTIONS"), 200),
        (sip_request("CANCEL"), 481),
        (sip_request("BYE", to_tag="x"), 481),
        (sip_request(to_tag="x"), 481),
        (sip_request("REGISTER"), 405),
        (sip_request("WHATEVER"), 405),
        (sip_request(headers=("CSeq: 1 BYE",)), 400),
        (sip_request(headers=("broken",)), 302),
        (sip_request(headers=("CSeq: 1",)), 400),
        (sip_request(headers=("Content-Length: 9",)), 400),
        (sip_request(body=b"x" * 2000), 513),
    ],
)
async def test_other_requests_get_the_answer_of_the_protocol(message: bytes, status: int) -> None:
    async with serving(ChosenAnswers(), max_message_bytes=1500) as (caller, _, _):
        answer = await caller.ask(message)

    assert answer.status == status
    assert ("allow" in answer.headers) == (status in {200, 405})


@pytest.mark.parametrize(
    "message",
    [
        sip_request("ACK"),
        sip_request("ACK", headers=("CSeq: 1",)),
        sip_request(without=("Via",)),
        sip_request(headers=("Via: nonsense",)),
        sip_request(without=("From",)),
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1\r\n\r\n",
        b"\x00\x00\x00\x00",
        b"\r\n\r\n",
        b"",
        b"\xff" * 100,
    ],
)
async def test_what_has_no_answer_gets_none(message: bytes) -> None:
    async with serving(ChosenAnswers()) as (caller, _, _):
        await caller.send(message)

        assert await caller.is_silent()


async def test_while_the_server_ends_it_tells_switches_to_turn_away() -> None:
    async with serving(ChosenAnswers()) as (caller, server, _):
        await server.drain()
        answer = await caller.ask(sip_request("OPTIONS", port=caller.port))

    assert answer.status == 503


async def test_an_unforeseen_failure_lets_the_call_ring() -> None:
    class Broken(ChosenAnswers):
        async def call(self, call: Call) -> Answer:
            raise RuntimeError("unforeseen")

    async with serving(Broken()) as (caller, _, _):
        answer = await caller.ask(sip_request(port=caller.port))

    assert answer.status == 302


async def test_ipv6_is_served_alike() -> None:
    settings = SipSettings(listen="[::1]:0", drain_seconds=0)
    redirector = CallRedirector(settings, ChosenAnswers(BLOCKED), lambda _: 0, lambda: None)
    server = SipRedirectServer(settings, redirector, SipMetrics())
    transports = SipTransports(settings, server)
    (address,) = await transports.start()
    caller = Caller(address)
    via = f"Via: SIP/2.0/UDP [::1]:{caller.port};rport;branch=z9hG4bK6"

    answer = await caller.ask(sip_request(headers=(via,)))

    assert answer.status == 603
    assert answer["Via"].endswith(f"rport={caller.port};received=::1")
    caller.close()
    await server.drain()
    await transports.stop()


async def test_over_tcp_messages_follow_each_other_and_a_fault_ends_the_connection() -> None:
    settings = {"max_message_bytes": 2048, "stall_ms": 60_000}
    async with serving(ChosenAnswers(BLOCKED), **settings) as (_, _, address):
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        invites = [sip_request(number=number, transport="TCP") for number in (1, 2)]
        writer.write(b"\r\n\r\n" + b"".join(invites))
        pong = await reader.readexactly(2)
        answers = [sip_answer(await reader.readuntil(b"\r\n\r\n")) for _ in invites]
        writer.write(sip_request(number=3, transport="TCP", headers=("Content-Length: 9999",)))
        too_large = sip_answer(await reader.readuntil(b"\r\n\r\n"))
        rest = await reader.read()
        writer.close()

    assert pong == b"\r\n"
    assert [answer.status for answer in answers] == [603, 603]
    assert (too_large.status, rest) == (513, b"")
