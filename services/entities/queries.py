"""Selects entities from the registry, and counts how far the steps of their exits are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from services.entities.model import Entity, EntityState, StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityFilter:
    """Which entities; what is not given selects all."""

    state: int = 0
    cleanup: str = ""
    financial_fraud: int = 0
    owner: str = ""
    """The unit that owes an open step."""
    overdue_only: bool = False
    text: str = ""

    def has(self, entity: Entity, now_ms: int) -> bool:
        """Whether an entity is selected."""
        return (
            (not self.state or entity.state == self.state)
            and (not self.cleanup or entity.cleanup == self.cleanup)
            and (not self.financial_fraud or entity.financial_fraud == self.financial_fraud)
            and (not self.owner or entity.owes(self.owner))
            and (not self.overdue_only or entity.overdue(now_ms))
            and (not self.text or entity.mentions(self.text.lower()))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """How far one step is."""

    name: str
    open: int = 0
    overdue: int = 0
    """Of the open ones."""
    done: int = 0
    not_needed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitySelection:
    """The entities of a filter: a page of them, and counts of all."""

    page: Sequence[Entity]
    next_start: int
    """0: there are no more."""
    total: int
    by_state: dict[EntityState, int]
    steps: Sequence[StepCount]


def select(
    entities: Sequence[Entity], wanted: EntityFilter, start: int, count: int, now_ms: int
) -> EntitySelection:
    """Select entities; those seen again first, then by the nearest deadline."""
    found = sorted((one for one in entities if wanted.has(one, now_ms)), key=_urgency)
    end = start + count
    return EntitySelection(
        page=found[start:end],
        next_start=end if end < len(found) else 0,
        total=len(found),
        by_state=dict(Counter(one.state for one in found)),
        steps=_step_counts(found, now_ms),
    )


def _urgency(entity: Entity) -> tuple[bool, bool, int, int]:
    return (
        entity.state is not EntityState.SEEN_AGAIN,
        not entity.due_ms,
        entity.due_ms,
        entity.entity_id,
    )


def _step_counts(entities: Sequence[Entity], now_ms: int) -> list[StepCount]:
    names = dict.fromkeys(step.name for one in entities for step in one.steps)
    counts = Counter((step.name, step.state) for one in entities for step in one.steps)
    late = Counter(step.name for one in entities for step in one.steps if step.overdue(now_ms))
    return [
        StepCount(
            name=name,
            open=counts[name, StepState.OPEN],
            overdue=late[name],
            done=counts[name, StepState.DONE],
            not_needed=counts[name, StepState.NOT_NEEDED],
        )
        for name in names
    ]
