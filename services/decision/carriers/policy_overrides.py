"""Applies what policies say on top of the rules: block while a model fails, and monitor mode."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fanzha.decisions import Action, Detail, DisplayLabel, Reason, Treatment
from fanzha.tables import Bools
from services.decision.carriers.policy import BatchPolicy
from services.decision.rules import Ruling

# Members of an enum cost a microsecond each time they are named; these do not.
_ALLOW, _BLOCK = np.uint8(Action.ALLOW), np.uint8(Action.BLOCK)
_FAILED_OPEN, _FAILED_CLOSED = np.uint8(Reason.FAILED_OPEN), np.uint8(Reason.FAILED_CLOSED)
_NO_DETAIL = Detail()


class PolicyRuling(NamedTuple):
    """The rules as the policies of a batch change them."""

    ruling: Ruling
    """What is answered."""
    enforced: Ruling
    """What would be answered if no carrier monitored."""
    monitored: Bools | None
    """Rows that are let through only because they are monitored; None for none."""


def applied(policy: BatchPolicy | None, ruling: Ruling) -> PolicyRuling:
    """Apply the policies of a batch to the rules; without any, the rules stand."""
    if policy is None:
        return PolicyRuling(ruling, ruling, None)
    failed = policy.block_on_failure & (ruling.reasons == _FAILED_OPEN)
    if np.count_nonzero(failed):
        ruling = ruling._replace(
            actions=np.where(failed, _BLOCK, ruling.actions),
            reasons=np.where(failed, _FAILED_CLOSED, ruling.reasons),
        )
    monitored = policy.monitor & (ruling.actions == _BLOCK)
    if not np.count_nonzero(monitored):
        return PolicyRuling(ruling, ruling, None)
    answered = ruling._replace(actions=np.where(monitored, _ALLOW, ruling.actions))
    return PolicyRuling(answered, ruling, monitored)


def mark_monitored(details: dict[int, Detail], monitored: Bools | None) -> None:
    """Mark the rows in *details*, in place; monitored traffic is not treated either."""
    if monitored is None:
        return
    for row in np.flatnonzero(monitored).tolist():
        details[row] = replace(
            details.get(row, _NO_DETAIL),
            monitored=True,
            treatment=Treatment.UNSPECIFIED,
            label=DisplayLabel.UNSPECIFIED,
            delay_ms=0,
        )
