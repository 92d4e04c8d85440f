"""How many logged decisions another carrier policy would have altered, as stored with a request."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from fanzha.tables import Channel
from fanzha.translation.message import Message
from services.decision.carriers.policy import CarrierPolicies
from services.decision_log.impact.policy_replay import PolicyReplay, replay_policy
from services.decision_log.partitions import HOUR_MS

logger = logging.getLogger(__name__)

PolicyImpactSource: TypeAlias = Callable[[CarrierPolicies, CarrierPolicies, int], PolicyReplay]
"""Replays the decision log from a time in milliseconds. Blocks: call it in a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierImpact:
    """What would have changed for one carrier on one channel."""

    carrier: str
    """Empty for requests that name none."""
    channel: str
    would_block: int
    """Decisions that let through and would have blocked."""
    would_allow: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyImpact:
    """Estimates: decisions that let traffic through are sampled in the log."""

    hours: float = 0.0
    """Hours that the log covers."""
    rows_examined: int = 0
    carriers: tuple[CarrierImpact, ...] = ()
    uncertain: int = 0
    """Decisions of which the log says too little."""
    unknown_because: str = ""
    """Why the log cannot say it, or not for all hours."""


def estimate(
    source: PolicyImpactSource | None,
    before: CarrierPolicies,
    after: CarrierPolicies,
    *,
    hours: int,
    now_ms: int,
) -> PolicyImpact:
    """Return the impact on the last *hours*; blocks for as long as the replay takes."""
    if source is None:
        return PolicyImpact(unknown_because=Message("there is no decision log"))
    try:
        found = source(before, after, now_ms - hours * HOUR_MS)
    except (OSError, ValueError) as error:
        # A policy must stay changeable when the log is broken.
        logger.warning("impact of the policy: the decision log could not be read: %s", error)
        return PolicyImpact(unknown_because=Message("the decision log could not be read"))
    first_ms = now_ms if found.first_ms is None else max(found.since_ms, found.first_ms)
    covered = max(0.0, (now_ms - first_ms) / HOUR_MS)
    whole = first_ms <= found.since_ms
    return PolicyImpact(
        hours=covered,
        rows_examined=found.rows_examined,
        carriers=_by_carrier(found),
        uncertain=found.uncertain,
        unknown_because=""
        if whole
        else Message(
            "the decision log covers {hours:.1f} of the last {total} hours",
            hours=covered,
            total=hours,
        ),
    )


def read(stored: Mapping[str, Any]) -> PolicyImpact:
    """Read an impact from the JSON stored with a request."""
    carriers = tuple(CarrierImpact(**one) for one in stored["carriers"])
    return PolicyImpact(**{**stored, "carriers": carriers})


def of_log(folder: Path) -> PolicyImpactSource:
    """Return the source that replays the log in *folder*."""
    return partial(_replay, folder)


def _replay(
    folder: Path, before: CarrierPolicies, after: CarrierPolicies, since_ms: int
) -> PolicyReplay:
    return replay_policy(folder, before, after, since_ms=since_ms)


def _by_carrier(found: PolicyReplay) -> tuple[CarrierImpact, ...]:
    changed: set[tuple[str, Channel]] = {*found.would_block, *found.would_allow}
    return tuple(
        CarrierImpact(
            carrier=carrier,
            channel=channel.name.lower(),
            would_block=found.would_block[carrier, channel],
            would_allow=found.would_allow[carrier, channel],
        )
        for carrier, channel in sorted(changed)
    )
