"""Reports how dialogues ended, and compares the variants of a script honestly.

Of the dialogues that ended, the share in which the person understood has its Wilson interval. Two
variants differ where the Newcombe interval of the difference leaves out zero (Newcombe 1998, method
10); of three or more, each is compared with the first, which makes chance findings likelier.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from classifiers.evaluation.metrics import Interval, share_interval
from services.warning.robot.script import RobotOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptFigures:
    """The dialogues of one script."""

    script: str
    begun: int
    ended: Mapping[RobotOutcome, int]
    understood: Interval | None = None
    """Share of those that ended; None: none has."""
    difference: float | None = None
    """From the first variant of the same script, in this share; None: it is the first, or neither
    has an end."""
    difference_interval: Interval | None = None

    @property
    def ends(self) -> int:
        """Dialogues that ended."""
        return sum(self.ended.values())

    @property
    def differs(self) -> bool:
        """Whether chance alone hardly explains the difference."""
        found = self.difference_interval
        return found is not None and (found.low > 0 or found.high < 0)


def figures(outcomes: Mapping[str, Mapping[str, int]]) -> list[ScriptFigures]:
    """Return the figures of each script, variants side by side."""
    found: list[ScriptFigures] = []
    first: dict[str, tuple[int, int]] = {}
    for script in sorted(outcomes):
        counts = outcomes[script]
        ended = {one: counts[one.value] for one in RobotOutcome if counts.get(one.value)}
        total, good = sum(ended.values()), ended.get(RobotOutcome.UNDERSTOOD, 0)
        family = script.rpartition(":")[0]
        difference = interval = None
        if family in first and total and first[family][1]:
            difference = good / total - first[family][0] / first[family][1]
            interval = newcombe((good, total), first[family])
        first.setdefault(family, (good, total))
        found.append(
            ScriptFigures(
                script=script,
                begun=counts.get("begun", 0),
                ended=ended,
                understood=share_interval(good, total) if total else None,
                difference=difference,
                difference_interval=interval,
            )
        )
    return found


def newcombe(one: Sequence[int], other: Sequence[int]) -> Interval:
    """Return the 95 % interval of the difference of two shares, each of count and total."""
    share, other_share = one[0] / one[1], other[0] / other[1]
    mine, its = share_interval(*one), share_interval(*other)
    below = sqrt((share - mine.low) ** 2 + (its.high - other_share) ** 2)
    above = sqrt((mine.high - share) ** 2 + (other_share - its.low) ** 2)
    difference = share - other_share
    return Interval(difference - below, difference + above)
