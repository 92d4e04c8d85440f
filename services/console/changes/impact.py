"""What a change would have done to recent traffic, for the page: who is in good standing first."""

import json
from collections.abc import Sequence

from fanzha.v1 import change_pb2 as pb

MOST_SHOWN = 20


def worst_first(impact: pb.ChangeImpact) -> Sequence[pb.ImpactOfPattern]:
    """Return what most people in good standing would have met, first.

    Those are known contacts of the other side: long, mutual or answered calls.
    """
    order = sorted(impact.top, key=lambda one: (-one.known_contacts, -one.parties, -one.events))
    return order[:MOST_SHOWN]


def chart(impact: pb.ChangeImpact) -> str:
    """Return the data of the chart as JSON; empty where there is nothing to draw."""
    top = worst_first(impact)
    if not impact.known or not top:
        return ""
    return json.dumps(
        {
            "patterns": [one.pattern for one in top],
            "known": [round(one.known_contacts, 1) for one in top],
            "others": [round(max(one.parties - one.known_contacts, 0), 1) for one in top],
        }
    )
