"""Filter of case lists."""

from collections.abc import Sequence
from dataclasses import dataclass

from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from services.auth.identity import Identity
from services.warning import keys
from services.warning.cases import projections
from services.warning.cases.model import Case, CaseState
from services.warning.desk import scope
from services.warning.model import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Conditions on a case; an empty field matches all."""

    region: str = ""
    """Code or name."""
    tiers: frozenset[Tier] = frozenset()
    states: frozenset[CaseState] = frozenset()
    """Empty: all but closed."""
    officer: str = ""
    fraud_types: frozenset[FraudType] = frozenset()
    due_before_ms: int = 0
    overdue: bool = False
    awaits_receipt: bool = False
    """Only those without a receipt of the stop-payment desk, open or closed, oldest first."""

    @property
    def only_open(self) -> bool:
        """Whether closed cases are excluded."""
        return CaseState.CLOSED not in self.states and not self.awaits_receipt

    def until(self, now_ms: int) -> int:
        """Return the last due date to list. Raises `InvalidInput` with closed cases."""
        if not self.only_open and (self.due_before_ms or self.overdue):
            field = "overdue_only" if self.overdue else "due_before_ms"
            raise InvalidInput(
                "{field}: nothing is due of closed cases; leave out that state", field=field
            )
        if self.due_before_ms < 0:
            raise InvalidInput("due_before_ms: milliseconds since 1970, not less than 0")
        # Cases without a due date are indexed after all dates.
        dates = [min(self.due_before_ms, keys.NOTHING_DUE - 1)] if self.due_before_ms else []
        dates += [now_ms] if self.overdue else []
        return min(dates, default=keys.NOTHING_DUE)

    def indexes(self, asker: Identity) -> Sequence[tuple[str, ...]]:
        """Return the disjoint indexes that hold all matches; none: those of the region.

        Raises `NotAllowed` if no part of the region is in the scope of *asker*.
        """
        regions = scope.indexes(asker, self.region)
        if self.awaits_receipt:
            return [projections.STOP_PAYMENT]
        if self.officer and self.only_open:
            return [projections.open_of_officer(self.officer)]
        if self.states and (self.only_open or len(self.states) == 1):
            tiers: Sequence[int] = sorted(self.tiers) or [projections.UNJUDGED, *Tier]
            return [
                projections.of_state(state, tier, region)
                for state in sorted(self.states)
                for tier in tiers
                for region in regions
            ]
        if not self.only_open:  # open and closed ones have no common order but that of all
            return ()
        return [
            projections.open_of_tier(tier, region)
            for tier in sorted(self.tiers)
            for region in regions
        ]

    def wants(self, case: Case) -> bool:
        """Whether a case matches, apart from the due date, which the index applies."""
        return (
            (case.state in self.states if self.states else case.open or self.awaits_receipt)
            and (not self.awaits_receipt or projections.awaits_receipt(case))
            and (not self.tiers or case.tier in self.tiers)
            and (not self.officer or case.officer == self.officer)
            and (not self.fraud_types or case.fraud_type in self.fraud_types)
            and (not self.region or scope.is_in(case.region, self.region))
        )


def overdue(case: Case, now_ms: int) -> bool:
    """Whether the due date has passed or the case needs a person."""
    return case.needs_person or 0 < case.due_at_ms <= now_ms
