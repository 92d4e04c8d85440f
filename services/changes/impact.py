"""What the decision log can say of a change, as change requests need it."""

from collections.abc import Sequence
from typing import Protocol

from blocklists.entry_table import EntryTable, Identities


class ImpactTop(Protocol):
    """What one pattern would have done."""

    @property
    def pattern(self) -> str:
        """Return the pattern."""

    @property
    def action(self) -> int:
        """Return what its events would have got."""

    @property
    def channel(self) -> object:
        """Return which traffic."""

    @property
    def events(self) -> float:
        """Return how many events."""

    @property
    def parties(self) -> float:
        """Return how many distinct counterparts."""

    @property
    def good_standing(self) -> float:
        """Return how many of these are in good standing."""


class Impact(Protocol):
    """What a change would have done to the traffic of the last hours; estimates."""

    @property
    def known(self) -> bool:
        """Tell whether it can be known."""

    @property
    def hours(self) -> float:
        """Return the hours covered."""

    @property
    def since_ms(self) -> int:
        """Return from when."""

    @property
    def rows_looked_at(self) -> int:
        """Return the logged decisions looked at."""

    @property
    def calls(self) -> float:
        """Return the calls decided otherwise."""

    @property
    def texts(self) -> float:
        """Return the texts decided otherwise."""

    @property
    def links(self) -> float:
        """Return the links decided otherwise."""

    @property
    def parties(self) -> float:
        """Return how many distinct counterparts."""

    @property
    def good_standing(self) -> float:
        """Return how many of these are in good standing."""

    @property
    def top(self) -> Sequence[ImpactTop]:
        """Return the patterns with most events."""


class ImpactPreview(Protocol):
    """Runs a change against the decision log; blocks, so for a thread."""

    def of(
        self, table: EntryTable, removals: Identities, *, hours: int, now_ms: int
    ) -> Impact | None:
        """Return what it would have done; None without a decision log."""
        ...


class NoDecisionLog:
    """Stands in where there is no decision log: nothing is known."""

    def of(
        self,
        table: EntryTable,  # noqa: ARG002 - an impact preview is asked so
        removals: Identities,  # noqa: ARG002
        *,
        hours: int,  # noqa: ARG002
        now_ms: int,  # noqa: ARG002
    ) -> None:
        """Know nothing."""
        return
