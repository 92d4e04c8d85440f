"""Months of the bureau's time zone."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from fanzha.errors import InvalidInput

_MONTH = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])")
_DECEMBER = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month."""

    name: str
    """Such as 2026-11."""
    since_ms: int
    until_ms: int
    """Where the next one begins."""

    def has(self, at_ms: int) -> bool:
        """Whether a moment lies in it."""
        return self.since_ms <= at_ms < self.until_ms


def month(name: str, utc_offset: timedelta) -> Month:
    """Return the month of a name such as 2026-11; `InvalidInput` for none."""
    if not _MONTH.fullmatch(name):
        raise InvalidInput("month: such as 2026-11, not {name!r}", name=name[:20])
    year, number = int(name[:4]), int(name[5:])
    zone = timezone(utc_offset)
    after = (year + 1, 1) if number == _DECEMBER else (year, number + 1)
    first, last = datetime(year, number, 1, tzinfo=zone), datetime(*after, 1, tzinfo=zone)
    return Month(
        name=name,
        since_ms=int(first.timestamp() * 1000),
        until_ms=int(last.timestamp() * 1000),
    )
