"""Notices what should be gone: identifiers in decisions after the step that ends them.

Reads the decision log, once an hour, for the hosts, numbers and senders of entities whose step is
done. What is seen becomes a sighting of the entity, until somebody says what was done about it;
after that only later decisions count.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from fanzha.errors import VersionConflict
from infra.periodic import run_periodically
from services.decision_log.conditions import Conditions
from services.decision_log.query import DecisionPage
from services.entities.exit_steps import StepKind
from services.entities.metrics import EntityFigures
from services.entities.model import (
    Entity,
    EntityIdentifier,
    EntitySighting,
    IdentifierKind,
    StepState,
)
from services.entities.service import EntityRegistry

logger = logging.getLogger(__name__)

LOOK_SECONDS = 3600.0
_LONGEST_MS = 90 * 86_400_000
"""How far back a look goes; decision logs are seldom kept for longer."""


class LoggedDecisionSearch(Protocol):
    """The decision log, as the monitor reads it."""

    @property
    def exists(self) -> bool:
        """Whether there is a log."""
        ...

    def find(self, conditions: Conditions, *, counted: bool = True) -> DecisionPage:
        """Find decisions, newest first. Blocking."""
        ...


class SightingMonitor:
    """The background work on entities."""

    def __init__(
        self,
        *,
        registry: EntityRegistry,
        log: LoggedDecisionSearch | None,
        steps: Mapping[str, StepKind],
        figures: EntityFigures,
        now_ms: Callable[[], int],
    ) -> None:
        self._registry = registry
        self._log = log
        self._steps = steps
        self._figures = figures
        self._now_ms = now_ms

    async def run(self) -> None:
        """Look once an hour until cancelled."""
        await run_periodically(
            self.look, every_seconds=LOOK_SECONDS, task="sightings of entities", logger=logger
        )

    async def look(self) -> int:
        """Look at all entities; return the number of those that have new sightings."""
        found = 0
        entities = await self._registry.all()
        for entity in entities:
            sightings = await asyncio.to_thread(self._sightings, entity)
            if sightings != tuple(entity.sightings):
                try:
                    await self._registry.seen_again(entity, sightings)
                    found += 1
                except VersionConflict:
                    continue  # the next look sees it
        self._figures.counted(await self._registry.all(), self._now_ms())
        if found:
            logger.warning("what should be gone was seen in traffic", extra={"entities": found})
        return found

    def _sightings(self, entity: Entity) -> tuple[EntitySighting, ...]:
        if self._log is None or not self._log.exists:
            return tuple(entity.sightings)
        kept = {one.identifier: one for one in entity.sightings}
        for identifier, since_ms in _ended(entity, self._steps).items():
            before = kept.get(identifier)
            settled = before is not None and not before.is_open
            after_ms = before.last_ms + 1 if before is not None and settled else since_ms
            seen = self._seen(self._log, identifier, max(after_ms, self._now_ms() - _LONGEST_MS))
            if seen is not None:
                first = before.first_ms if before is not None and not settled else seen.first_ms
                kept[identifier] = replace(seen, first_ms=first)
        return tuple(sorted(kept.values(), key=lambda one: (one.first_ms, one.identifier)))

    def _seen(
        self, log: LoggedDecisionSearch, identifier: EntityIdentifier, since_ms: int
    ) -> EntitySighting | None:
        conditions = Conditions(
            since_ms=since_ms,
            host=identifier.value if identifier.kind is IdentifierKind.HOST else "",
            number=identifier.value if identifier.kind is IdentifierKind.NUMBER else "",
            sender=identifier.value if identifier.kind is IdentifierKind.SENDER else "",
            limit=1,
        )
        page = log.find(conditions)
        if not page.rows:
            return None
        last = int(page.rows[0]["decided_at_ms"])
        return EntitySighting(
            identifier=identifier,
            first_ms=last,
            last_ms=last,
            decisions=page.events,
            decision_id=int(page.rows[0]["decision_id"]),
        )


def _ended(entity: Entity, steps: Mapping[str, StepKind]) -> dict[EntityIdentifier, int]:
    """Return identifiers that should be gone, and since when."""
    ended: dict[EntityIdentifier, int] = {}
    for step in entity.steps:
        kinds = steps[step.name].ends if step.name in steps else frozenset[IdentifierKind]()
        if step.state is StepState.DONE:
            ended |= {one: step.settled_at_ms for one in entity.identifiers if one.kind in kinds}
    return ended
