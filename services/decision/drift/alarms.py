"""Raises an alarm where drift stays above a limit, and ends it once it is well below.

One look is noise: an alarm is raised after `LOOKS` looks in a row at or above the limit, and ends
below `ENDS_BELOW` of it. Raising and ending are logged once each.
"""

import logging
from collections.abc import Mapping
from math import isnan

from fanzha.tables import Channel

logger = logging.getLogger(__name__)

LOOKS = 3
ENDS_BELOW = 0.8
SCORE = "score"
"""Name of the drift of scores, beside the names of features."""


class DriftAlarms:
    """The alarms of one worker. One thread only."""

    def __init__(self, *, score: float = 0.0, feature: float = 0.0) -> None:
        """*score* and *feature* are the limits of the population stability index; 0: no alarm."""
        self._limits = {SCORE: score}
        self._feature = feature
        self._above: dict[tuple[Channel, str], int] = {}
        self._raised: dict[Channel, set[str]] = {channel: set() for channel in Channel}

    def look(self, channel: Channel, indexes: Mapping[str, float]) -> list[str]:
        """Take the *indexes* of a channel by name, NaN where unknown; return what is raised."""
        for name, index in indexes.items():
            limit = self._limits.get(name, self._feature)
            if limit and not isnan(index):
                self._judge(channel, name, index, limit)
        raised = self._raised[channel]
        # Where nothing is measured any more, as after a change of the model, nothing is known.
        raised &= {name for name, index in indexes.items() if not isnan(index)}
        return sorted(raised)

    def _judge(self, channel: Channel, name: str, index: float, limit: float) -> None:
        raised, key = self._raised[channel], (channel, name)
        self._above[key] = self._above.get(key, 0) + 1 if index >= limit else 0
        word = channel.name.lower()
        if self._above[key] >= LOOKS and name not in raised:
            raised.add(name)
            logger.warning(
                "drift of %s of %s is %.2f, the limit is %.2f: the traffic is not what the model "
                "was trained on",
                *(name, word, index, limit),
            )
        elif index < limit * ENDS_BELOW and name in raised:
            raised.remove(name)
            logger.info("drift of %s of %s is %.2f again", name, word, index)
