"""Extracts the audit records about a subject, with proof of their place in the hash chain.

Shown whole are the records that name one of some ids, and the checkpoints before and after each.
Of what stands between, only a `ChainLink` is shown: hashes, not contents, which are about others.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fanzha.translation.message import Message
from services.audit import checkpoints, log_files
from services.audit.checkpoints import is_signed
from services.audit.keys import PublicKeys
from services.audit.records import MAX_LINE_BYTES, AuditRecord, ChainLink, DamagedAuditRecord, read

MOST_RECORDS = 10_000
"""Most records in one package; the newest beyond it are only counted."""
_MOST_BETWEEN = 1_000_000
"""Lines without a checkpoint that are kept in memory; a log as it is written has far fewer."""


@dataclass(slots=True)
class ChainExcerpt:
    """What was cut out of the log."""

    lines: list[bytes] = field(default_factory=list)
    """Of the file that proves the chain."""
    records: list[AuditRecord] = field(default_factory=list)
    """Those that name one of the ids."""
    left_out: int = 0
    """Such records beyond the most that are shown."""
    unreadable: int = 0
    """Lines of the log that are no records."""


def cut_out(
    folder: Path,
    ids: Iterable[str],
    *,
    until: tuple[str, int],
    progress: Callable[[int], None] = lambda _bytes: None,
) -> ChainExcerpt:
    """Read the log up to *until*, a file and a size, and cut out what names one of *ids*."""
    names = re.compile(
        rb"(?<![\w:])(?:" + b"|".join(re.escape(one.encode()) for one in ids) + rb")(?![\w:])"
    )
    cutting = ChainExcerpt()
    since: list[bytes] = []
    """Lines since the last checkpoint, which comes first."""
    about: set[int] = set()
    """Indexes in it of the records to show."""
    joined = False
    """Whether that checkpoint was the last line that was cut out."""
    for line in _lines(folder, until):
        progress(len(line) + 1)
        matching = names.search(line) is not None
        is_checkpoint = b'"kind":"checkpoint"' in line
        if matching and len(cutting.records) + len(about) >= MOST_RECORDS:
            cutting.left_out += 1
            matching = False
        if matching:
            about.add(len(since))
        since.append(line)
        if is_checkpoint:
            if about:
                _take(cutting, since[1 if joined else 0 :], {n - joined for n in about})
            joined = bool(about)
            since, about = [line], set()
        elif len(since) > _MOST_BETWEEN:
            cutting.left_out += len(about)
            since, about = since[-1:], set()
    cutting.left_out += len(about)
    return cutting


def check(lines: Iterator[bytes], keys: PublicKeys) -> Iterator[str]:
    """Follow the chain through *lines*; yield in words what is wrong, with the line."""
    head, sequence, at_checkpoint, number = "", 0, True, 0
    for number, line in enumerate(lines, 1):
        try:
            one = _read(line)
        except DamagedAuditRecord as damaged:
            yield Message("line {line}: {fault}", line=number, fault=damaged.args[0])
            continue
        checkpoint = isinstance(one, AuditRecord) and checkpoints.is_checkpoint(one)
        if one.sequence == sequence + 1 and head:
            if one.previous != head:
                yield Message("line {line}: does not follow the line before", line=number)
        elif one.sequence <= sequence or not (at_checkpoint and checkpoint):
            yield Message(
                "line {line}: the chain is broken here: sequence {sequence} is before",
                line=number,
                sequence=sequence,
            )
        if isinstance(one, AuditRecord) and checkpoint and not is_signed(one, keys):
            yield Message(
                "line {line}: the signature of the checkpoint is wrong, or of an unknown key",
                line=number,
            )
        head, sequence, at_checkpoint = one.hash, one.sequence, checkpoint
    if number and not at_checkpoint:
        yield Message("line {line}: the last record is not covered by a checkpoint", line=number)


def read_records(lines: Iterable[bytes]) -> Iterator[AuditRecord]:
    """Return the records that are shown whole, without checkpoints."""
    for line in lines:
        one = _read(line)
        if isinstance(one, AuditRecord) and not checkpoints.is_checkpoint(one):
            yield one


def _take(cutting: ChainExcerpt, lines: list[bytes], about: set[int]) -> None:
    for place, line in enumerate(lines):
        try:
            record = read(line)
        except DamagedAuditRecord:
            # Unchanged: the verifier must see where the log is damaged.
            cutting.unreadable += 1
            cutting.lines.append(line)
            continue
        if place in about:
            cutting.records.append(record)
        shown = place in about or checkpoints.is_checkpoint(record)
        cutting.lines.append(line if shown else _written(record.link))


def _lines(folder: Path, until: tuple[str, int]) -> Iterator[bytes]:
    name, size = until
    for path in log_files.files(folder):
        if path.name > name:
            return
        left = size if path.name == name else path.stat().st_size
        with path.open("rb") as file:
            while left > 0 and (line := file.readline(MAX_LINE_BYTES)):
                left -= len(line)
                yield line.removesuffix(b"\n")


def _written(link: ChainLink) -> bytes:
    members = {"content": link.content, "previous": link.previous, "sequence": link.sequence}
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()


def _read(line: bytes) -> AuditRecord | ChainLink:
    if b'"content":' not in line[:12]:
        return read(line)
    try:
        members = json.loads(line)
        link = ChainLink(
            sequence=int(members["sequence"]),
            previous=str(members["previous"]),
            content=str(members["content"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DamagedAuditRecord("is neither a record nor what is left of one") from None
    if _written(link) != line:
        raise DamagedAuditRecord("is neither a record nor what is left of one")
    return link
