"""Entities survive being written and read."""

from hypothesis import given
from hypothesis import strategies as st

from services.entities import serialization
from services.entities.model import (
    Entity,
    EntityEvent,
    EntityEventKind,
    EntityIdentifier,
    EntityKind,
    EntitySighting,
    ExitStep,
    IdentifierKind,
    StepState,
)

TEXTS = st.text(max_size=20)
NUMBERS = st.integers(0, 2**53)
IDENTIFIERS = st.builds(EntityIdentifier, st.sampled_from(IdentifierKind), TEXTS)
ENTITIES = st.builds(
    Entity,
    entity_id=NUMBERS,
    revision=NUMBERS,
    name=TEXTS,
    kind=st.sampled_from(EntityKind),
    financial_fraud=st.integers(1, 5),
    cleanup=TEXTS,
    legal_basis=TEXTS,
    region=TEXTS,
    identifiers=st.lists(IDENTIFIERS, max_size=3).map(tuple),
    steps=st.lists(
        st.builds(ExitStep, name=TEXTS, state=st.sampled_from(StepState), due_ms=NUMBERS),
        max_size=3,
    ).map(tuple),
    sightings=st.lists(
        st.builds(
            EntitySighting, identifier=IDENTIFIERS, first_ms=NUMBERS, last_ms=NUMBERS,
            decisions=NUMBERS, decision_id=NUMBERS, settled_by=TEXTS,
        ),
        max_size=3,
    ).map(tuple),
    change_ids=st.lists(NUMBERS, max_size=3).map(tuple),
    registered_at_ms=NUMBERS,
    registered_by=TEXTS,
    closed_at_ms=NUMBERS,
    closed_by=TEXTS,
    events=st.lists(
        st.builds(EntityEvent, at_ms=NUMBERS, by=TEXTS, what=st.sampled_from(EntityEventKind)),
        max_size=3,
    ).map(tuple),
)  # fmt: skip


@given(ENTITIES)
def test_what_is_written_is_read_back(entity: Entity) -> None:
    assert serialization.read(serialization.written(entity)) == entity


def test_a_unit_that_was_written_before_there_were_codes_is_read_as_its_code() -> None:
    old = ExitStep(name="icp_cancelled", owner="communications bureau")
    entity = Entity(
        entity_id=1, name="x", kind=EntityKind.APP, financial_fraud=1, cleanup="c",
        legal_basis="b", steps=(old,), registered_at_ms=1, registered_by="li",
    )  # fmt: skip

    (step,) = serialization.read(serialization.written(entity)).steps

    assert step.owner == "provincial_communications"
