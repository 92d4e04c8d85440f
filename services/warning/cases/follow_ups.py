"""What follows from the events of a case, in the slot of the case: todos and counts.

All of it is written by the script that writes the events, so that none of it can be forgotten or
done twice: a count of outcomes is as exact as the cases themselves.
"""

from collections.abc import Sequence

from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.model import Case

INFORMATIVE_OUTCOMES = frozenset({CaseOutcome.LOST_MONEY, CaseOutcome.FALSE_ALARM})
"""Outcomes that say whether a warning was right: somebody lost money, or nothing was the matter.

A person who is safe may have been warned in time or never been in danger, one who could not be
reached says nothing, and a duplicate is told of in the other case."""
_TOLD = frozenset({EventKind.SENT, EventKind.DELIVERED, EventKind.CLOSED, EventKind.JOINED})
"""What a source may want to know; `relay` tells it once."""

Counted = tuple[tuple[str, ...], str, int]
"""Key in the shard, field, and by how much it grows."""


def outbox_tasks(events: Sequence[CaseEvent], after: Case) -> list[str]:
    """Name what follows elsewhere: ``send <case> <message> …``, ``tell <case>``, ``learn …``."""
    wanted = [
        f"send {after.id} {event.message.id} {event.message.channel} {event.message.step}"
        for event in events
        if event.kind is EventKind.QUEUED and event.message is not None
    ]
    tells = any(
        event.kind in _TOLD and (event.kind is not EventKind.JOINED or not after.open)
        for event in events
    )
    wanted += [f"tell {after.id}"] if tells else []
    learns = any(outcome in INFORMATIVE_OUTCOMES for outcome in _outcomes(events))
    return [*wanted, f"learn {after.id}"] if learns else wanted


def outcome_counts(events: Sequence[CaseEvent], after: Case) -> list[Counted]:
    """Count the outcome of a case with whatever led to it.

    For its sources every warning that is kept, and the case once; for each list entry the case.
    """
    counts: dict[tuple[tuple[str, ...], str], int] = {}

    def add(key: tuple[str, ...], field: str) -> None:
        counts[key, field] = counts.get((key, field), 0) + 1

    for outcome in _outcomes(events):
        for origin in after.origins:
            add(("source", origin.source_name), f"closed_{outcome.value}")
        for name in dict.fromkeys(origin.source_name for origin in after.origins):
            add(("source", name), f"cases_{outcome.value}")
        for entry in after.entries:
            add(("entries",), f"{entry}:{outcome.value}")
    return [(key, field, by) for (key, field), by in counts.items()]


def _outcomes(events: Sequence[CaseEvent]) -> list[CaseOutcome]:
    return [
        event.outcome
        for event in events
        if event.kind is EventKind.CLOSED and event.outcome is not None
    ]
