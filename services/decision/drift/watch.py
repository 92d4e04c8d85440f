"""Watches the drift of all channels of a worker: of scores, of features, and the alarms on both."""

from dataclasses import dataclass, field
from math import isnan

from classifiers.card import Histogram
from fanzha.decisions import Decisions
from fanzha.tables import CallerActivity, Channel
from services.decision.drift.alarms import SCORE, DriftAlarms
from services.decision.drift.features import Expected, FeatureDrift
from services.decision.drift.scores import ScoreDrift
from services.decision.observer import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftFigures:
    """The drift of one channel; what is unknown is NaN or left out."""

    score: float = float("nan")
    features: dict[str, float] = field(default_factory=dict)
    alarms: tuple[str, ...] = ()
    """Names of what is raised: ``score``, or a feature."""

    def known(self) -> dict[str, float]:
        """Return what is known by name, rounded to what is worth a report."""
        indexes = {SCORE: self.score, **self.features}
        return {name: round(one, 3) for name, one in indexes.items() if not isnan(one)}


class DriftWatch:
    """The drift of one worker. One thread only."""

    def __init__(self, alarms: DriftAlarms) -> None:
        self._scores = ScoreDrift()
        self._features = FeatureDrift()
        self._alarms = alarms
        self.latest: dict[Channel, DriftFigures] = {}
        """As of the last look."""

    def decided(self, channel: Channel, table: Table, decisions: Decisions) -> None:
        """Count a batch."""
        self._scores.observe(channel, decisions.scores, decisions.model_version)
        self._features.observe(channel, table)

    def callers_active(self, activity: CallerActivity) -> None:
        """Count the callers of a batch."""
        self._features.observe_callers(activity)

    def look(
        self, channel: Channel, version: str, scores: Histogram | None, features: Expected
    ) -> DriftFigures:
        """Compare with the histograms on the card of *version*, which decides."""
        self._features.expect(channel, features)
        index, indexes = (
            self._scores.index(channel, version, scores),
            self._features.indexes(channel),
        )
        found = DriftFigures(
            score=index,
            features=indexes,
            alarms=tuple(self._alarms.look(channel, {SCORE: index, **indexes})),
        )
        self.latest[channel] = found
        return found
