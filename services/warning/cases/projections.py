"""What is derived from the events of a case: indexes, tallies, counts and outbox tasks.

The script that writes the events writes these too, in the slot of the case. So none can be lost or
written twice: a count of outcomes is as exact as the cases themselves.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from services.warning import keys
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind, StopPaymentStep
from services.warning.cases.model import Case, CaseState
from services.warning.model import Tier

INFORMATIVE_OUTCOMES = frozenset({CaseOutcome.LOST_MONEY, CaseOutcome.FALSE_ALARM})
"""Outcomes that tell whether the warning was right.

The others do not: a person who is safe may have been warned in time or never been in danger, one
who was not contacted tells nothing, and a duplicate is counted in the other case."""
UNJUDGED = 0
"""In `open_of_tier`: cases without a tier."""
JUDGED = ("judged",)
"""The index of cases with an informative outcome, by when they were closed."""
STOP_PAYMENT = ("stop_payment",)
"""The index of cases without a receipt of the stop-payment desk, by when it fell due."""
_NOTHING_TO_STOP = frozenset({CaseOutcome.FALSE_ALARM, CaseOutcome.DUPLICATE})
_FEEDBACK_EVENTS = frozenset(
    {EventKind.SENT, EventKind.DELIVERED, EventKind.CLOSED, EventKind.JOINED}
)
"""Events that sources receive as feedback."""

Increment = tuple[tuple[str, ...], str, int]
"""Key in the shard, field of its hash, and the increment."""


def outbox_tasks(events: Sequence[CaseEvent], after: Case) -> list[str]:
    """Return the tasks that `OutboxRelay` carries to other slots.

    ``send <case> <message> <channel> <step>``, ``stop_payment <case>``, ``feedback <case>`` or
    ``outcome <case>``.
    """
    tasks = [
        f"send {after.id} {event.message.id} {event.message.channel} {event.message.step}"
        for event in events
        if event.kind is EventKind.QUEUED and event.message is not None
    ]
    if any(event.stop_payment is StopPaymentStep.DUE for event in events):
        tasks.append(f"stop_payment {after.id}")
    has_feedback = any(
        event.kind in _FEEDBACK_EVENTS and (event.kind is not EventKind.JOINED or not after.open)
        for event in events
    )
    if has_feedback:
        tasks.append(f"feedback {after.id}")
    if any(outcome in INFORMATIVE_OUTCOMES for outcome in _outcomes(events)):
        tasks.append(f"outcome {after.id}")
    return tasks


def outcome_counts(events: Sequence[CaseEvent], after: Case) -> list[Increment]:
    """Count the outcome of a closed case for its sources and list entries.

    A source gets one count for each of its warnings and one for the case, a list entry one for
    the case.
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


def open_of_tier(tier: int, region: str = "") -> tuple[str, ...]:
    """Return the index of open cases of a tier (`UNJUDGED`: of none), by due date."""
    return ("open", f"tier{tier}", *filter(None, [region]))


def open_of_officer(officer: str) -> tuple[str, ...]:
    """Return the index of open cases that an officer has, by due date."""
    # A digest, because a name may hold any character.
    return ("open", "officer", blake2b(officer.encode(), digest_size=12).hexdigest())


def of_state(state: CaseState, tier: int, region: str = "") -> tuple[str, ...]:
    """Return the index of cases of a state and tier (`UNJUDGED`: of none).

    Open cases by due date, closed ones by opening time.
    """
    return ("state", state.value, f"tier{tier}", *filter(None, [region]))


def index_changes(
    before: Case | None, after: Case
) -> tuple[dict[tuple[str, ...], int], list[tuple[str, ...]]]:
    """Return the indexes to add a case to, with its score in each, and those to remove it from."""
    added: dict[tuple[str, ...], int] = {}
    for region in ("", *_regions(after)):
        index = (region,) if region else ()
        added["all", *index] = after.opened_at_ms
    added |= current_indexes(after)
    if after.open:
        added |= {("of_entry", entry): after.opened_at_ms for entry in after.entries}
    if after.outcome in INFORMATIVE_OUTCOMES:
        added[JUDGED] = after.closed_at_ms
    if awaits_receipt(after):
        added[STOP_PAYMENT] = after.stop_payment_at_ms
    if before is None:
        return added, []
    left: list[tuple[str, ...]] = [("all",), *(("all", region) for region in _regions(before))]
    left += current_indexes(before)
    left += (("of_entry", entry) for entry in before.entries)
    if awaits_receipt(before):
        left.append(STOP_PAYMENT)
    return added, [one for one in left if one not in added]


def awaits_receipt(case: Case) -> bool:
    """Whether a case is with the stop-payment desk, or to be, without its receipt."""
    step = case.stop_payment
    if step is None or step is StopPaymentStep.RECEIVED:
        return False
    return case.outcome not in _NOTHING_TO_STOP


def current_indexes(case: Case) -> dict[tuple[str, ...], int]:
    """Return the indexes by state, tier and officer that hold a case, with its score in each."""
    tier = case.tier or UNJUDGED
    regions = ("", *_regions(case))
    states = [of_state(case.state, tier, region) for region in regions]
    if not case.open:
        return dict.fromkeys(states, case.opened_at_ms)
    found = [*states, *(open_of_tier(tier, region) for region in regions)]
    found += [("open", region) if region else ("open",) for region in regions]
    if case.officer:
        found.append(open_of_officer(case.officer))
    return dict.fromkeys(found, urgency(case))


def tally_changes(before: Case | None, after: Case) -> Mapping[str, int]:
    """Return increments of the tally.

    Its fields are ``open <state> <tier>``, ``closed <outcome>`` and ``without_region``.
    """
    change = Counter(_tally(after))
    change.subtract(_tally(before) if before else ())
    return {field: by for field, by in change.items() if by}


def _outcomes(events: Sequence[CaseEvent]) -> list[CaseOutcome]:
    return [
        event.outcome
        for event in events
        if event.kind is EventKind.CLOSED and event.outcome is not None
    ]


def urgency(case: Case) -> int:
    """Return the score of an open case: cases that need a person come before all due dates."""
    if case.needs_person:
        return keys.FIRST_DATE - (case.tier or Tier.LOW)
    return case.due_at_ms or keys.NOTHING_DUE


def _tally(case: Case) -> list[str]:
    if not case.open:
        return [f"closed {case.outcome}"]
    fields = [f"open {case.state} {case.tier.name.lower() if case.tier else 'none'}"]
    return fields if case.region.code else [*fields, "without_region"]


def _regions(case: Case) -> list[str]:
    region = case.region
    codes = [region.province, region.city, region.county]
    return list(dict.fromkeys(keys.region_key(code) for code in codes if code))
