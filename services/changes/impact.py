"""Asks the decision log what a change would have done, where there is one."""

from typing import Protocol

from blocklists.entry_table import EntryTable, Identities
from services.decision_log.impact.model import Impact


class ImpactPreview(Protocol):
    """Runs a change against the decision log; blocks, so for a thread."""

    def of(
        self,
        table: EntryTable,
        removals: Identities,
        *,
        hours: int,
        now_ms: int,
        shadows_enforce: bool = False,
    ) -> Impact | None:
        """Return what it would have done; None without a decision log.

        With *shadows_enforce*, what it would have done if its shadow entries enforced.
        """
        ...


class NoImpact:
    """Stands in where there is no decision log: nothing is known."""

    def of(
        self,
        table: EntryTable,  # noqa: ARG002 - an impact preview is asked so
        removals: Identities,  # noqa: ARG002
        *,
        hours: int,  # noqa: ARG002
        now_ms: int,  # noqa: ARG002
        shadows_enforce: bool = False,  # noqa: ARG002
    ) -> None:
        """Know nothing."""
        return
