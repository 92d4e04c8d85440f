"""Turns evidence into actions. The whole precedence is `LINES`."""

from typing import NamedTuple

import numpy as np

from fanzha.decisions import Action, Reason
from fanzha.tables import Bools, Float32s, Uint8s


class Ruling(NamedTuple):
    """Actions, and the reasons for them."""

    actions: Uint8s
    reasons: Uint8s


LINES = (
    ("invalid", Action.ALLOW, Reason.INVALID),
    ("protected", Action.ALLOW, Reason.PROTECTED),
    ("allowlisted", Action.ALLOW, Reason.ALLOWLISTED),
    ("blocklisted", Action.BLOCK, Reason.BLOCKLISTED),
    ("implausible", Action.BLOCK, Reason.IMPLAUSIBLE),
    # A broken model must not cut people off.
    ("unheard", Action.ALLOW, Reason.FAILED_OPEN),
    ("reached", Action.BLOCK, Reason.SCORED),
    # Only where the setting block_spam is on.
    ("spam", Action.BLOCK, Reason.SPAM),
    # The velocity model learnt from a simulation: it marks, unless velocity_action is block.
    ("cut_off", Action.BLOCK, Reason.VELOCITY),
    ("suspicious", Action.ALLOW, Reason.VELOCITY),
    ("under", Action.ALLOW, Reason.SCORED),
)
"""The precedence: for each row, the first line that holds decides."""

_PLACES = {name: np.array(place, np.uint8) for place, (name, _, _) in enumerate(LINES)}
_LEAST_FIRST = tuple(reversed(_PLACES.items()))
_ACTIONS = np.array([action for _, action, _ in LINES], np.uint8)
_REASONS = np.array([reason for _, _, reason in LINES], np.uint8)
_ALLOW, _BLOCK = np.uint8(Action.ALLOW), np.uint8(Action.BLOCK)


def rule(
    *,
    invalid: Bools | None = None,
    protected: Bools,
    listed: Uint8s,
    implausible: Bools | None = None,
    scores: Float32s,
    threshold: float,
    spam: Bools | None = None,
    suspicious: Bools | None = None,
    block_suspicious: bool = False,
) -> Ruling:
    """Weigh all evidence by `LINES`.

    *listed* is the action of the deciding list entry, 0 without one; which entry
    decides is written down in `blocklists.snapshot.snapshot` and `services.decision.list_match`.
    *spam* are the texts to block as spam, *suspicious* the calls whose moment reached its
    threshold; None for none.
    """
    any_listed = np.count_nonzero(listed)
    holds = {
        "invalid": invalid,
        "protected": protected,
        "allowlisted": listed == _ALLOW if any_listed else None,
        "blocklisted": listed == _BLOCK if any_listed else None,
        "implausible": implausible,
        "unheard": np.isnan(scores),
        "reached": scores >= np.float32(threshold),
        "spam": spam,
        "cut_off": suspicious if block_suspicious else None,
        "suspicious": suspicious,
    }
    # From the last line up, each over those below it; "under" is what is left.
    first = np.full(len(scores), _PLACES["under"])
    for name, place in _LEAST_FIRST:
        held = holds.get(name)
        # Counting takes a third of the time of putting, and most lines hold for nothing.
        if held is not None and np.count_nonzero(held):
            np.putmask(first, held, place)
    return Ruling(_ACTIONS.take(first), _REASONS.take(first))
