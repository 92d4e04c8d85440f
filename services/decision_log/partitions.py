"""Layout of the log by hour: ``<folder>/<channel>/<date>/<hour>/``, in UTC."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HOUR_MS = 3_600_000
_LAST_MS = 253_402_300_799_000
"""The last second that a date can name: a caller may ask for any."""
SUFFIX = ".parquet"
UNFINISHED = ".tmp"
TORN = ".torn"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOUR = re.compile(r"[01][0-9]|2[0-3]")
_NAME = re.compile(r"([A-Za-z0-9.]+)-([0-9]+)-j?[0-9]+\.")
_UNSAFE = re.compile(r"[^A-Za-z0-9.]+")


@dataclass(frozen=True, slots=True, order=True)
class HourPartition:
    """The segments of one channel and hour."""

    start_ms: int
    channel: str
    """Name of the folder of the channel, see `schema.ALL_FOLDERS`."""
    folder: Path

    @property
    def end_ms(self) -> int:
        """Return where the next hour begins."""
        return self.start_ms + HOUR_MS

    def segments(self) -> list[Path]:
        """Return the finished segments, the oldest name first; none when the hour is gone."""
        return self.files(SUFFIX)

    def files(self, suffix: str) -> list[Path]:
        """Return the files with a suffix."""
        try:
            return sorted(path for path in self.folder.iterdir() if path.suffix == suffix)
        except FileNotFoundError:
            return []


def hour_of(root: Path, channel: str, at_ms: int) -> HourPartition:
    """Return the hour that a moment falls into."""
    start_ms = at_ms - at_ms % HOUR_MS
    at = datetime.fromtimestamp(start_ms / 1000, UTC)
    return HourPartition(start_ms, channel, root / channel / f"{at:%Y-%m-%d}" / f"{at:%H}")


def logged_hours(root: Path, channel: str, since_ms: int = 0) -> Iterator[HourPartition]:
    """Return the hours there are of a channel, the oldest first, from that of *since_ms* on."""
    for day in logged_days(root, channel, since_ms):
        yield from (hour for hour in hours_of(day, channel) if hour.end_ms > since_ms)


def logged_days(root: Path, channel: str, since_ms: int = 0) -> Iterator[Path]:
    """Return the folders of days of a channel, the oldest first, from that of *since_ms* on."""
    first = datetime.fromtimestamp(min(since_ms, _LAST_MS) / 1000, UTC).date().isoformat()
    return (day for day in _folders(root / channel, _DATE) if day.name >= first)


def hours_of(day: Path, channel: str) -> list[HourPartition]:
    """Return the hours in the folder of a day, the oldest first; none when it is gone."""
    begin = datetime.fromisoformat(day.name).replace(tzinfo=UTC)
    start_ms = int(begin.timestamp() * 1000)
    return [
        HourPartition(start_ms + int(folder.name) * HOUR_MS, channel, folder)
        for folder in _folders(day, _HOUR)
    ]


def segment_name(host: str, pid: int, number: int, *, joined: bool = False) -> str:
    """Name a segment so that no other writer ever gives the same name; *joined*: of others."""
    return f"{_UNSAFE.sub('.', host)}-{pid}-{'j' * joined}{number}{SUFFIX}"


def writer_of(path: Path) -> tuple[str, int] | None:
    """Return host and process that wrote a file; None for a name of another form."""
    match = _NAME.match(path.name)
    return (match[1], int(match[2])) if match else None


def _folders(parent: Path, name: re.Pattern[str]) -> list[Path]:
    try:
        found = [one for one in parent.iterdir() if name.fullmatch(one.name) and one.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(found)
