"""Counts of cases by region, kind of fraud and day, kept in the commit of each case.

A case is counted in one *cell*: its region, its kind of fraud, and the day in China on which it was
opened. What a commit changes is subtracted from the old cell and added to the new one, so the
counts are as exact as the cases, and outlive them: they name nobody. Duplicates are not counted.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

from services.warning.cases.events import CaseOutcome
from services.warning.cases.model import Case
from services.warning.model import Tier

METRICS = (
    "exposed",
    "contacts",
    "high",
    "warned",
    "reached",
    "finished",
    "safe",
    "lost_money",
    "unreachable",
    "false_alarms",
    "reached_safe",
    "reached_lost",
    "lost_known",
    "lost_fen",
)
"""What is counted of a cell, in the order of its numbers: cases, hits, cases of tier high, with a
message that a channel took, with one delivered, finished (closed, or low and reached); by outcome;
of those safe and with a loss, how many were reached; with a known loss, and its sum in fen. New
ones are appended."""
MONTHS = ("map",)
"""Hash in the slot of a shard: how often the cells of each month were changed."""
CHINA = timezone(timedelta(hours=8))
_FIRST = datetime(1970, 1, 1, tzinfo=UTC).date()
_REPLACED = str.maketrans({"|": "｜", "/": "／"})


def month_key(month: str) -> tuple[str, ...]:
    """Return the hash of the cells of a month such as ``2026-11``."""
    return (*MONTHS, month)


def changes(before: Case | None, after: Case) -> list[tuple[tuple[str, ...], str, int]]:
    """Return the increments of a commit: key, field and by how much."""
    change = Counter(_counts(after))
    change.subtract(_counts(before) if before else {})
    found = [(key, by) for key, by in change.items() if by]
    months = dict.fromkeys(month for (month, _), _ in found)
    return [
        *((month_key(month), field, by) for (month, field), by in found),
        *((MONTHS, month, 1) for month in months),
    ]


def read_field(field: str) -> tuple[str, int, int, int]:
    """Read a field: province/city/county, kind of fraud, day of the month, metric.

    Raises `ValueError` for one that `changes` does not write.
    """
    region, kind, day, metric = field.split("|")
    if region.count("/") != 2 or not 0 <= int(metric) < len(METRICS):  # noqa: PLR2004
        raise ValueError("no field of a cell")
    return region, int(kind), int(day), int(metric)


def day_number(at_ms: int) -> int:
    """Return the day in China of a time, counted from 1970."""
    return (datetime.fromtimestamp(at_ms / 1000, CHINA).date() - _FIRST).days


def _counts(case: Case) -> Mapping[tuple[str, str], int]:
    """Return what a case adds, by month and field."""
    if case.outcome is CaseOutcome.DUPLICATE:
        return {}
    at = datetime.fromtimestamp(case.opened_at_ms / 1000, CHINA)
    parts = (case.region.province, case.region.city, case.region.county)
    region = "/".join(part.translate(_REPLACED) for part in parts)
    cell = f"{region}|{int(case.fraud_type)}|{at.day}"
    values = _values(case)
    return {
        (f"{at:%Y-%m}", f"{cell}|{metric}"): int(value)
        for metric, value in enumerate(values)
        if value
    }


def _values(case: Case) -> tuple[int, ...]:
    reached = case.reached_at_ms > 0
    safe = case.outcome is CaseOutcome.SAFE
    lost = case.outcome is CaseOutcome.LOST_MONEY
    low = (case.tier or Tier.LOW) is Tier.LOW
    return (
        1,
        case.hits,
        case.tier is Tier.HIGH,
        case.warned_at_ms > 0,
        reached,
        not case.open or (reached and low),
        safe,
        lost,
        case.outcome is CaseOutcome.UNREACHABLE,
        case.outcome is CaseOutcome.FALSE_ALARM,
        reached and safe,
        reached and lost,
        lost and case.lost_fen is not None,
        (case.lost_fen or 0) if lost else 0,
    )
