"""A call that nobody answers: the link is made anew where nothing at all came over it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from infra.sip.link import SipPeerAddress
from infra.sip.user_agent import SipIdentity, SipUserAgent
from services.warning.robot.voice.call_ends import CallEnd, CallFailure
from services.warning.robot.voice.calls import CallRules, PhoneCaller
from services.warning.robot.voice.conversation import ConversationPlan

PATIENCE = 60.0
RING_SECONDS = 3.0
OPTIONS = "\r\n".join(
    [
        "OPTIONS sip:96110@carrier.example SIP/2.0",
        "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK-alive",
        "From: <sip:trunk@carrier.example>;tag=t", "To: <sip:96110@carrier.example>",
        "Call-ID: alive", "CSeq: 1 OPTIONS", "Max-Forwards: 70", "Content-Length: 0", "", "",
    ]
).encode()  # fmt: skip
PLAN = cast("ConversationPlan", None)
"""Nobody talks here."""


class SilentTrunk(asyncio.DatagramProtocol):
    """Answers no call; to whoever calls it may send requests of its own meanwhile."""

    def __init__(self, *, alive: bool) -> None:
        self.alive = alive
        self.callers: set[Any] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if data.startswith(b"INVITE"):
            self.callers.add(addr)

    async def ask(self) -> None:
        while True:
            for caller in self.callers if self.alive else ():
                self.transport.sendto(OPTIONS, caller)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def caller_before(trunk: SilentTrunk) -> AsyncIterator[tuple[SipUserAgent, PhoneCaller]]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: trunk, ("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    agent = SipUserAgent(
        SipPeerAddress(host="127.0.0.1", port=port),
        SipIdentity(user="96110", domain="carrier.example"),
    )
    caller = PhoneCaller(agent, CallRules(ring_seconds=RING_SECONDS))
    asking = asyncio.create_task(trunk.ask())
    try:
        await caller.ready()
        yield agent, caller
    finally:
        asking.cancel()
        await caller.close()
        transport.close()


async def test_a_link_over_which_nothing_came_is_made_anew_after_a_silent_call() -> None:
    async with (
        asyncio.timeout(PATIENCE),
        caller_before(SilentTrunk(alive=False)) as (agent, caller),
    ):
        before = agent.link.local

        ended = await caller.call("+8617000000001", PLAN)

        assert isinstance(ended, CallFailure)
        assert ended.end is CallEnd.TRUNK_DOWN
        while agent.link.local == before:  # noqa: ASYNC110 - the socket tells nobody
            await asyncio.sleep(0.02)


async def test_a_link_that_is_alive_stays_after_a_silent_call() -> None:
    async with (
        asyncio.timeout(PATIENCE),
        caller_before(SilentTrunk(alive=True)) as (agent, caller),
    ):
        before = agent.link.local

        ended = await caller.call("+8617000000001", PLAN)

        assert isinstance(ended, CallFailure)
        assert agent.link.heard
        assert agent.link.is_connected
        assert agent.link.local == before
