"""What another warning policy says differently: points, lines and plans, by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.warning.model import Tier
from services.warning.policy import plans
from services.warning.policy.tiers import TierPolicy, TierRule

ABSENT = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class TierDifference:
    """One thing that differs."""

    part: str
    """Such as ``points.high``, ``line long-call`` or ``steps medium``."""
    before: str
    after: str


def differences(before: TierPolicy, after: TierPolicy) -> list[TierDifference]:
    """Return what differs in effect or in words, in the order of a policy's text."""
    old, new = dict(_parts(before)), dict(_parts(after))
    return [
        TierDifference(part=part, before=old.get(part, ABSENT), after=new.get(part, ABSENT))
        for part in dict.fromkeys((*new, *old))
        if old.get(part, ABSENT) != new.get(part, ABSENT)
    ]


def conditions(when: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the conditions of a line with their values as texts."""
    return {word: _values(value) for word, value in when.items()}


def _parts(policy: TierPolicy) -> Iterator[tuple[str, str]]:
    yield "version", policy.version
    yield "about", policy.about
    yield "points.medium", str(policy.medium)
    yield "points.high", str(policy.high)
    for line in policy.lines:
        yield f"line {line.id}", _line(line)
    for tier in Tier:
        yield f"steps {tier.name.lower()}", plans.formatted(policy.plans[tier])


def _line(line: TierRule) -> str:
    when = ", ".join(f"{word}={'/'.join(of)}" for word, of in conditions(line.when).items())
    return f"{line.effect}; {when}; {line.about}"


def _values(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    return [str(value).lower() if isinstance(value, bool) else str(value)]
