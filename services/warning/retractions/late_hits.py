"""Withdraws hits of wrong entries that joined a case when their retraction was under way.

Intake looks for retracted entries, then commits; a retraction remembers its entry, then walks the
open cases. Where the look comes before the memory and the commit after the walk, neither meets the
other, so intake looks again after its commit.

A commit may also arrive when intake has given it up, was told of the retraction and skipped the
hit: it was under way for long. So the hit is marked as one that joins no case before we look.
"""

from collections.abc import Sequence

from services.warning.cases import ids
from services.warning.cases.store import CaseStore, marker
from services.warning.model import WarningRecord
from services.warning.retractions.handler import GROUP, CaseRetractor, IsWrong

_WHY = "the entry was lifted as wrong"


class LateHits:
    """Takes warnings of wrong entries out of their cases."""

    def __init__(self, store: CaseStore, retractor: CaseRetractor) -> None:
        self._store = store
        self._retractor = retractor

    async def withdraw(self, warnings: Sequence[WarningRecord]) -> None:
        """Take *warnings* out of the cases that they joined, and let none join. Idempotent."""
        by_base: dict[str, set[str]] = {}
        for one in warnings:
            base = ids.base_of(one.victim, ids.campaign_of(one))
            by_base.setdefault(base, set()).add(one.reference)
        if not by_base:
            return
        source = warnings[0].source_name
        markers = {
            base: [marker(source, one) for one in sorted(several)]
            for base, several in by_base.items()
        }
        await self._store.refuse(markers)
        found = await self._store.lookup(markers)
        for base, references in by_base.items():
            case = found[base].case
            if case is not None and case.open:
                await self._retractor.retract(
                    case.id, _is_one_of(source, references), by=GROUP, why=_WHY
                )


def _is_one_of(source: str, references: set[str]) -> IsWrong:
    def is_wrong(warning: WarningRecord) -> bool:
        return warning.source_name == source and warning.reference in references

    return is_wrong
