"""The registry on a real store: who may change what, in which order, and who is told."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

import pytest
import pytest_asyncio

from fanzha.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from fanzha.phone import HomePlan
from infra.redis.client import connect
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity
from services.auth.identity import Identity, Role
from services.entities import exit_steps
from services.entities.financial_fraud import LEGAL_BASES, FinancialFraud
from services.entities.model import Entity, EntityIdentifier, EntityState, IdentifierKind, StepState
from services.entities.service import EntityDraft, EntityRegistry, StepSettlement
from services.entities.store import EntityStore
from tests.support.builders import NINE_O_CLOCK_MS

DONE = StepSettlement(state=StepState.DONE, document="Order 7")
DRAFT = EntityDraft(
    name="示例贷",
    kind=2,
    financial_fraud=FinancialFraud.ONLINE_LENDING,
    cleanup="2026 online lending",
    region="3301",
    identifiers=[(1, "loan.example"), (2, "+8617000000123"), (5, "示例ICP备1号")],
)


def editor(name: str, *regions: str) -> Identity:
    return Identity(name=name, roles=frozenset({Role.EDITOR}), regions=frozenset(regions))


@dataclass
class Recorded:
    """An audit log that a test reads."""

    events: list[tuple[AuditKind, str, Mapping[str, str], str]] = field(default_factory=list)

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        self.events.append((kind, subject, details, actor))


@pytest.fixture
def audit() -> Recorded:
    return Recorded()


@pytest_asyncio.fixture
async def registry(redis_url: str, audit: Recorded) -> AsyncIterator[EntityRegistry]:
    client = connect(redis_url)
    yield EntityRegistry(
        store=EntityStore(client),
        steps=exit_steps.load(),
        trail=AuditedActions(audit, "entity"),
        home=HomePlan(),
        now_ms=lambda: NINE_O_CLOCK_MS,
    )
    await client.aclose()


async def registered(registry: EntityRegistry, draft: EntityDraft = DRAFT) -> Entity:
    with identity.acting_as(editor("li")):
        entity, _ = await registry.register(draft, "")
    return entity


async def settled(registry: EntityRegistry, entity: Entity, by: str = "li") -> Entity:
    with identity.acting_as(editor(by)):
        for step in entity.steps:
            entity = await registry.settle(entity.entity_id, step.name, DONE, "")
    return entity


async def test_a_clean_up_has_each_name_once(registry: EntityRegistry) -> None:
    first = await registered(registry)

    with identity.acting_as(editor("wang")):
        again, new = await registry.register(replace(DRAFT, region=""), "")

    assert not new
    assert (again.entity_id, again.registered_by) == (first.entity_id, "li")
    other = await registered(registry, replace(DRAFT, cleanup="2027"))
    assert other.entity_id != first.entity_id


async def test_an_entity_begins_with_all_steps_owed_and_the_law_of_its_kind(
    registry: EntityRegistry,
) -> None:
    entity = await registered(registry)

    assert entity.state is EntityState.LEAVING
    assert all(step.is_open and step.owner and step.due_ms for step in entity.steps)
    assert entity.legal_basis == LEGAL_BASES[FinancialFraud.ONLINE_LENDING]


async def test_another_person_closes_it_once_each_step_is_settled(
    registry: EntityRegistry, audit: Recorded
) -> None:
    entity = await registered(registry)
    with identity.acting_as(editor("ma")), pytest.raises(InvalidInput, match="icp_cancelled"):
        await registry.close(entity.entity_id, entity.revision, "", "")
    entity = await settled(registry, entity)
    with identity.acting_as(editor("LI")), pytest.raises(NotAllowed):
        await registry.close(entity.entity_id, entity.revision, "", "")

    with identity.acting_as(editor("ma")):
        closed = await registry.close(entity.entity_id, entity.revision, "checked", "")

    assert (closed.state, closed.closed_by) == (EntityState.CLOSED, "ma")
    kind, subject, details, actor = audit.events[-1]
    assert (kind, actor) == (AuditKind.ENTITY_CHANGED, "ma")
    assert (subject, details["what"]) == (f"entity:{entity.entity_id}", "closed")


async def test_a_step_that_is_opened_again_opens_a_closed_entity(registry: EntityRegistry) -> None:
    entity = await settled(registry, await registered(registry))
    with identity.acting_as(editor("ma")):
        await registry.close(entity.entity_id, entity.revision, "", "")
    again = StepSettlement(state=StepState.OPEN, note="it is registered anew")

    with identity.acting_as(editor("li")):
        opened = await registry.settle(entity.entity_id, "icp_cancelled", again, "")

    assert opened.state is EntityState.LEAVING
    assert not opened.steps[0].settled_by


@pytest.mark.parametrize(
    "settlement",
    [
        StepSettlement(state=StepState.DONE),
        StepSettlement(state=StepState.NOT_NEEDED, document="Order 7"),
        StepSettlement(state=StepState.OPEN),
        StepSettlement(state=StepState.DONE, document="Order 7", document_sha256="12"),
    ],
)
async def test_a_step_is_settled_only_with_what_proves_it(
    registry: EntityRegistry, settlement: StepSettlement
) -> None:
    entity = await registered(registry)

    with identity.acting_as(editor("li")), pytest.raises(InvalidInput):
        await registry.settle(entity.entity_id, "repaid", settlement, "")


async def test_of_two_changes_of_one_revision_the_second_is_refused(
    registry: EntityRegistry,
) -> None:
    entity = await registered(registry)
    with identity.acting_as(editor("li")):
        await registry.edit(entity.entity_id, entity.revision, DRAFT, "")
        with pytest.raises(VersionConflict):
            await registry.edit(entity.entity_id, entity.revision, DRAFT, "")


async def test_people_of_another_region_see_nothing_of_it(registry: EntityRegistry) -> None:
    entity = await registered(registry)

    with identity.acting_as(editor("sun", "3302")):
        assert await registry.all() == []
        with pytest.raises(NotFound):
            await registry.get(entity.entity_id)
        with pytest.raises(NotAllowed):
            await registry.register(replace(DRAFT, name="其他"), "")
    with identity.acting_as(editor("sun", "33")):
        assert [one.entity_id for one in await registry.all()] == [entity.entity_id]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": 9},
        {"financial_fraud": 0},
        {"region": "330"},
        {"name": "a\u202eb"},
        {"cleanup": " "},
        {"identifiers": [(1, "no host")]},
    ],
)
async def test_what_cannot_be_read_is_refused(
    registry: EntityRegistry, wrong: dict[str, object]
) -> None:
    with pytest.raises(InvalidInput):
        await registered(registry, replace(DRAFT, **wrong))  # type: ignore[arg-type]


async def test_a_sighting_that_is_not_there_cannot_be_settled(registry: EntityRegistry) -> None:
    entity = await registered(registry)
    host = EntityIdentifier(IdentifierKind.HOST, "loan.example")

    with identity.acting_as(editor("li")), pytest.raises(NotFound):
        await registry.settle_sighting(entity.entity_id, host, "taken down", "")
