"""Facts on the domains of links, in the decision path: adds the operator's file, and weighs all.

`HostFactsAction.OFF` leaves links and scores as they are.
"""

from collections.abc import Callable

from fanzha.tables import Float32s, Links
from services.decision import host_facts
from services.decision.domain_facts.table import NO_DOMAIN_FACTS, DomainFacts
from services.decision.host_facts import FactsWeighed, HostFactsAction


class DomainFactsStage:
    """What an operator's file adds to what gateways send, and what both do to scores."""

    def __init__(
        self,
        action: HostFactsAction,
        *,
        current: Callable[[], DomainFacts] = lambda: NO_DOMAIN_FACTS,
        known: Callable[[int, int], None] = lambda _sent, _found: None,
    ) -> None:
        """Take the *current* file, and who hears how many links had facts, see `Observer`."""
        self._action = action
        self._current = current
        self._known = known

    def add(self, links: Links, now_s: int) -> Links:
        """Add what the file knows on the day of *now_s*."""
        if self._action is HostFactsAction.OFF:
            return links
        found = self._current().add_to(links, now_s)
        if found.sent or found.found:
            self._known(found.sent, found.found)
        return found.links

    def weigh(
        self, links: Links, scores: Float32s, threshold: float | Float32s
    ) -> FactsWeighed | None:
        """Weigh the facts of *links*; None where they change nothing."""
        return host_facts.weighed(self._action, links, scores, threshold)
