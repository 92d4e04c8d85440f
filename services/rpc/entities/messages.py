"""Converts entities between messages and the registry."""

from collections.abc import Callable
from typing import Any

from fanzha.errors import InvalidInput
from fanzha.translation.negotiation import for_caller, word_for_caller
from fanzha.v1 import entity_pb2 as pb
from services.entities import responsible_units
from services.entities.model import (
    Entity,
    EntityEvent,
    EntityEventKind,
    EntityIdentifier,
    EntitySighting,
    ExitStep,
    IdentifierKind,
    StepState,
)
from services.entities.queries import StepCount
from services.entities.service import EntityDraft, StepSettlement

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int
_OF_STEPS = frozenset({EntityEventKind.ASSIGNED, EntityEventKind.SETTLED, EntityEventKind.REOPENED})
"""Events whose note begins with the name of a step."""


def draft(one: pb.Entity) -> EntityDraft:
    """Read what is said of an entity."""
    return EntityDraft(
        name=one.name,
        kind=int(one.kind),
        financial_fraud=int(one.financial_fraud),
        cleanup=one.cleanup,
        legal_basis=one.legal_basis,
        region=one.region,
        identifiers=[(int(each.kind), each.value) for each in one.identifiers],
    )


def settlement(request: pb.SettleExitStepRequest) -> StepSettlement:
    """Read what is said of a step."""
    number = int(request.state)
    if number not in set(StepState):
        raise InvalidInput("state: unknown number {number}", number=number)
    return StepSettlement(
        state=StepState(number),
        document=request.document,
        document_sha256=request.document_sha256,
        note=request.note,
    )


def seen(one: pb.EntityIdentifier) -> EntityIdentifier:
    """Read which identifier is meant."""
    number = int(one.kind)
    if number not in set(IdentifierKind):
        raise InvalidInput("identifier.kind: unknown number {number}", number=number)
    return EntityIdentifier(IdentifierKind(number), one.value)


def entity(one: Entity, now_ms: int, *, events: bool = True) -> pb.Entity:
    """Write an entity."""
    return pb.Entity(
        entity_id=one.entity_id,
        revision=one.revision,
        name=one.name,
        kind=_wire(one.kind),
        financial_fraud=_wire(one.financial_fraud),
        cleanup=one.cleanup,
        legal_basis=one.legal_basis,
        region=one.region,
        identifiers=map(_identifier, one.identifiers),
        steps=[_step(step, now_ms) for step in one.steps],
        sightings=map(_sighting, one.sightings),
        change_ids=one.change_ids,
        state=_wire(one.state),
        registered_at_ms=one.registered_at_ms,
        registered_by=one.registered_by,
        closed_at_ms=one.closed_at_ms,
        closed_by=one.closed_by,
        events=map(_event, one.events) if events else (),
    )


def count(one: StepCount) -> pb.ExitStepCount:
    """Write how far one step is."""
    return pb.ExitStepCount(
        name=one.name,
        open=one.open,
        overdue=one.overdue,
        done=one.done,
        not_needed=one.not_needed,
    )


def _identifier(one: EntityIdentifier) -> pb.EntityIdentifier:
    return pb.EntityIdentifier(kind=_wire(one.kind), value=one.value)


def _step(one: ExitStep, now_ms: int) -> pb.ExitStep:
    return pb.ExitStep(
        name=one.name,
        state=_wire(one.state),
        owner=one.owner,
        due_ms=one.due_ms,
        document=one.document,
        document_sha256=one.document_sha256,
        note=one.note,
        settled_by=one.settled_by,
        settled_at_ms=one.settled_at_ms,
        overdue=one.overdue(now_ms),
        owner_name=for_caller(responsible_units.name_of(one.owner)),
    )


def _sighting(one: EntitySighting) -> pb.Sighting:
    return pb.Sighting(
        identifier=_identifier(one.identifier),
        first_ms=one.first_ms,
        last_ms=one.last_ms,
        decisions=one.decisions,
        decision_id=one.decision_id,
        settled_by=one.settled_by,
        note=one.note,
    )


def _event(one: EntityEvent) -> pb.EntityEvent:
    note = one.note
    if one.what in _OF_STEPS:
        step, separator, rest = note.partition(": ")
        if one.what is EntityEventKind.ASSIGNED:
            rest = for_caller(responsible_units.name_of(rest))
        note = f"{word_for_caller(step, 'exit_step')}{separator}{rest}"
    return pb.EntityEvent(at_ms=one.at_ms, by=one.by, what=one.what.value, note=note)
