"""Standing: how far the outcomes of cases speak for a list entry or a source.

A closed case is an observation: *confirmed* when somebody lost money, *false* when it was a false
alarm; other outcomes say nothing of it (`case_follows.TEACHES`). The standing is the mean of what
one should believe of the share of right ones after these, having believed all shares alike before
(Laplace's rule of succession, the mean of a Beta(1, 1) that saw them)::

    standing = (confirmed + 1) / (confirmed + false + 2)

Nothing seen gives 0.5, one false alarm 0.33, five 0.14; 100 right ones and 5 false ones 0.94. It is
an estimate from the few cases that somebody closed so, and those are no sample: whoever was warned
in time lost nothing. So it orders what to look at, and is never by itself a reason to act.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.warning.cases.events import CaseOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeTally:
    """How many cases ended how."""

    outcomes: Mapping[CaseOutcome, int]

    @property
    def confirmed(self) -> int:
        """Cases in which somebody lost money."""
        return self.outcomes.get(CaseOutcome.LOST_MONEY, 0)

    @property
    def false(self) -> int:
        """Cases that were false alarms."""
        return self.outcomes.get(CaseOutcome.FALSE_ALARM, 0)

    @property
    def silent(self) -> int:
        """Cases whose outcome speaks neither for it nor against it."""
        return sum(self.outcomes.values()) - self.confirmed - self.false

    @property
    def standing(self) -> float:
        """Return the standing, between 0 and 1."""
        return (self.confirmed + 1) / (self.confirmed + self.false + 2)

    def plus(self, other: "OutcomeTally") -> "OutcomeTally":
        """Add up."""
        names = self.outcomes.keys() | other.outcomes.keys()
        return OutcomeTally(
            outcomes={one: self.outcomes.get(one, 0) + other.outcomes.get(one, 0) for one in names}
        )


NOTHING = OutcomeTally(outcomes={})


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirementRule:
    """From when on the removal of an entry is proposed."""

    floor: float
    """The standing under which it is."""
    cases: int
    """Cases that must speak for or against it before, and false alarms before it is again."""

    def asks_removal(self, tally: OutcomeTally, false_before: int = 0) -> bool:
        """Tell whether to propose the removal; *false_before*: of the proposal before."""
        spoken = tally.confirmed + tally.false
        fresh = tally.false - false_before
        enough = spoken >= self.cases and (not false_before or fresh >= self.cases)
        return enough and tally.standing < self.floor
