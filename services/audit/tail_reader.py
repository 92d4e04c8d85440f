"""Reads the log from its end, in pages, newest records first."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from services.audit import log_files
from services.audit.checkpoint_copies import CheckpointCopy
from services.audit.records import AuditRecord, DamagedAuditRecord, read

MAX_SCANNED = 200_000
"""Most lines scanned per page; one that is skipped with its block counts as `_SKIPPED_COST`."""
_SKIPPED_COST = 0.5
_DAY_MS = 86_400_000
_SEQUENCE, _TIME = b'"sequence":', b'"time_ms":'
_LONGEST_NUMBER = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """Selects records; an empty or zero field matches all."""

    kinds: frozenset[str] = frozenset()
    actor: str = ""
    subject: str = ""
    since_ms: int = 0
    until_ms: int = 0
    after_sequence: int = 0

    def matches(self, record: AuditRecord) -> bool:
        """Return whether *record* matches."""
        return (
            (not self.kinds or record.kind in self.kinds)
            and (not self.actor or record.actor == self.actor)
            and (not self.subject or record.subject == self.subject)
            and record.time_ms >= self.since_ms
            and (not self.until_ms or record.time_ms < self.until_ms)
        )

    def ends_at(self, sequence: int, time_ms: int) -> bool:
        """Return whether no older record can match.

        Times may go back by up to a day where a clock was set; sequences never do.
        """
        return sequence <= self.after_sequence or time_ms < self.since_ms - _DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPosition:
    """The offset of a line in a file of the log; lines before it are older."""

    file: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """A page of records, newest first."""

    records: list[AuditRecord]
    older: LogPosition | None
    """Where the next page starts; None on the last page."""
    scanned: int
    unreadable: int
    """Lines that are not records."""


def page(folder: Path, start: LogPosition, record_filter: RecordFilter, size: int) -> AuditPage:
    """Return up to *size* records before *start*."""
    found: list[AuditRecord] = []
    scanned = unreadable = 0
    cost = 0.0
    may_match = _prefilter(record_filter)
    for place, line, skipped in _lines(folder, start, may_match):
        if len(found) >= size or cost >= MAX_SCANNED:
            older = LogPosition(file=place.file, offset=place.end)
            return AuditPage(records=found, older=older, scanned=scanned, unreadable=unreadable)
        scanned += 1 + skipped
        cost += 1 + skipped * _SKIPPED_COST
        try:
            # Parsing a line also checks its hash, which takes ten times as long.
            if record_filter.ends_at(_number(line, _SEQUENCE), _number(line, _TIME)):
                break
            record = read(line) if may_match(line) else None
        except ValueError:
            unreadable += 1
            continue
        if record is not None and record_filter.matches(record):
            found.append(record)
    return AuditPage(records=found, older=None, scanned=scanned, unreadable=unreadable)


def is_in_log(folder: Path, copy: CheckpointCopy) -> bool:
    """Return whether the log contains the copied checkpoint."""
    for path in reversed(log_files.files(folder)):
        for _, line, _ in log_files.lines_backwards(path, path.stat().st_size):
            try:
                record = read(line)
            except DamagedAuditRecord:
                continue
            if record.sequence <= copy.sequence:
                return (record.sequence, record.hash) == (copy.sequence, copy.hash)
    return False


class _LinePlace(NamedTuple):
    """Where a line, and the newer ones skipped before it, stand."""

    file: str
    end: int
    """Offset after them."""


def _lines(
    folder: Path, start: LogPosition, may_match: Callable[[bytes], bool]
) -> Iterator[tuple[_LinePlace, bytes, int]]:
    """Yield lines, newest first, and how many newer ones of its block were skipped."""
    for path in reversed(log_files.files(folder)):
        if path.name > start.file:
            continue
        size = path.stat().st_size
        end = min(start.offset, size) if path.name == start.file else size
        for offset, line, skipped in log_files.lines_backwards(path, end, may_match):
            yield _LinePlace(path.name, end), line, skipped
            end = offset


def _prefilter(record_filter: RecordFilter) -> Callable[[bytes], bool]:
    """Return a cheap test on raw lines that rules out most that do not match."""
    needed = [
        f'"{name}":{json.dumps(text, ensure_ascii=False)}'.encode("utf-8", "replace")
        for name, text in (("actor", record_filter.actor), ("subject", record_filter.subject))
        if text
    ]
    kinds = [f'"kind":"{kind}"'.encode() for kind in record_filter.kinds]

    def may_match(line: bytes) -> bool:
        return all(one in line for one in needed) and (
            not kinds or any(kind in line for kind in kinds)
        )

    return may_match


def _number(line: bytes, name: bytes) -> int:
    # Quotes within texts are escaped, so the last such name is that of the member.
    start = line.rindex(name) + len(name)
    return int(line[start : start + _LONGEST_NUMBER].partition(b",")[0].rstrip(b"}"))
