"""Audit logs for tests: written by the service's own code, by a clock that tests move."""

import json
import resource
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.audit import keys
from services.audit.chain import Chain
from services.audit.checkpoints import CheckpointReason
from services.audit.records import AuditEvent, AuditRecord, make_record, read
from tests.support.builders import NINE_O_CLOCK_MS

MONTH_MS = 31 * 86_400_000


class Clock:
    """A clock that a test sets."""

    def __init__(self, now_ms: int = NINE_O_CLOCK_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


def an_event(
    subject: str = "change:1",
    *,
    kind: str = "change_applied",
    actor: str = "li",
    time_ms: int = NINE_O_CLOCK_MS,
    details: Mapping[str, str] | None = None,
) -> AuditEvent:
    """Make an event."""
    return AuditEvent(
        time_ms=time_ms,
        kind=kind,
        actor=actor,
        subject=subject,
        details=details or {"rows": "3", "reason": "三名受害人举报"},
    )


def a_chain(folder: Path, *, within: int = 100, clock: Clock | None = None) -> Chain:
    """Make a log writer with its own key in the folder; not open yet."""
    folder.mkdir(exist_ok=True)
    key = keys.open_key(folder / keys.KEY_FILE)
    return Chain(folder, key, within=within, now_ms=clock or Clock())


def a_log(folder: Path, months: Sequence[int], *, within: int = 100) -> list[Path]:
    """Write a log with so many events in each month; return its files."""
    clock = Clock()
    chain = a_chain(folder, within=within, clock=clock)
    chain.open()
    number = 0
    for month, events in enumerate(months):
        clock.now_ms = NINE_O_CLOCK_MS + month * MONTH_MS
        for _ in range(events):
            number += 1
            event = an_event(f"change:{number}", time_ms=clock(), actor=f"li-{number}")
            chain.append([event])
        if events == 0:
            chain.checkpoint(CheckpointReason.QUIET)
    chain.checkpoint(CheckpointReason.STOPPED)
    chain.close()
    return sorted(folder.glob("audit-*.jsonl"))


def public_keys(folder: Path) -> keys.PublicKeys:
    """Read the public keys beside a log."""
    path = keys.public_path(folder / keys.KEY_FILE)
    return keys.read_public(path.read_text(), str(path))


def records_of(path: Path) -> list[AuditRecord]:
    """Read all records of a file."""
    return [read(line) for line in lines_of(path)]


def lines_of(path: Path) -> list[bytes]:
    """Return the lines of a file."""
    return path.read_bytes().split(b"\n")[:-1]


def write_lines(path: Path, lines: Sequence[bytes]) -> None:
    """Overwrite a file."""
    path.write_bytes(b"".join(line + b"\n" for line in lines))


def rehashed(line: bytes, **members: Any) -> bytes:
    """Change members of a record and recompute its hash."""
    record = json.loads(line) | members
    event = AuditEvent(**{name: record[name] for name in
                     ("time_ms", "kind", "actor", "subject", "details")})  # fmt: skip
    return make_record(event, record["sequence"], record["previous"]).line


def rechained(lines: Sequence[bytes], start: int) -> list[bytes]:
    """Recompute sequence numbers and hashes from *start* on; signatures stay."""
    made = list(lines[:start])
    for line in lines[start:]:
        before = read(made[-1])
        made.append(rehashed(line, sequence=before.sequence + 1, previous=before.hash))
    return made


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Limit files to *size* bytes, to simulate a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
