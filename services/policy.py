"""Turns evidence into actions. The whole precedence is the table in `rule`."""

from typing import NamedTuple

import numpy as np

from fanzha.decisions import Action, Reason
from fanzha.tables import Bools, Float32s, Uint8s


class Ruling(NamedTuple):
    """Actions, and the reasons for them."""

    actions: Uint8s
    reasons: Uint8s


def rule(
    *,
    invalid: Bools,
    protected: Bools,
    listed: Uint8s,
    implausible: Bools,
    scores: Float32s,
    threshold: float,
) -> Ruling:
    """Weigh all evidence: for each row, the first line below that holds decides.

    *listed* is the action of the deciding list entry, 0 without one; which entry
    decides is written down in `blocklists.snapshot` and `services.evidence`.
    """
    return _first_that_holds(
        (invalid, Action.ALLOW, Reason.INVALID),
        (protected, Action.ALLOW, Reason.PROTECTED),
        (listed == Action.ALLOW, Action.ALLOW, Reason.ALLOWLISTED),
        (listed == Action.BLOCK, Action.BLOCK, Reason.BLOCKLISTED),
        (implausible, Action.BLOCK, Reason.IMPLAUSIBLE),
        # A broken model must not cut people off.
        (np.isnan(scores), Action.ALLOW, Reason.FAILED_OPEN),
        (scores >= np.float32(threshold), Action.BLOCK, Reason.SCORED),
        (scores < np.float32(threshold), Action.ALLOW, Reason.SCORED),
    )


def _first_that_holds(*lines: tuple[Bools, Action, Reason]) -> Ruling:
    conditions, actions, reasons = zip(*lines, strict=True)
    first = np.argmax(conditions, axis=0)
    return Ruling(np.array(actions, np.uint8)[first], np.array(reasons, np.uint8)[first])
