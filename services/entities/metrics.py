"""Prometheus metrics of the registry of entities."""

from collections import Counter as Counts
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge

from services.entities.model import Entity, EntityState


class EntityFigures:
    """Counts entities by state, and overdue steps, as of the last look of the monitor."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._entities = Gauge(
            "fanzha_entities", "Registered entities.", ["state"], registry=registry
        )
        self._overdue = Gauge(
            "fanzha_entity_steps_overdue",
            "Open steps of exits after their deadline.",
            registry=registry,
        )
        self.counted([], 0)

    def counted(self, entities: Sequence[Entity], now_ms: int) -> None:
        """Set the gauges."""
        states = Counts(one.state for one in entities)
        for state in EntityState:
            self._entities.labels(state.name.lower()).set(states[state])
        self._overdue.set(sum(step.overdue(now_ms) for one in entities for step in one.steps))
