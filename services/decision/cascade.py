"""How much a worker looks twice at uncertain texts, and what it tells of that."""

import logging
from time import monotonic

from classifiers.escalation import EscalationBudget
from infra.safe_traceback import kind_and_places
from services.decision.observer import Observer
from services.settings.settings import Settings

logger = logging.getLogger(__name__)


def budget(settings: Settings, observer: Observer) -> EscalationBudget:
    """Return the budget of each text model of a worker, a shadow's too."""
    return EscalationBudget(
        share=settings.cascade_share,
        clock=monotonic,
        counters=CascadeReports(observer),
    )


class CascadeReports:
    """Hands counts on, and tells of the first fault in the log."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._faulted = False

    def escalations(self, *, escalated: int, cached: int, skipped: int, seconds: float) -> None:
        """Count uncertain texts by what became of them, and the time that looking took."""
        self._observer.escalations(escalated, cached, skipped, seconds)

    def escalation_failed(self, error: Exception) -> None:
        """Count a text that a broken second stage left to the fast model."""
        # Told once, then only counted, as with models.
        if not self._faulted:
            places = kind_and_places(error)
            logger.error("escalations fail; they are only counted from now on: %s", places)
        self._faulted = True
        self._observer.escalation_failed()
