"""Drift of a kind of model, for a chart and a table: how far traffic has moved from the card."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from fanzha.translation.message import Message
from fanzha.v1 import model_pb2 as pb
from services.console.web.page_request import PageRequest

LOOK, OTHER = 0.1, 0.25
"""Above the first somebody should look; above the second the traffic is another."""
_MOST_FEATURES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRow:
    """One measure: of the scores, or of a feature."""

    name: str
    index: float
    """The largest population stability index of any worker."""
    alarm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftChart:
    """The measures of a kind."""

    rows: Sequence[DriftRow]
    """The largest first."""
    left_out: int
    chart: str
    """What `charts.js` draws, as JSON."""


def of(visit: PageRequest, model: pb.ModelStatus) -> DriftChart | None:
    """Return the drift of a kind; None where no worker measures any."""
    largest: dict[str, float] = {}
    alarms: set[str] = set()
    for worker in model.workers:
        alarms.update(worker.drift_alarms)
        for name, index in worker.drift.items():
            largest[name] = max(index, largest.get(name, 0.0))
    if not largest:
        return None
    ordered = sorted(largest.items(), key=lambda pair: -pair[1])
    rows = [
        DriftRow(name=name, index=index, alarm=name in alarms)
        for name, index in ordered[:_MOST_FEATURES]
    ]
    drawn = {
        "x": [one.name for one in rows],
        "fractions": True,
        "series": [
            {
                "name": visit.formats.localized(Message("stability index")),
                "values": [round(one.index, 4) for one in rows],
                "limit": OTHER,
            }
        ],
    }
    return DriftChart(
        rows=rows, left_out=len(ordered) - len(rows), chart=json.dumps(drawn, ensure_ascii=False)
    )
