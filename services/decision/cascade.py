"""How much time a worker spends on uncertain texts and links, and what it reports of that."""

import logging
from collections.abc import Callable, Mapping
from time import monotonic

from classifiers.escalation import EscalationBudget
from fanzha.tables import Channel
from infra.safe_traceback import kind_and_places
from services.decision.channel_kinds import OF_CHANNEL
from services.decision.model_kinds import ModelKind
from services.decision.observer import Observer
from services.settings.settings import Settings

logger = logging.getLogger(__name__)


def budgets(
    settings: Settings, observer: Observer, waited: Callable[[], float] = lambda: 0.0
) -> Mapping[ModelKind, EscalationBudget]:
    """Return the budget of each text and each link model of a worker, a shadow's too.

    *waited* tells how long a request of the batch being decided has waited, at most.
    """
    shares = {
        Channel.TEXT: settings.cascade_share,
        Channel.LINK: settings.link_cascade_share,
    }
    return {
        OF_CHANNEL[channel]: EscalationBudget(
            share=share,
            clock=monotonic,
            counters=CascadeReports(channel, observer),
            waited=waited,
        )
        for channel, share in shares.items()
    }


class BatchWait:
    """How long the requests of the batch being decided have waited."""

    def __init__(self, counted: Callable[[int, float], None]) -> None:
        """Call *counted* with what is noted, too."""
        self._counted = counted
        self.seconds = 0.0
        """The longest wait of any of them."""

    def note(self, requests: int, seconds: float) -> None:
        """Take the requests of the next batch and the longest wait of any of them."""
        self.seconds = seconds
        self._counted(requests, seconds)


class CascadeReports:
    """Hands the counts of one channel on, and logs the first fault."""

    def __init__(self, channel: Channel, observer: Observer) -> None:
        self._channel = channel
        self._observer = observer
        self._faulted = False

    def escalations(self, *, escalated: int, cached: int, skipped: int, seconds: float) -> None:
        """Count uncertain rows by outcome, and the time of the second stage."""
        self._observer.escalations(self._channel, escalated, cached, skipped, seconds)

    def escalation_failed(self, error: Exception) -> None:
        """Count a row that a broken second stage left to the fast model."""
        # Logged once, then only counted, as with models.
        if not self._faulted:
            places = kind_and_places(error)
            logger.error("escalations fail; they are only counted from now on: %s", places)
        self._faulted = True
        self._observer.escalation_failed(self._channel)
