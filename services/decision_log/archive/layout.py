"""Keys of archived segments: Hive partitions, so that engines read only the days they need.

``day=2026-01-05/kind=call/09-<name of the segment>``: the kind is the folder of the channel, the
number in front of the name the hour, in UTC.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fanzha.errors import InvalidInput
from services.decision_log import schema
from services.decision_log.partitions import HOUR_MS, HourPartition, hour_of

_KEY = re.compile(
    r"day=([0-9]{4}-[0-9]{2}-[0-9]{2})/kind=([a-z_]+)/([01][0-9]|2[0-3])-([A-Za-z0-9.-]+\.parquet)"
)
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedSegment:
    """What the key of an object says."""

    day: str
    kind: str
    hour: int
    name: str
    """Name of the segment."""

    def partition(self, root: Path) -> HourPartition:
        """Return the hour of a log in *root* that it belongs to."""
        return hour_of(root, self.kind, start_of(self.day) + self.hour * HOUR_MS)


def key_of(hour: HourPartition, name: str) -> str:
    """Return the key of a segment of an hour."""
    at = datetime.fromtimestamp(hour.start_ms / 1000, UTC)
    return f"day={at:%Y-%m-%d}/kind={hour.channel}/{at:%H}-{name}"


def read_key(key: str) -> ArchivedSegment | None:
    """Read a key; None for one that is not of a segment, whose parts could lead anywhere."""
    match = _KEY.fullmatch(key)
    if match is None or match[2] not in schema.ALL_FOLDERS or match[4].startswith("."):
        return None
    return ArchivedSegment(day=match[1], kind=match[2], hour=int(match[3]), name=match[4])


def prefix_of(day: str, kind: str = "") -> str:
    """Return the beginning of the keys of a day, or of one kind of it."""
    return f"day={day}/kind={kind}/" if kind else f"day={day}/"


def day_of(at_ms: int) -> str:
    """Return the day of a moment, in UTC."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}"


def start_of(day: str) -> int:
    """Return when a day begins; InvalidInput for what is no day."""
    try:
        begin = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidInput("day: such as 2026-01-05, not {day}", day=day) from error
    return int(begin.timestamp() * 1000)


def check_kinds(kinds: Sequence[str]) -> None:
    """Raise InvalidInput for a kind that the log does not have."""
    unknown = [kind for kind in kinds if kind not in schema.ALL_FOLDERS]
    if unknown or not kinds:
        raise InvalidInput(
            "kinds: some of {known}, not {unknown}",
            known=", ".join(schema.ALL_FOLDERS),
            unknown=", ".join(unknown),
        )
