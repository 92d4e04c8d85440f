"""What Kamailio makes of a label or a challenge, seen by the next hop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fanzha.client import Answer, ProtocolAnswer
from fanzha.v1 import decision_pb2 as pb
from integrations.sip.metrics import SipMetrics
from integrations.sip.redirect import CallRedirector
from integrations.sip.server import SipRedirectServer
from integrations.sip.settings import SipSettings
from integrations.sip.transports import SipTransports
from tests.support.call_answers import ALLOWED, ChosenAnswers
from tests.support.processes import PATIENCE_SECONDS
from tests.support.sip_messages import CALLEE, CALLER, sip_request
from tests.support.sip_switch import switch

CHALLENGE = "sip:challenge@ivr.test"
SHOWN = f'From: "Bank" <sip:{CALLER}@carrier.test>;tag=1'
ASSERTED = f"P-Asserted-Identity: <sip:{CALLER}@carrier.test>"
LABELLED = Answer(
    action=pb.ACTION_ALLOW,
    reason=pb.REASON_SCORED,
    treatment=pb.TREATMENT_LABEL,
    protocol_answer=ProtocolAnswer(label="疑似诈骗"),
)
CHALLENGED = Answer(
    action=pb.ACTION_ALLOW, reason=pb.REASON_SCORED, treatment=pb.TREATMENT_CHALLENGE
)


@pytest.fixture
def next_hop() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.setblocking(False)
        found.bind(("127.0.0.1", 0))
        yield found


@asynccontextmanager
async def adapter_answering(answer: Answer) -> AsyncIterator[int]:
    settings = SipSettings(listen="127.0.0.1:0", drain_seconds=0, challenge_contact=CHALLENGE)
    redirector = CallRedirector(settings, ChosenAnswers(answer), lambda _: 0, lambda: None)
    server = SipRedirectServer(settings, redirector, SipMetrics())
    transports = SipTransports(settings, server)
    (address,) = await transports.start()
    yield int(address.rpartition(":")[2])
    await server.drain()
    await transports.stop()


async def relayed(folder: Path, next_hop: socket.socket, answer: Answer) -> list[str]:
    """Return the lines of the INVITE that reaches the next hop."""
    loop = asyncio.get_running_loop()
    port = next_hop.getsockname()[1]
    async with adapter_answering(answer) as asked, asyncio.timeout(PATIENCE_SECONDS):
        with (
            switch(folder, next_hop=port, adapters=[asked], patience_ms=10_000) as running,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller,
        ):
            caller.bind(("127.0.0.1", 0))
            message = sip_request(
                port=caller.getsockname()[1], headers=(SHOWN, ASSERTED, "X-Fanzha-Label: genuine")
            )
            caller.sendto(message, ("127.0.0.1", running.port))
            return (await loop.sock_recv(next_hop, 65_535)).decode().split("\r\n")


async def test_a_label_takes_the_place_of_the_name_and_of_a_forged_label(
    tmp_path: Path, next_hop: socket.socket
) -> None:
    lines = await relayed(tmp_path, next_hop, LABELLED)

    assert f'From: "疑似诈骗" <sip:{CALLER}@carrier.test>;tag=1' in lines
    assert [line for line in lines if line.startswith("X-Fanzha")] == ["X-Fanzha-Label: 疑似诈骗"]
    assert ASSERTED in lines
    assert lines[0] == f"INVITE sip:{CALLEE}@carrier.test SIP/2.0"


async def test_a_challenge_leads_to_its_service(tmp_path: Path, next_hop: socket.socket) -> None:
    lines = await relayed(tmp_path, next_hop, CHALLENGED)

    assert lines[0] == f"INVITE {CHALLENGE} SIP/2.0"


async def test_a_call_without_treatment_arrives_as_it_was(
    tmp_path: Path, next_hop: socket.socket
) -> None:
    lines = await relayed(tmp_path, next_hop, ALLOWED)

    assert {SHOWN, ASSERTED} <= set(lines)
    assert lines[0] == f"INVITE sip:{CALLEE}@carrier.test SIP/2.0"
    assert not any(line.startswith("X-Fanzha") for line in lines)
