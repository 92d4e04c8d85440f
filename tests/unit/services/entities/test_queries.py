"""Selecting entities: filters, the order, and how far steps are."""

from dataclasses import replace

from services.entities import queries
from services.entities.model import (
    Entity,
    EntityIdentifier,
    EntityKind,
    EntitySighting,
    EntityState,
    ExitStep,
    IdentifierKind,
    StepState,
)
from services.entities.queries import EntityFilter, StepCount

NOW = 1_000
HOST = EntityIdentifier(IdentifierKind.HOST, "loan.example")
SEEN = EntitySighting(identifier=HOST, first_ms=1, last_ms=2, decisions=3, decision_id=4)


def entity(number: int, *, due_ms: int = 0, **fields: object) -> Entity:
    plain = Entity(
        entity_id=number,
        name=f"示例贷{number}",
        kind=EntityKind.PLATFORM,
        financial_fraud=1,
        cleanup="2026",
        legal_basis="《示例条例》",
        identifiers=(HOST,),
        steps=(ExitStep(name="repaid", owner="bureau", due_ms=due_ms),),
        registered_at_ms=1,
        registered_by="li",
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


LATE, LATER, NEVER = entity(1, due_ms=500), entity(2, due_ms=5_000), entity(3)
AGAIN = entity(4, sightings=(SEEN,))
DONE = entity(
    5,
    closed_at_ms=9,
    steps=(ExitStep(name="repaid", state=StepState.DONE, due_ms=500, owner="bureau"),),
)
ALL = [DONE, NEVER, LATER, LATE, AGAIN]


def ids(wanted: EntityFilter) -> list[int]:
    return [one.entity_id for one in queries.select(ALL, wanted, 0, 10, NOW).page]


def test_what_was_seen_again_comes_first_then_the_nearest_deadline() -> None:
    assert ids(EntityFilter()) == [4, 1, 2, 3, 5]


def test_filters_select_by_state_deadline_owner_and_text() -> None:
    assert ids(EntityFilter(state=EntityState.SEEN_AGAIN)) == [4]
    assert ids(EntityFilter(state=EntityState.CLOSED)) == [5]
    assert ids(EntityFilter(overdue_only=True)) == [1]
    assert 5 not in ids(EntityFilter(owner="bureau"))
    assert ids(EntityFilter(text="LOAN.ex", state=EntityState.CLOSED)) == [5]
    assert ids(EntityFilter(text="示例贷3")) == [3]
    assert ids(EntityFilter(cleanup="2025")) == []


def test_pages_follow_each_other_and_counts_are_of_all() -> None:
    first = queries.select(ALL, EntityFilter(), 0, 2, NOW)
    last = queries.select(ALL, EntityFilter(), 4, 2, NOW)

    assert (len(first.page), first.next_start, first.total) == (2, 2, 5)
    assert (len(last.page), last.next_start) == (1, 0)
    assert first.steps == [StepCount(name="repaid", open=4, overdue=1, done=1)]
    assert first.by_state[EntityState.LEAVING] == 3


def test_a_settled_sighting_no_longer_marks_an_entity() -> None:
    settled = replace(AGAIN, sightings=(replace(SEEN, settled_by="li", note="taken down"),))

    assert settled.state is EntityState.LEAVING
