"""Prometheus metrics of incidents and leads."""

import logging
from collections import Counter as Counts
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Gauge

from infra.periodic import run_periodically
from services.incidents.model import HandlingStage, LeadState
from services.incidents.store import IncidentStore

logger = logging.getLogger(__name__)

COUNT_SECONDS = 60.0


class IncidentFigures:
    """Counts incidents by stage, leads by state, and what is overdue, once a minute."""

    def __init__(
        self, store: IncidentStore, registry: CollectorRegistry, now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._now_ms = now_ms
        self._incidents = Gauge("fanzha_incidents", "Incidents.", ["stage"], registry=registry)
        self._leads = Gauge(
            "fanzha_incident_leads", "Leads to departments.", ["state"], registry=registry
        )
        self._overdue = Gauge(
            "fanzha_incidents_overdue",
            "Open incidents of which the stage, or a lead, is after its deadline.",
            registry=registry,
        )

    async def run(self) -> None:
        """Count until cancelled."""
        await run_periodically(
            self.count, every_seconds=COUNT_SECONDS, task="counts of incidents", logger=logger
        )

    async def count(self) -> None:
        """Set the gauges."""
        incidents = await self._store.all()
        stages = Counts(one.stage for one in incidents)
        states = Counts(lead.state for one in incidents for lead in one.leads)
        for stage in HandlingStage:
            self._incidents.labels(stage.name.lower()).set(stages[stage])
        for state in LeadState:
            self._leads.labels(state.name.lower()).set(states[state])
        now_ms = self._now_ms()
        self._overdue.set(sum(one.overdue(now_ms) for one in incidents))
