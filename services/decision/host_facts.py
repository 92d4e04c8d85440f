"""Lets what gateways tell of a link's domain move its score: `classifiers.link.fact_odds`.

The threshold of the model promises how much legitimate traffic is blocked, and no data could show
what these facts do to that. So by default they lower scores, and raise them to just under the
threshold, where a person judges; `HostFactsAction.BLOCK` is an operator's choice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from classifiers.link import fact_odds
from fanzha.tables import UNKNOWN_FACT, Float32s, HostFacts, Links

_TOLD_FROM = np.float32(0.5)
"""Of the threshold: where neither score reaches so much, the facts decide nothing."""


class HostFactsAction(StrEnum):
    """What facts about a link's domain may do."""

    OFF = "off"
    REVIEW = "review"
    """Lower a score, or raise it to just under the threshold."""
    BLOCK = "block"
    """Raise it above, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsWeighed:
    """What facts did to the scores of a batch."""

    facts: HostFacts
    model_scores: Float32s
    scores: Float32s
    logs: Float32s
    """Log ratios; 0 where nothing is told."""
    told_from: float | Float32s
    """Score from which it is told what was weighed."""

    def told(self) -> Iterator[tuple[int, dict[str, float]]]:
        """Yield the rows about which `fanzha.decisions.Detail.host_facts` says something."""
        high = np.maximum(self.model_scores, self.scores) >= self.told_from
        for row in ((self.logs != 0) & high).nonzero()[0].tolist():
            yield row, self._of(row)

    def _of(self, row: int) -> dict[str, float]:
        facts = self.facts
        known = {
            "domain_age_days": int(facts.domain_age_days[row]),
            "first_seen_days": int(facts.first_seen_days[row]),
            "popularity_rank": int(facts.popularity_rank[row]),
        }
        return {name: float(one) for name, one in known.items() if one != UNKNOWN_FACT} | {
            "model_score": float(self.model_scores[row]),
            "odds_ratio": float(np.exp(self.logs[row])),
        }


WeighFacts = Callable[[Links, Float32s, float], FactsWeighed | None]
"""Takes links, their scores by a model and its threshold; None where scores stay as they are."""


def weighed(
    action: HostFactsAction,
    links: Links,
    scores: Float32s,
    threshold: float | Float32s,
) -> FactsWeighed | None:
    """Weigh the facts of *links*; None where they are off or nobody told any: scores stay."""
    facts = links.facts
    if facts is None or action is HostFactsAction.OFF:
        return None
    logs = fact_odds.log_ratios(links.urls, facts)
    if not np.count_nonzero(logs):
        return None
    limit = np.asarray(threshold, np.float32)
    found = fact_odds.weigh(scores, logs)
    if action is HostFactsAction.REVIEW:
        below = np.nextafter(limit, np.float32(0))
        found = np.where((found >= limit) & (scores < limit), below, found)
    return FactsWeighed(
        facts=facts,
        model_scores=scores,
        scores=found.astype(np.float32),
        logs=logs,
        told_from=limit * _TOLD_FROM,
    )
