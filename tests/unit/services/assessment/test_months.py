"""Months of the bureau's time zone."""

from datetime import UTC, datetime, timedelta

import pytest

from fanzha.errors import InvalidInput
from services.assessment.months import month

CHINA = timedelta(hours=8)


@pytest.mark.parametrize(
    ("name", "first", "after"),
    [
        ("2026-11", datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC)),
        ("2026-12", datetime(2026, 11, 30, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC)),
    ],
)
def test_a_month_begins_and_ends_at_midnight_there(
    name: str, first: datetime, after: datetime
) -> None:
    found = month(name, CHINA)

    assert found.since_ms == first.timestamp() * 1000
    assert found.until_ms == after.timestamp() * 1000
    assert found.has(found.since_ms)
    assert not found.has(found.until_ms)


@pytest.mark.parametrize("name", ["", "2026-13", "2026-00", "2026", "26-11", "2026-11-01"])
def test_what_is_no_month_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        month(name, CHINA)
