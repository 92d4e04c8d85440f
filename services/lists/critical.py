"""Read access to the critical names and numbers, and what blocking a pattern would hit."""

from collections.abc import Sequence
from dataclasses import dataclass

from blocklists import row_validation
from blocklists.critical.critical_list import CriticalItem
from blocklists.critical.risks import RiskFinder
from blocklists.entries import Source
from blocklists.row_validation import ProposedRows, RowDefaults
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.phone import HomePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalAnswer:
    """Some of the critical names and numbers."""

    items: Sequence[CriticalItem]
    risks: Sequence[str]
    """What a block of the pattern would hit."""
    range_limit: int


def look_up(
    finder: RiskFinder, pattern: str, category: str, *, home: HomePlan, now_s: int
) -> CriticalAnswer:
    """Return all items, or with a *pattern* only those that a block of it would hit.

    `InvalidInput` when the pattern cannot be read, or nothing may block it anyway.
    """
    risks = _risks(finder, pattern, home, now_s) if pattern else []
    items = (
        item
        for item in finder.critical.items.values()
        if (not pattern or item.risk in risks) and category in ("", item.category)
    )
    return CriticalAnswer(
        items=sorted(items, key=lambda item: item.pattern),
        risks=risks,
        range_limit=finder.range_limit,
    )


def _risks(finder: RiskFinder, pattern: str, home: HomePlan, now_s: int) -> list[str]:
    checked = row_validation.validate(
        ProposedRows(patterns=[pattern]),
        RowDefaults(
            action=Action.BLOCK, source=Source.BUREAU, expires_s=now_s + 1, author="", reason=""
        ),
        home=home,
        now_s=now_s,
    )
    if checked.problems:
        raise InvalidInput(checked.problems[0].message)
    return [risk.text for risk in finder.find(checked.table)]
