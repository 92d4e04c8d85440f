"""HTTP/2 as RFC 9113 has it: what the server of decisions does with each error of a client."""

import asyncio

from fanzha.client import AsyncClient, Call, Options
from fanzha.phone import HomePlan
from services.decision.observer import Observer
from services.rpc.decide.handler import InterceptionServicer
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.security import DEVELOPMENT
from services.rpc.server import RpcServer
from tests.support import http2_cases, http2_peer
from tests.support.builders import NINE_O_CLOCK_S, an_engine, an_entry
from tests.support.checkout import CHECKOUT

LISTED, CALLEE = "+8617000000013", "+8619900000001"
PAGE = CHECKOUT / "docs" / "explanation" / "rfc-9113.md"
DEVIATIONS = {
    "4.1/2": "CLOSED",
    **dict.fromkeys(("5.1/1", "5.1/2", "5.1/3", "5.1/8", "5.1/9", "5.1/11", "5.1/12"), "IGNORED"),
    **dict.fromkeys(("5.1.1/1", "5.1.1/2", "6.1/1", "6.2/3", "6.3/1", "6.3/2"), "IGNORED"),
    **dict.fromkeys(("6.4/1", "6.7/3", "6.8/1", "8.2/1", "6.9.1/2", "6.9.1/3"), "IGNORED"),
    **dict.fromkeys(("hpack 4.2/1", "hpack 5.2/1", "hpack 5.2/3"), "IGNORED"),
    **dict.fromkeys(("5.1/5", "5.1/6"), "STATUS 1"),
    "5.1.2/1": "RESET ENHANCE_YOUR_CALM",
    "6.1/3": "RESET PROTOCOL_ERROR",
    **dict.fromkeys(("8.1.2/1", "8.1.2.1/1", "8.1.2.2/2"), "STATUS 13"),
    **dict.fromkeys(("8.1.2.3/2", "8.1.2.3/3", "8.1.2.3/4"), "RESET INTERNAL_ERROR"),
    "8.1.2.3/1": "STATUS 12",
    **dict.fromkeys(("6.1/2", "8.1.2.1/2", "8.1.2.1/3", "8.1.2.1/4", "8.1.2.2/1"), "STATUS 0"),
    **dict.fromkeys(("8.1.2.3/5", "8.1.2.3/6", "8.1.2.3/7", "8.1.2.6/1"), "STATUS 0"),
}
"""What gRPC's core does otherwise, each explained on `PAGE`."""


def reactions(port: int) -> dict[str, str]:
    return {case.name: http2_peer.reaction("127.0.0.1", port, case) for case in http2_cases.cases()}


async def test_errors_of_clients_are_met_as_the_rfc_has_it_but_for_known_deviations() -> None:
    servicer = InterceptionServicer(
        engine=an_engine(an_entry(LISTED)),
        reader=MessageDecoder(HomePlan("86")),
        now_ms=lambda: NINE_O_CLOCK_S * 1000,
        observer=Observer(),
    )
    server = RpcServer(
        {"interception": servicer},
        max_message_bytes=2**22,
        security=DEVELOPMENT,
        max_connection_requests=http2_cases.MOST_STREAMS,
        max_wait_ms=60_000,
    )
    port = await server.start("127.0.0.1", 0)
    await server.serve()

    found = await asyncio.to_thread(reactions, port)

    allowed = {case.name: case.allowed for case in http2_cases.cases()}
    assert {name: one for name, one in found.items() if one not in allowed[name]} == DEVIATIONS
    async with AsyncClient(f"127.0.0.1:{port}", Options(timeout=60)) as client:
        assert (await client.decide_call(Call(caller=LISTED, callee=CALLEE))).blocked
    await server.drain(60)
    assert server.in_flight == 0


def test_the_page_explains_each_deviation_and_no_other() -> None:
    names = {case.name for case in http2_cases.cases()}
    told = {
        name.strip()
        for line in PAGE.read_text().splitlines()
        if line.startswith("| ")
        for name in line.split("|")[1].split(",")
        if name.strip() in names
    }

    assert told == set(DEVIATIONS)
