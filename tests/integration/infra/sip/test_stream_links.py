"""Calls over TLS: only to whom the authority knows, and again after a connection was lost."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.sip import session_description
from infra.sip.codec import split_message
from infra.sip.framer import SipFramer
from infra.sip.link import SipPeerAddress
from infra.sip.outgoing_call import CallRefused
from infra.sip.user_agent import SipIdentity, SipUserAgent
from services.auth import issuer

PATIENCE = 60.0
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def trunk(folder: Path, serve: Serve) -> AsyncIterator[int]:
    """Run a trunk that shows a certificate for localhost; yield its port."""
    now = datetime.now(UTC)
    authority = issuer.authority("carrier.example", now=now, days=1)
    own = issuer.server(authority, ["localhost"], now=now, days=1)
    authority.write(folder / "ca.pem", folder / "ca.key")
    own.write(folder / "trunk.pem", folder / "trunk.key")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "trunk.pem", folder / "trunk.key")
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def agent_for(port: int, context: ssl.SSLContext) -> AsyncIterator[SipUserAgent]:
    peer = SipPeerAddress(host="localhost", port=port, transport="TLS", tls=context)
    agent = SipUserAgent(peer, SipIdentity(user="96110", domain="carrier.example"))
    await agent.open()
    try:
        yield agent
    finally:
        await agent.close()


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the first INVITE with 486, in two parts, and close the connection."""
    framer, messages = SipFramer(65_536), list[bytes]()
    while not messages:
        messages += framer.feed(await reader.read(4096))
    invite = split_message(messages[0])
    lines = [
        "SIP/2.0 486 Busy Here",
        *(f"{name}: {invite.headers.first(name)}" for name in ("via", "from", "call-id", "cseq")),
        f"to: {invite.headers.first('to')};tag=t",
        "Content-Length: 0",
    ]
    data = "\r\n".join([*lines, "", ""]).encode()
    writer.write(data[:40])
    await writer.drain()
    writer.write(data[40:])
    await writer.drain()
    await reader.read(4096)
    writer.close()


async def test_calls_go_over_tls_and_over_a_new_connection_after_one_was_lost(
    tmp_path: Path,
) -> None:
    async with trunk(tmp_path, refuse) as port:
        context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        async with agent_for(port, context) as agent, asyncio.timeout(PATIENCE):
            for _ in range(2):
                await agent.link.connected()
                offer = session_description.offer("127.0.0.1", 4000, session=1)
                with pytest.raises(CallRefused, match="486"):
                    await agent.call("+8617000000001", offer).ring(PATIENCE)
                while agent.link.is_connected:  # noqa: ASYNC110 - the socket tells nobody
                    await asyncio.sleep(0.02)


async def test_a_connection_over_which_nothing_comes_is_made_anew(tmp_path: Path) -> None:
    connections: list[asyncio.StreamReader] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(reader)
        if len(connections) > 1:
            await refuse(reader, writer)

    async with trunk(tmp_path, hang) as port:
        context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        async with agent_for(port, context) as agent, asyncio.timeout(PATIENCE):
            await agent.link.connected()
            offer = session_description.offer("127.0.0.1", 4000, session=1)
            with pytest.raises(CallRefused) as refused:
                await agent.call("+8617000000001", offer).ring(0.2)
            assert refused.value.silent

            agent.link.reset()
            while len(connections) < 2:  # noqa: ASYNC110 - the socket tells nobody
                await asyncio.sleep(0.02)
            await agent.link.connected()

            with pytest.raises(CallRefused, match="486"):
                await agent.call("+8617000000001", offer).ring(PATIENCE)


async def test_a_trunk_that_nobody_vouches_for_is_not_talked_to(tmp_path: Path) -> None:
    async with (
        trunk(tmp_path, refuse) as port,
        agent_for(port, ssl.create_default_context()) as agent,
    ):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(agent.link.connected(), 1.0)
