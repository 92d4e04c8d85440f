"""Where a case is found: the indexes it belongs in, its place there, and what it is tallied as."""

from collections import Counter
from collections.abc import Mapping

from services.warning import keys
from services.warning.cases.follow_ups import INFORMATIVE_OUTCOMES
from services.warning.cases.model import Case
from services.warning.model import Tier

JUDGED = ("judged",)
"""The index of cases with an outcome that teaches, by when they were closed."""


def index_changes(
    before: Case | None, after: Case
) -> tuple[dict[tuple[str, ...], int], list[tuple[str, ...]]]:
    """Return the indexes that a case belongs in, with its place, and those it leaves."""
    added: dict[tuple[str, ...], int] = {}
    for region in ("", *_regions(after)):
        where = (region,) if region else ()
        added["all", *where] = after.opened_at_ms
        if after.open:
            added["open", *where] = _urgency(after)
    if after.outcome in INFORMATIVE_OUTCOMES:
        added[JUDGED] = after.closed_at_ms
    left: list[tuple[str, ...]] = []
    if before is not None:
        for region in ("", *_regions(before)):
            where = (region,) if region else ()
            left += [one for one in (("all", *where), ("open", *where)) if one not in added]
    return added, left


def tally_changes(before: Case | None, after: Case) -> Mapping[str, int]:
    """Return what changes in the tally of cases: ``open <state> <tier>``, ``closed <outcome>``."""
    change = Counter(_tally(after))
    change.subtract(_tally(before) if before else ())
    return {what: by for what, by in change.items() if by}


def _urgency(case: Case) -> int:
    """Return the place of an open case: who waits for a person comes before all dates."""
    if case.needs_person:
        return keys.FIRST_DATE - (case.tier or Tier.LOW)
    return case.due_at_ms or keys.NOTHING_DUE


def _tally(case: Case) -> list[str]:
    if not case.open:
        return [f"closed {case.outcome}"]
    found = [f"open {case.state} {case.tier.name.lower() if case.tier else 'none'}"]
    return found if case.region.code else [*found, "nowhere"]


def _regions(case: Case) -> list[str]:
    region = case.region
    codes = [region.province, region.city, region.county]
    return list(dict.fromkeys(keys.region_key(code) for code in codes if code))
