"""Checkpoints: signed records of the chain that vouch for all records before them.

A checkpoint is a record of the kind ``checkpoint`` with these details: ``count``, the records
since the checkpoint before; ``within``, the most records until the next one; ``reason``;
``file``, the file it stands in; ``key_id``; ``signature``. The signature is over what is hashed
for the chain, with the content hash taken without ``signature``. It thus covers the sequence,
 the hash of the record before (the head), the time and all other details.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.audit.events import AuditKind
from services.audit.keys import PublicKeys, SigningKey
from services.audit.records import AuditEvent, AuditRecord, content_hash, make_record, statement

SUBJECT = "audit"
ACTOR = "fanzha"
_SIGNATURE = "signature"
_NUMBER = re.compile(r"[0-9]{1,15}")


class CheckpointReason(StrEnum):
    """Why a checkpoint was written."""

    FILE_OPENED = "file_opened"
    """The first line of every file."""
    STARTED = "started"
    """The process of list administration has started."""
    FULL = "full"
    """The most records per checkpoint were reached."""
    QUIET = "quiet"
    """No record came for a while."""
    FILE_CLOSED = "file_closed"
    """The last line of every file but the newest."""
    STOPPED = "stopped"
    """The process shut down cleanly."""
    EVIDENCE = "evidence"
    """An evidence package is exported and must be covered."""
    VERIFICATION = "verification"
    """The log is verified, and all of it must be covered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointTerms:
    """The details of a checkpoint."""

    reason: CheckpointReason
    count: int
    within: int
    file: str


def make(
    terms: CheckpointTerms, key: SigningKey, *, sequence: int, previous: str, time_ms: int
) -> AuditRecord:
    """Return a checkpoint that follows the record with the hash *previous*."""
    details = {
        "count": str(terms.count),
        "file": terms.file,
        "key_id": key.key_id,
        "reason": terms.reason.value,
        "within": str(terms.within),
    }
    unsigned = _event(time_ms, details)
    message = statement(sequence, previous, content_hash(unsigned))
    return make_record(
        _event(time_ms, details | {_SIGNATURE: key.sign(message)}), sequence, previous
    )


def is_checkpoint(record: AuditRecord) -> bool:
    """Return whether a record is a checkpoint."""
    return record.kind == AuditKind.CHECKPOINT


def is_signed(record: AuditRecord, keys: PublicKeys) -> bool:
    """Return whether the signature of a checkpoint is valid by one of *keys*."""
    message = statement(record.sequence, record.previous, content_hash(record, without=_SIGNATURE))
    details = record.details
    return keys.signed(details.get("key_id", ""), message, details.get(_SIGNATURE, ""))


def reason_of(record: AuditRecord | None) -> str:
    """Return the reason of a checkpoint; empty for other records and None."""
    if record is None or not is_checkpoint(record):
        return ""
    return record.details.get("reason", "")


def number(record: AuditRecord, name: str) -> int:
    """Return a numeric detail; -1 when it is not a number."""
    text = record.details.get(name, "")
    return int(text) if _NUMBER.fullmatch(text) else -1


def _event(time_ms: int, details: Mapping[str, str]) -> AuditEvent:
    return AuditEvent(
        time_ms=time_ms,
        kind=AuditKind.CHECKPOINT,
        actor=ACTOR,
        subject=SUBJECT,
        details=details,
    )
