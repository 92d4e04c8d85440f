"""The registry: registers entities, moves the steps of their exit, closes them.

Each change is audited before it is made, and fails when somebody else's came first. People of a
region see the entities of that region.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fanzha.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from fanzha.phone import HomePlan
from infra import clock, text_limits
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity, roles
from services.entities import identifiers, responsible_units
from services.entities.exit_steps import StepKind
from services.entities.financial_fraud import LEGAL_BASES, FinancialFraud
from services.entities.model import (
    KEPT_EVENTS,
    LINE,
    NAME,
    NOTE,
    Entity,
    EntityEvent,
    EntityEventKind,
    EntityIdentifier,
    EntityKind,
    EntitySighting,
    ExitStep,
    StepState,
)
from services.entities.store import EntityStore

_DAY_MS = 86_400_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REGION = re.compile(r"(?:[0-9]{2}){0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityDraft:
    """What is said of an entity."""

    name: str = ""
    kind: int
    financial_fraud: int
    cleanup: str = ""
    legal_basis: str = ""
    region: str = ""
    identifiers: Sequence[tuple[int, str]] = ()
    """Kinds and values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSettlement:
    """What is said of a step."""

    state: StepState
    document: str = ""
    document_sha256: str = ""
    note: str = ""


class EntityRegistry:
    """Changes entities, in the name of the current identity."""

    def __init__(
        self,
        *,
        store: EntityStore,
        steps: Mapping[str, StepKind],
        trail: AuditedActions,
        home: HomePlan,
        now_ms: Callable[[], int],
    ) -> None:
        self.steps = steps
        self.now_ms = now_ms
        self._store = store
        self._trail = trail
        self._home = home

    async def register(self, draft: EntityDraft, by_field: str) -> tuple[Entity, bool]:
        """Register an entity; return it, and False when the clean-up has one of that name."""
        by, now = identity.author(by_field, "by"), self.now_ms()
        entity = Entity(
            entity_id=await self._store.next_id(),
            name=text_limits.required("name", draft.name, NAME),
            cleanup=text_limits.required("cleanup", draft.cleanup, NAME),
            **self._described(draft),
            steps=[
                ExitStep(name=one.name, owner=one.owner, due_ms=now + one.days * _DAY_MS)
                for one in self.steps.values()
            ],
            registered_at_ms=now,
            registered_by=by,
            events=[EntityEvent(at_ms=now, by=by, what=EntityEventKind.REGISTERED)],
        )
        entity_id, first = await self._trail.around(
            AuditKind.ENTITY_REGISTERED,
            entity.entity_id,
            by,
            {"name": entity.name, "cleanup": entity.cleanup, "region": entity.region},
            self._store.add(entity),
        )
        try:
            return await self.get(entity_id), first
        except NotFound as error:
            raise InvalidInput(
                "name: the clean-up has an entity of that name in another region"
            ) from error

    async def edit(
        self, entity_id: int, revision: int, draft: EntityDraft, by_field: str
    ) -> Entity:
        """Replace what is known of an entity; its name and clean-up stay."""
        entity = await self.get(entity_id)
        if revision != entity.revision:
            raise VersionConflict(
                "entity {entity_id} was changed concurrently; read it again", entity_id=entity_id
            )
        described = self._described(draft)
        gone = set(entity.identifiers) - set(described["identifiers"])
        details = {"identifiers": str(len(described["identifiers"])), "gone": str(len(gone))}
        changed = replace(entity, **described)
        return await self._change(changed, EntityEventKind.EDITED, by_field, details=details)

    async def get(self, entity_id: int) -> Entity:
        """Return an entity; `NotFound` when there is none in the caller's region."""
        entity = await self._store.get(entity_id)
        if not roles.may_access_region(identity.current(), entity.region):
            raise NotFound("entity_id: there is no entity {entity_id}", entity_id=entity_id)
        return entity

    async def all(self) -> list[Entity]:
        """Return the entities of the caller's region."""
        who = identity.current()
        return [one for one in await self._store.all() if roles.may_access_region(who, one.region)]

    async def assign(
        self, entity_id: int, step: str, owner: str, due_ms: int, by_field: str
    ) -> Entity:
        """Set the unit that owes a step, and its deadline."""
        entity = await self.get(entity_id)
        at, found = self._step(entity, step)
        clock.deadline("due_ms", due_ms)
        owner = responsible_units.code_of(text_limits.optional("owner", owner, NAME))
        changed = replace(found, owner=owner, due_ms=due_ms)
        return await self._change(
            _with_step(entity, at, changed),
            EntityEventKind.ASSIGNED,
            by_field,
            note=f"{step}: {owner}",
            details={"step": step, "owner": owner, "due_ms": str(due_ms)},
        )

    async def settle(
        self, entity_id: int, step: str, settlement: StepSettlement, by_field: str
    ) -> Entity:
        """Settle a step, or open it again; a closed entity is open again with it."""
        entity = await self.get(entity_id)
        at, found = self._step(entity, step)
        document, sha256, note = _checked(settlement)
        opens = settlement.state is StepState.OPEN
        changed = replace(
            found,
            state=settlement.state,
            document=document,
            document_sha256=sha256,
            note=note,
            settled_by="" if opens else identity.author(by_field, "by"),
            settled_at_ms=0 if opens else self.now_ms(),
        )
        moved = _with_step(entity, at, changed)
        if opens:
            moved = replace(moved, closed_at_ms=0, closed_by="")
        what = EntityEventKind.REOPENED if opens else EntityEventKind.SETTLED
        details = {"step": step, "state": settlement.state.name.lower(), "document": document}
        return await self._change(
            moved, what, by_field, note=f"{step}: {document or note}", details=details
        )

    async def close(self, entity_id: int, revision: int, note: str, by_field: str) -> Entity:
        """Close an entity of which each step is settled, by others than the caller."""
        entity, by = await self.get(entity_id), identity.author(by_field, "by")
        if revision != entity.revision:
            raise VersionConflict(
                "entity {entity_id} was changed concurrently; read it again", entity_id=entity_id
            )
        if entity.closed_at_ms:
            raise InvalidInput("entity {entity_id} is closed already", entity_id=entity_id)
        if still := [one.name for one in entity.steps if one.is_open]:
            raise InvalidInput("steps are open: {steps}", steps=", ".join(still))
        if identity.same_person(by, [one.settled_by for one in entity.steps]):
            raise NotAllowed(
                "entity {entity_id}: {by} has settled a step of it; another person closes it",
                entity_id=entity_id,
                by=by,
            )
        closed = replace(entity, closed_at_ms=self.now_ms(), closed_by=by)
        note = text_limits.optional("note", note, NOTE)
        return await self._change(closed, EntityEventKind.CLOSED, by_field, note=note)

    async def proposed(self, entity: Entity, change_id: int, by_field: str) -> Entity:
        """Record the change request that proposes entries for an entity."""
        changed = replace(entity, change_ids=(*entity.change_ids, change_id))
        return await self._change(
            changed,
            EntityEventKind.PROPOSED,
            by_field,
            note=f"#{change_id}",
            details={"change": str(change_id)},
        )

    async def seen_again(self, entity: Entity, sightings: Sequence[EntitySighting]) -> Entity:
        """Record what the monitor saw; only new sightings are an event."""
        known = {one.identifier for one in entity.sightings if one.is_open}
        new = [one for one in sightings if one.is_open and one.identifier not in known]
        changed = replace(entity, sightings=tuple(sightings))
        if not new:
            return await self._store.put(changed)
        return await self._change(
            changed,
            EntityEventKind.SEEN_AGAIN,
            "",
            note=", ".join(one.identifier.value for one in new),
            details={"identifiers": str(len(new))},
        )

    async def settle_sighting(
        self, entity_id: int, seen: EntityIdentifier, note: str, by_field: str
    ) -> Entity:
        """Record what was done about a sighting."""
        entity = await self.get(entity_id)
        note, by = text_limits.required("note", note, NOTE), identity.author(by_field, "by")
        at = next(
            (at for at, one in enumerate(entity.sightings)
             if one.identifier == seen and one.is_open), None
        )  # fmt: skip
        if at is None:
            raise NotFound("identifier: entity {entity_id} has no open sighting of it",
                           entity_id=entity_id)  # fmt: skip
        sightings = list(entity.sightings)
        sightings[at] = replace(sightings[at], settled_by=by, note=note)
        return await self._change(
            replace(entity, sightings=tuple(sightings)),
            EntityEventKind.SIGHTING_SETTLED,
            by_field,
            note=note,
        )

    def _described(self, draft: EntityDraft) -> dict[str, Any]:
        if draft.kind not in set(EntityKind):
            raise InvalidInput("kind: unknown number {number}", number=draft.kind)
        if draft.financial_fraud not in set(FinancialFraud):
            raise InvalidInput(
                "financial_fraud: unknown number {number}", number=draft.financial_fraud
            )
        if not _REGION.fullmatch(draft.region):
            raise InvalidInput("region: two, four or six digits, such as 3301, or empty")
        roles.check_region(identity.current(), draft.region)
        basis = text_limits.optional("legal_basis", draft.legal_basis, LINE)
        return {
            "kind": EntityKind(draft.kind),
            "financial_fraud": draft.financial_fraud,
            "legal_basis": basis or LEGAL_BASES[FinancialFraud(draft.financial_fraud)],
            "region": draft.region,
            "identifiers": identifiers.parse(draft.identifiers, self._home),
        }

    def _step(self, entity: Entity, name: str) -> tuple[int, ExitStep]:
        for at, step in enumerate(entity.steps):
            if step.name == name:
                return at, step
        known = ", ".join(one.name for one in entity.steps)
        raise InvalidInput("step: none of {known}: {name!r}", known=known, name=name[:50])

    async def _change(
        self,
        changed: Entity,
        what: EntityEventKind,
        by_field: str,
        *,
        note: str = "",
        details: Mapping[str, str] | None = None,
    ) -> Entity:
        by = identity.author(by_field, "by")
        event = EntityEvent(at_ms=self.now_ms(), by=by, what=what, note=note)
        entity = replace(changed, events=(*changed.events, event)[-KEPT_EVENTS:])
        writing: Awaitable[Entity] = self._store.put(entity)
        return await self._trail.around(
            AuditKind.ENTITY_CHANGED,
            entity.entity_id,
            by,
            {"what": what.value} | dict(details or {}),
            writing,
        )


def _with_step(entity: Entity, at: int, step: ExitStep) -> Entity:
    steps = list(entity.steps)
    steps[at] = step
    return replace(entity, steps=tuple(steps))


def _checked(settlement: StepSettlement) -> tuple[str, str, str]:
    """Return document, digest and note; `InvalidInput` where what proves the state is missing."""
    document = text_limits.optional("document", settlement.document, LINE)
    sha256, note = settlement.document_sha256.lower(), settlement.note
    if sha256 and not _SHA256.fullmatch(sha256):
        raise InvalidInput("document_sha256: 64 hexadecimal digits")
    if settlement.state is StepState.DONE:
        text_limits.required("document", document, LINE)
        return document, sha256, text_limits.optional("note", note, NOTE)
    return "", "", text_limits.required("note", note, NOTE)
