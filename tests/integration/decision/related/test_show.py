"""`fanzha graph show`, on a real store: what is shown, masked by role, and on record."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fanzha.errors import InvalidInput, NotAllowed, NotFound
from fanzha.fingerprint import fingerprint
from fanzha.phone import HomePlan
from infra.redis.client import connect
from services.audit.events import AuditKind
from services.auth.identity import Identity, Role, acting_as
from services.cli import graph as command
from services.decision.campaigns.store import CampaignStore
from services.decision.sinks.hit_store import HitStore
from services.feedback.hit_reader import HitReader
from services.feedback.relation_reader import RelationReader
from services.rpc.hits.handler import HitServicer
from tests.support.change_desk import MemoryAudit
from tests.support.relation_graph import RelationGraph, a_graph
from tests.support.rpc_server import rpc_server

TEMPLATE = "【示例快递】您的包裹因地址不详无法派送，请在二十四小时内联系工作人员更新收件信息"
VARIANT = TEMPLATE.replace("示例快递", "样品快递")
LINK, CALLBACK, NAME = "link:evil.example", "+8617000000001", "name:bank"
OPERATOR = Identity(name="wu", roles=frozenset({Role.OPERATOR}))
AUDITOR = Identity(name="zhao", roles=frozenset({Role.AUDITOR}))


@asynccontextmanager
async def known(redis_url: str) -> AsyncIterator[RelationGraph]:
    """Make a graph of a confirmed link, a number that is suspected for it, and a name."""
    async with a_graph(redis_url) as graph:
        await graph.see(LINK, CALLBACK, times=3)
        await graph.see(LINK, NAME)
        await graph.confirm(channel="LINK", url="http://evil.example/pay")
        await graph.confirm(channel="TEXT", fingerprint=fingerprint(TEMPLATE))
        await graph.see(f"text:{fingerprint(TEMPLATE)}", CALLBACK)
        yield graph


def reader(graph: RelationGraph, audit: MemoryAudit) -> RelationReader:
    return RelationReader(graph.store, home=HomePlan(), audit=audit)


async def test_a_link_is_shown_with_its_neighbours(redis_url: str) -> None:
    async with known(redis_url) as graph:
        with acting_as(AUDITOR):
            entity, found = await reader(graph, MemoryAudit()).show(
                "http://www.evil.example/other?a=1", unmasked=True
            )

    assert entity == LINK
    assert found.suspect is not None
    assert found.suspect.confirmed
    assert {one.entity: round(one.together) for one in found.neighbours} == {CALLBACK: 3, NAME: 1}


async def test_a_text_is_shown_by_the_fingerprint_of_a_near_duplicate(redis_url: str) -> None:
    async with known(redis_url) as graph:
        with acting_as(OPERATOR):
            shown = reader(graph, MemoryAudit())
            entity, found = await shown.show(fingerprint(VARIANT), unmasked=False)
            _, of_number = await shown.show(CALLBACK, unmasked=False)

    assert fingerprint(VARIANT) != fingerprint(TEMPLATE)
    assert entity == f"text:{fingerprint(TEMPLATE)}"
    assert found.suspect is not None
    assert found.suspect.confirmed
    assert [one.entity for one in found.neighbours] == ["**********0001"]
    # A fingerprint is no personal data: no text can be read back.
    assert entity in {one.entity for one in of_number.neighbours}


async def test_numbers_and_names_are_masked_unless_the_role_may_see_them(redis_url: str) -> None:
    async with known(redis_url) as graph:
        shown = reader(graph, MemoryAudit())
        with acting_as(OPERATOR):
            _, of_link = await shown.show("evil.example", unmasked=False)
            number, of_number = await shown.show("170 0000 0001", unmasked=False)
            with pytest.raises(NotAllowed, match="auditor or appeals_officer"):
                await shown.show(CALLBACK, unmasked=True)

    assert CALLBACK not in {number, *(one.entity for one in of_link.neighbours)}
    assert number == "**********0001"
    assert of_number.suspect is not None
    # Links are no personal data.
    assert of_number.suspect.related_to == LINK


async def test_each_query_is_audited_even_for_an_unknown_subject(redis_url: str) -> None:
    audit = MemoryAudit()
    async with known(redis_url) as graph:
        with acting_as(AUDITOR):
            await reader(graph, audit).show(CALLBACK, unmasked=True)
            with pytest.raises(NotFound, match="nothing of it"):
                await reader(graph, audit).show("+8617000000999", unmasked=False)

    assert audit.kinds == [AuditKind.RELATIONS_READ] * 2


@pytest.mark.parametrize("subject", ["", " ", "\x1b]0;x", "x" * 10_000])
async def test_an_unreadable_subject_is_refused(redis_url: str, subject: str) -> None:
    async with known(redis_url) as graph:
        with acting_as(AUDITOR), pytest.raises(InvalidInput, match="subject: a number"):
            await reader(graph, MemoryAudit()).show(subject, unmasked=False)


async def test_the_command_shows_suspicion_and_its_reasons(redis_url: str) -> None:
    async with AsyncExitStack() as stack, known(redis_url) as graph:
        client = connect(redis_url)
        stack.push_async_callback(client.aclose)
        servicer = HitServicer(
            HitReader(HitStore(client), audit=MemoryAudit()),
            CampaignStore(client),
            reader(graph, MemoryAudit()),
            lambda: graph.now_ms,
        )
        async with rpc_server({"hits": servicer}) as target:
            text = await run(target, CALLBACK)
            words: Any = json.loads((await run(target, "evil.example", "--json")).stdout)
            unknown = await run(target, "+8617000000999")

    assert "**********0001: suspected" in text.stdout
    assert f"seen most with the confirmed {LINK}" in text.stdout
    assert (words["entity"], words["state"]) == (LINK, "confirmed")
    assert len(words["causes"]) == 1
    assert unknown.exit_code != 0
    assert "nothing of it" in unknown.output


async def run(target: str, subject: str, *options: str) -> Result:
    return await asyncio.to_thread(
        CliRunner().invoke, command.app, ["show", subject, *options, "--target", target]
    )
