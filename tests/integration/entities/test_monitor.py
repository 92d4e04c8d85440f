"""The monitor on a real store and a real decision log: what should be gone, and is not."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from fanzha.phone import HomePlan
from infra.redis.client import connect
from services.audit.audited_actions import AuditedActions
from services.audit.events import NoAudit
from services.auth import identity
from services.decision_log.query import DecisionQuery
from services.entities import exit_steps
from services.entities.metrics import EntityFigures
from services.entities.model import (
    Entity,
    EntityIdentifier,
    EntityState,
    IdentifierKind,
    StepState,
)
from services.entities.monitor import SightingMonitor
from services.entities.service import EntityDraft, EntityRegistry, StepSettlement
from services.entities.store import EntityStore
from tests.support.builders import some_calls, some_links
from tests.support.decision_logs import NOW_MS, Logged, logged

HOUR_MS = 3_600_000
HOST = EntityIdentifier(IdentifierKind.HOST, "loan.example")
NUMBER = EntityIdentifier(IdentifierKind.NUMBER, "+8617000000123")
DONE = StepSettlement(state=StepState.DONE, document="Order 7")


@dataclass
class Watched:
    """A registry, its monitor, and the log that the monitor reads."""

    registry: EntityRegistry
    monitor: SightingMonitor
    log: Logged
    figures: CollectorRegistry
    now_ms: int = NOW_MS - HOUR_MS

    async def entity(self) -> Entity:
        (entity,) = await self.registry.all()
        return entity

    async def look(self) -> Entity:
        self.now_ms += HOUR_MS
        await self.monitor.look()
        return await self.entity()


@pytest_asyncio.fixture
async def watched(redis_url: str, tmp_path: Path) -> AsyncIterator[Watched]:
    identity.set_identity(identity.DEVELOPER)
    client, figures, log = connect(redis_url), CollectorRegistry(), logged(tmp_path)
    registry = EntityRegistry(
        store=EntityStore(client),
        steps=exit_steps.load(),
        trail=AuditedActions(NoAudit(), "entity"),
        home=HomePlan(),
        now_ms=lambda: found.now_ms,
    )
    monitor = SightingMonitor(
        registry=registry,
        log=DecisionQuery(tmp_path, HomePlan()),
        steps=exit_steps.load(),
        figures=EntityFigures(figures),
        now_ms=lambda: found.now_ms,
    )
    found = Watched(registry, monitor, log, figures)
    await registry.register(
        EntityDraft(
            name="示例贷",
            kind=2,
            financial_fraud=1,
            cleanup="2026",
            identifiers=[(1, HOST.value), (2, NUMBER.value)],
        ),
        "li",
    )
    yield found
    await client.aclose()


async def test_traffic_before_the_step_is_done_is_no_sighting(watched: Watched) -> None:
    watched.log.decide(some_links("http://loan.example/apply"))

    assert (await watched.look()).sightings == ()


async def test_a_host_and_a_number_that_are_back_are_sighted(watched: Watched) -> None:
    entity = await watched.entity()
    for step in ("icp_cancelled", "numbers_barred"):
        await watched.registry.settle(entity.entity_id, step, DONE, "li")
    watched.log.decide(some_links("http://loan.example/apply", "http://m.loan.example/"))
    watched.log.decide(some_calls(NUMBER.value))
    watched.log.decide(some_links("http://other.example/"))

    seen = await watched.look()

    assert seen.state is EntityState.SEEN_AGAIN
    assert {one.identifier: one.decisions for one in seen.sightings} == {HOST: 2, NUMBER: 1}
    assert watched.figures.get_sample_value("fanzha_entities", {"state": "seen_again"}) == 1
    assert (await watched.look()).revision == seen.revision


async def test_after_it_is_settled_only_later_traffic_counts(watched: Watched) -> None:
    entity = await watched.entity()
    await watched.registry.settle(entity.entity_id, "icp_cancelled", DONE, "li")
    watched.log.decide(some_links("http://loan.example/apply"))
    await watched.look()

    await watched.registry.settle_sighting(entity.entity_id, HOST, "taken down", "wang")

    assert (await watched.look()).state is EntityState.LEAVING
    watched.log.clock.now_ms = watched.now_ms
    watched.log.decide(some_links("http://loan.example/apply"))
    again = await watched.look()
    assert again.state is EntityState.SEEN_AGAIN
    assert again.sightings[0].decisions == 1


async def test_without_a_log_nothing_is_sighted(watched: Watched, tmp_path: Path) -> None:
    entity = await watched.entity()
    await watched.registry.settle(entity.entity_id, "icp_cancelled", DONE, "li")
    nowhere = SightingMonitor(
        registry=watched.registry,
        log=DecisionQuery(tmp_path / "none", HomePlan()),
        steps=exit_steps.load(),
        figures=EntityFigures(CollectorRegistry()),
        now_ms=lambda: watched.now_ms,
    )

    assert await nowhere.look() == 0


@pytest.mark.parametrize("state", [StepState.NOT_NEEDED])
async def test_a_step_that_is_not_needed_ends_nothing(watched: Watched, state: StepState) -> None:
    entity = await watched.entity()
    skipped = StepSettlement(state=state, note="it has no record")
    await watched.registry.settle(entity.entity_id, "icp_cancelled", skipped, "li")
    watched.log.decide(some_links("http://loan.example/apply"))

    assert (await watched.look()).sightings == ()
