"""Two logins share a worker: one sends far too much, the other is decided as if it were alone."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from fanzha.phone import HomePlan
from fanzha.v1 import decision_pb2
from fanzha.v1 import interception_pb2 as pb
from fanzha.v1 import interception_pb2_grpc as pb_grpc
from services.auth.identity import Role
from services.auth.local_authority import AUDIENCE, ISSUER, AuthorityFolder
from services.decision.observer import Observer
from services.decision.shed_reasons import ShedReason
from services.rpc import security
from services.rpc.decide.handler import InterceptionServicer
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.server import RpcServer
from services.settings.settings import Settings
from tests.support.builders import NINE_O_CLOCK_S, an_engine, an_entry
from tests.support.identities import now

LISTED, CALLEE = "+8617000000013", "+8619900000001"
PATIENCE = 240
ROWS = 1024
CONNECTIONS, AT_ONCE = 2, 120
"""Of the greedy login: requests at once on each connection."""
MODEST_REQUESTS = 10
BATCH = pb.DecideCallsRequest(calls=[pb.Call(caller=LISTED, callee=CALLEE)] * ROWS)
SINGLE = pb.DecideCallRequest(call=pb.Call(caller=LISTED, callee=CALLEE))


@dataclass(frozen=True)
class Sharing:
    """A server of this process with two logins."""

    target: str
    shed: list[ShedReason]
    tokens: dict[str, str]

    def connect(self) -> grpc.aio.Channel:
        return grpc.aio.insecure_channel(self.target, [("grpc.use_local_subchannel_pool", 1)])

    def shown(self, login: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.tokens[login]}"),)


@asynccontextmanager
async def sharing(folder: Path) -> AsyncIterator[Sharing]:
    authority = AuthorityFolder(folder / "identity")
    authority.make([], now=now(), days=30)
    tokens = {
        login: authority.token(login, [Role.CARRIER], regions=[], sources=[], now=now(), days=1)
        for login in ("greedy", "modest")
    }
    settings = Settings(jwks_file=authority.keys, token_issuer=ISSUER, token_audience=AUDIENCE)
    shed: list[ShedReason] = []
    servicer = InterceptionServicer(
        engine=an_engine(an_entry(LISTED)),
        reader=MessageDecoder(HomePlan("86")),
        now_ms=lambda: NINE_O_CLOCK_S * 1000,
        observer=Observer(),
    )
    server = RpcServer(
        {"interception": servicer},
        max_message_bytes=2**22,
        security=security.of(settings, "decisions"),
        max_wait_ms=PATIENCE * 1000,
        # The core's own bound knows no logins: it must not be what refuses here.
        max_queued_requests=10_000,
        shed=shed.append,
    )
    port = await server.start("127.0.0.1", 0)
    await server.serve()
    yield Sharing(f"127.0.0.1:{port}", shed, tokens)
    await server.drain(5)


async def flood(server: Sharing, channel: grpc.aio.Channel, over: asyncio.Event) -> Counter[str]:
    """Keep one request of the greedy login under way; count how they ended."""
    stub: Any = pb_grpc.InterceptionServiceStub(channel)
    outcomes = Counter[str]()
    while not over.is_set():
        try:
            answer = await stub.DecideCalls(
                BATCH, timeout=PATIENCE, metadata=server.shown("greedy")
            )
        except grpc.aio.AioRpcError as error:
            outcomes[error.code().name] += 1
        else:
            assert set(answer.decisions.actions) == {decision_pb2.ACTION_BLOCK}
            outcomes["OK"] += 1
    return outcomes


async def test_a_modest_login_is_never_refused_beside_one_that_fills_the_queue(
    tmp_path: Path,
) -> None:
    over = asyncio.Event()
    async with sharing(tmp_path) as server, server.connect() as own:
        channels = [server.connect() for _ in range(CONNECTIONS)]
        storm = [
            asyncio.create_task(flood(server, channel, over))
            for channel in channels
            for _ in range(AT_ONCE)
        ]
        stub: Any = pb_grpc.InterceptionServiceStub(own)
        actions = Counter[int]()

        async def modest_until(enough: int) -> None:
            while not server.shed or actions.total() < enough:
                answer = await stub.DecideCall(
                    SINGLE, timeout=PATIENCE, metadata=server.shown("modest")
                )
                actions[answer.decision.action] += 1

        await asyncio.wait_for(modest_until(MODEST_REQUESTS), PATIENCE)
        over.set()
        outcomes = sum(await asyncio.gather(*storm), Counter[str]())
        for channel in channels:
            await channel.close()

    assert set(actions) == {decision_pb2.ACTION_BLOCK}
    assert outcomes["OK"] > 0
    assert outcomes["RESOURCE_EXHAUSTED"] > 0
    assert set(server.shed) == {ShedReason.SHARE}
    assert len(server.shed) == outcomes["RESOURCE_EXHAUSTED"]
