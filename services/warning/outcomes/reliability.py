"""Reliability of a list entry or a source, estimated from outcomes of its cases.

A closed case is an observation: *confirmed* if money was lost, *false* if it was a false alarm;
other outcomes are not informative (`projections.INFORMATIVE_OUTCOMES`). The reliability is the
posterior mean of the share of confirmed cases under a uniform Beta(1, 1) prior (Laplace's rule of
succession)::

    reliability = (confirmed + 1) / (confirmed + false + 2)

No observation gives 0.5, one false alarm 0.33, five 0.14; 100 confirmed and 5 false ones 0.94. The
cases are not a random sample: a person warned in time loses nothing. So it ranks entries for
review, and alone is no reason to act.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.warning.cases.events import CaseOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeTally:
    """Closed cases by outcome."""

    outcomes: Mapping[CaseOutcome, int]

    @property
    def confirmed(self) -> int:
        """Cases in which money was lost."""
        return self.outcomes.get(CaseOutcome.LOST_MONEY, 0)

    @property
    def false(self) -> int:
        """Cases that were false alarms."""
        return self.outcomes.get(CaseOutcome.FALSE_ALARM, 0)

    @property
    def uninformative(self) -> int:
        """Cases with an uninformative outcome."""
        return sum(self.outcomes.values()) - self.confirmed - self.false

    @property
    def reliability(self) -> float:
        """The reliability, between 0 and 1."""
        return (self.confirmed + 1) / (self.confirmed + self.false + 2)

    def plus(self, other: "OutcomeTally") -> "OutcomeTally":
        """Return the sum of two tallies."""
        names = self.outcomes.keys() | other.outcomes.keys()
        return OutcomeTally(
            outcomes={one: self.outcomes.get(one, 0) + other.outcomes.get(one, 0) for one in names}
        )


NOTHING = OutcomeTally(outcomes={})


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirementRule:
    """When to propose the removal of an entry."""

    floor: float
    """Reliability below which a removal is proposed."""
    cases: int
    """Informative cases required, and new false alarms before it is proposed again."""

    def proposes_removal(self, tally: OutcomeTally, false_before: int = 0) -> bool:
        """Whether to propose the removal; *false_before*: false alarms at the last proposal."""
        informative = tally.confirmed + tally.false
        fresh = tally.false - false_before
        enough = informative >= self.cases and (not false_before or fresh >= self.cases)
        return enough and tally.reliability < self.floor
