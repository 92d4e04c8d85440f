"""Audit records: lines of canonical JSON, each with the hash of the one before.

A line has these members, sorted by name, without spaces, in UTF-8, ending with a line feed:

============  =============================================================================
member        what
============  =============================================================================
``actor``     who did it
``details``   object of texts; names are ASCII
``hash``      of this record, see below
``kind``      what was done, see `services.audit.events`
``previous``  hash of the record before; of the first: 64 zeros
``sequence``  1, 2, 3 and so on, through all files
``subject``   what it was done to
``time_ms``   when, in milliseconds since the Unix epoch
============  =============================================================================

All values are strings but ``sequence`` and ``time_ms``, integers below 2**53, so ``json.dumps``
with sorted names gives the encoding of RFC 8785.

The *content hash* is the SHA-256 of the same JSON with the five members ``actor``, ``details``,
``kind``, ``subject`` and ``time_ms`` only; the hash is the SHA-256 of four lines, joined by line
feeds: ``fanzha-audit-1``, the sequence, ``previous``, the content hash. A chain can thus be
proved without its contents: `ChainLink` is what remains of a record.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from fanzha.translation.message import Message

FORMAT = "fanzha-audit-1"
FIRST_PREVIOUS = "0" * 64
"""The ``previous`` of the first record."""
MAX_LINE_BYTES = 2**18
"""Longest line accepted when reading; written lines stay far below."""
MAX_DETAILS = 32
MAX_VALUE_CHARACTERS = 1000
"""Longer values are truncated, with a note of how much."""

_MEMBERS = ("actor", "details", "hash", "kind", "previous", "sequence", "subject", "time_ms")
_TYPES = (str, dict, str, str, str, int, str, int)
_NO_NAME = re.compile(r"[^!-~]")
_HASH = re.compile(r"[0-9a-f]{64}")
_MAX_NUMBER = 2**53
_MAX_NAME_CHARACTERS = 64
_encoded = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class DamagedAuditRecord(ValueError):
    """A line that is not a record as written; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """An event to record."""

    time_ms: int
    kind: str
    actor: str
    subject: str
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One line of the log."""

    sequence: int
    time_ms: int
    kind: str
    actor: str
    subject: str
    details: Mapping[str, str]
    previous: str
    hash: str

    @property
    def line(self) -> bytes:
        """Return the record as it stands in the file, without its line feed."""
        return _line(self, _encoded_parts(self))

    @property
    def link(self) -> "ChainLink":
        """Return what is left when the contents are not shown."""
        return ChainLink(sequence=self.sequence, previous=self.previous, content=content_hash(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """What is left of a record that is not shown: enough to follow the chain through it."""

    sequence: int
    previous: str
    content: str

    @property
    def hash(self) -> str:
        """Return the hash of the record."""
        return sha256(statement(self.sequence, self.previous, self.content)).hexdigest()


def content_hash(what: AuditEvent | AuditRecord, *, without: str = "") -> str:
    """Return the content hash; *without* names a detail to leave out."""
    return _content(what.time_ms, _encoded_parts(what, without))


def statement(sequence: int, previous: str, content: str) -> bytes:
    """Return the bytes that are hashed for the chain."""
    return f"{FORMAT}\n{sequence}\n{previous}\n{content}".encode()


def make_record(event: AuditEvent, sequence: int, previous: str) -> AuditRecord:
    """Return the record of *event* that follows the one with the hash *previous*."""
    bounded = _bounded(event)
    return AuditRecord(
        sequence=sequence,
        time_ms=bounded.time_ms,
        kind=bounded.kind,
        actor=bounded.actor,
        subject=bounded.subject,
        details=bounded.details,
        previous=previous,
        hash=ChainLink(sequence=sequence, previous=previous, content=content_hash(bounded)).hash,
    )


def read(line: bytes) -> AuditRecord:
    """Parse a line without its line feed; raise `DamagedAuditRecord` when it was altered."""
    try:
        members: Any = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise DamagedAuditRecord(
            Message("is no JSON: it was changed, or its bytes are damaged")
        ) from None
    if not isinstance(members, dict) or tuple(sorted(members)) != _MEMBERS:
        raise DamagedAuditRecord(Message("has other members than a record has"))
    if not _well_formed(members):
        raise DamagedAuditRecord(Message("has members of a wrong form"))
    record = AuditRecord(**members)
    parts = _encoded_parts(record)
    if _line(record, parts) != line:
        raise DamagedAuditRecord(Message("is not in the canonical form that was written"))
    signed = statement(record.sequence, record.previous, _content(record.time_ms, parts))
    if record.hash != sha256(signed).hexdigest():
        raise DamagedAuditRecord(
            Message("does not fit its own hash: it was changed after it was written")
        )
    return record


class _Parts(NamedTuple):
    """The texts of a record as JSON, each encoded once for its line and its content hash."""

    actor: str
    details: str
    kind: str
    subject: str


def _encoded_parts(what: AuditEvent | AuditRecord, without: str = "") -> _Parts:
    details = what.details
    if without:
        details = {name: text for name, text in details.items() if name != without}
    return _Parts(
        _encoded(what.actor), _encoded(details), _encoded(what.kind), _encoded(what.subject)
    )


def _line(record: AuditRecord, parts: _Parts) -> bytes:
    return (
        f'{{"actor":{parts.actor},"details":{parts.details},"hash":"{record.hash}",'
        f'"kind":{parts.kind},"previous":"{record.previous}","sequence":{record.sequence},'
        f'"subject":{parts.subject},"time_ms":{record.time_ms}}}'
    ).encode()


def _content(time_ms: int, parts: _Parts) -> str:
    written = (
        f'{{"actor":{parts.actor},"details":{parts.details},"kind":{parts.kind},'
        f'"subject":{parts.subject},"time_ms":{time_ms}}}'
    )
    return sha256(written.encode()).hexdigest()


def _well_formed(members: Mapping[str, Any]) -> bool:
    details = members["details"]
    types = tuple(type(members[name]) for name in _MEMBERS)
    # Exact types, because a bool is an int. No loops, because a log is long.
    return (
        types == _TYPES
        and set(map(type, details.values())) <= {str}
        and 0 <= members["sequence"] < _MAX_NUMBER
        and 0 <= members["time_ms"] < _MAX_NUMBER
        and _HASH.fullmatch(members["hash"]) is not None
        and _HASH.fullmatch(members["previous"]) is not None
    )


def _bounded(event: AuditEvent) -> AuditEvent:
    details = {_name(name): _text(str(value)) for name, value in event.details.items()}
    surplus = len(details) - MAX_DETAILS
    if surplus > 0:
        first = list(details.items())[: MAX_DETAILS - 1]
        details = dict(first) | {"details_left_out": str(surplus + 1)}
    return AuditEvent(
        time_ms=min(max(event.time_ms, 0), _MAX_NUMBER - 1),
        kind=str(event.kind),
        actor=_text(event.actor),
        subject=_text(event.subject),
        details=details,
    )


def _text(text: str) -> str:
    # A lone surrogate, which UTF-8 cannot encode, becomes a question mark.
    whole = text.encode("utf-8", "replace").decode()
    surplus = len(whole) - MAX_VALUE_CHARACTERS
    return f"{whole[:MAX_VALUE_CHARACTERS]}… (+{surplus} characters)" if surplus > 0 else whole


def _name(name: str) -> str:
    return _NO_NAME.sub("_", name)[:_MAX_NAME_CHARACTERS] or "_"
