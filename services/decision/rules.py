"""Applies the rules: turns what is known of each row into an action. `PRECEDENCE` is all of it."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from fanzha.decisions import Action, Reason
from fanzha.tables import Bools, Float32s, Uint8s, Uint32s


class Ruling(NamedTuple):
    """Actions, and the reasons for them."""

    actions: Uint8s
    reasons: Uint8s
    held: Uint32s
    """Bit i is set where rule i of `PRECEDENCE` held, whether it decided or not; "under" is left
    out."""


PRECEDENCE = (
    ("invalid", Action.ALLOW, Reason.INVALID),
    ("protected", Action.ALLOW, Reason.PROTECTED),
    ("allowlisted", Action.ALLOW, Reason.ALLOWLISTED),
    ("blocklisted", Action.BLOCK, Reason.BLOCKLISTED),
    ("implausible", Action.BLOCK, Reason.IMPLAUSIBLE),
    # Only where the setting unregistered_senders is block.
    ("refused_sender", Action.BLOCK, Reason.UNREGISTERED),
    # A broken model must not cut people off.
    ("unscored", Action.ALLOW, Reason.FAILED_OPEN),
    ("scored", Action.BLOCK, Reason.SCORED),
    # Of texts: the score of a link, where that of the words does not speak against it.
    ("link_scored", Action.BLOCK, Reason.LINK_SCORED),
    # Of texts: what reaches a threshold lowered for a sender whose texts were just blocked; only
    # where the setting sender_history_action is block.
    ("sender_history", Action.BLOCK, Reason.SENDER_HISTORY),
    # Only where the setting block_spam is on.
    ("spam", Action.BLOCK, Reason.SPAM),
    # Confirmed on another channel; only where related_action is block.
    ("related_blocked", Action.BLOCK, Reason.RELATED),
    # The velocity model learnt from a simulation: it marks, unless velocity_action is block.
    ("cut_off", Action.BLOCK, Reason.VELOCITY),
    ("related", Action.ALLOW, Reason.RELATED),
    ("suspicious", Action.ALLOW, Reason.VELOCITY),
    ("marked_link", Action.ALLOW, Reason.LINK_SCORED),
    ("marked_history", Action.ALLOW, Reason.SENDER_HISTORY),
    ("marked_sender", Action.ALLOW, Reason.UNREGISTERED),
    # Only where the model has a review threshold; at most so many a minute.
    ("review", Action.ALLOW, Reason.REVIEW),
    ("under", Action.ALLOW, Reason.SCORED),
)
"""For each row, the first rule that holds decides."""

_PLACES = {name: place for place, (name, _, _) in enumerate(PRECEDENCE)}
_NUMBERS = tuple(np.array(place, np.uint8) for place in range(len(PRECEDENCE)))
_UNDER = len(PRECEDENCE) - 1
_BITS: Uint32s = np.uint32(1) << np.arange(len(PRECEDENCE), dtype=np.uint32)
_ACTIONS = np.array([action for _, action, _ in PRECEDENCE], np.uint8)
_REASONS = np.array([reason for _, _, reason in PRECEDENCE], np.uint8)
_ALLOW, _BLOCK = np.uint8(Action.ALLOW), np.uint8(Action.BLOCK)


def rule(
    *,
    invalid: Bools | None = None,
    protected: Bools,
    listed: Uint8s,
    implausible: Bools | None = None,
    scores: Float32s,
    threshold: float | Float32s,
    suspicious: Bools | None = None,
    block_suspicious: bool = False,
    unregistered: Bools | None = None,
    block_unregistered: bool = False,
    link_marked: Bools | None = None,
    **named_as_rules: Bools | None,
) -> Ruling:
    """Apply `PRECEDENCE` to each row.

    *listed* is the action of the deciding list entry, 0 without one; `services.decision.list_match`
    says which decides. *scores* are NaN where the model failed. *threshold* is one for all rows, or
    a column. The other columns are those of `services.decision.evidence.BatchEvidence`; None for
    none. *named_as_rules* are further ones, each under the name of the rule that it makes hold.
    """
    any_listed = np.count_nonzero(listed)
    holds = {
        "invalid": invalid,
        "protected": protected,
        "allowlisted": listed == _ALLOW if any_listed else None,
        "blocklisted": listed == _BLOCK if any_listed else None,
        "implausible": implausible,
        "unscored": np.isnan(scores),
        "scored": scores >= np.asarray(threshold, np.float32),
        "cut_off": suspicious if block_suspicious else None,
        "suspicious": suspicious,
        "refused_sender": unregistered if block_unregistered else None,
        "marked_link": link_marked,
        "marked_sender": unregistered,
        **named_as_rules,
    }
    return _first_that_holds(holds, len(scores))


def _first_that_holds(holds: Mapping[str, Bools | None], rows: int) -> Ruling:
    # Counting takes a third of the time of putting, and most rules hold for no row.
    held = {
        _PLACES[name]: column
        for name, column in holds.items()
        if column is not None and np.count_nonzero(column)
    }
    first, all_held = np.empty(rows, np.uint8), np.zeros(rows, np.uint32)
    first.fill(_UNDER)
    # From the last rule up, each over those below it; "under" is what is left.
    for place in sorted(held, reverse=True):
        np.putmask(first, held[place], _NUMBERS[place])
        all_held |= _BITS[place] * held[place]
    return Ruling(_ACTIONS.take(first), _REASONS.take(first), all_held)


def bit_of(name: str) -> np.uint32:
    """Return the bit of `Ruling.held` of a rule."""
    return np.uint32(_BITS[_PLACES[name]])


def names_of(held: int) -> tuple[str, ...]:
    """Return the names of the rules whose bits are set, in order of precedence."""
    return tuple(name for place, (name, _, _) in enumerate(PRECEDENCE) if held >> place & 1)


def first_of(names: Collection[str]) -> tuple[str, Action, Reason]:
    """Return the rule that decides where those of these *names* hold; "under" where none does."""
    return next((rule for rule in PRECEDENCE if rule[0] in names), PRECEDENCE[-1])
