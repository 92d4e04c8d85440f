"""Audit records, each a line of canonical JSON that holds the hash of the one before.

A line has these members, sorted by name, without spaces, in UTF-8, ended by a line feed:

============  =============================================================================
member        what
============  =============================================================================
``actor``     who did it
``details``   object of texts; names are ASCII
``hash``      of this record, see below
``kind``      what was done, see `services.audit_events`
``previous``  hash of the record before; of the first: 64 zeros
``sequence``  1, 2, 3 and so on, through all files
``subject``   what it was done to
``time_ms``   when, in milliseconds since the Unix epoch
============  =============================================================================

All values are texts but ``sequence`` and ``time_ms``, whole numbers below 2**53. So the encoding
is that of RFC 8785, and ``json.dumps`` with sorted names makes it.

The *content hash* is the SHA-256 of the same JSON with the five members ``actor``, ``details``,
``kind``, ``subject`` and ``time_ms`` only; the hash is the SHA-256 of four lines, joined by line
feeds: ``fanzha-audit-1``, the sequence, ``previous``, the content hash. So a chain can be shown
without its contents: `Link` is what is left of a record then.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

FORMAT = "fanzha-audit-1"
BEFORE_THE_FIRST = "0" * 64
"""The ``previous`` of the first record."""
LONGEST_LINE = 2**18
"""Bytes of a line; what is written stays far below."""
MOST_DETAILS = 32
LONGEST_VALUE = 1000
"""Characters of a value; of a longer one the end is cut, and the cut is told."""

_MEMBERS = ("actor", "details", "hash", "kind", "previous", "sequence", "subject", "time_ms")
_NO_NAME = re.compile(r"[^!-~]")
_HASH = re.compile(r"[0-9a-f]{64}")
_FAR = 2**53
_LONGEST_NAME = 64
_encoded = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class Damaged(ValueError):
    """A line is no record as it was written; the message says why, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What is to be put down."""

    time_ms: int
    kind: str
    actor: str
    subject: str
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
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
        return (
            f'{{"actor":{_encoded(self.actor)},"details":{_encoded(self.details)},'
            f'"hash":"{self.hash}","kind":{_encoded(self.kind)},"previous":"{self.previous}",'
            f'"sequence":{self.sequence},"subject":{_encoded(self.subject)},'
            f'"time_ms":{self.time_ms}}}'
        ).encode()

    @property
    def link(self) -> "Link":
        """Return what is left when the contents are not shown."""
        return Link(sequence=self.sequence, previous=self.previous, content=content_hash(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What is left of a record that is not shown: enough to follow the chain through it."""

    sequence: int
    previous: str
    content: str

    @property
    def hash(self) -> str:
        """Return the hash of the record."""
        return sha256(statement(self.sequence, self.previous, self.content)).hexdigest()


def content_hash(what: Event | Record, *, without: str = "") -> str:
    """Hash what happened; *without* one of its details."""
    details = {name: text for name, text in what.details.items() if name != without}
    return sha256(
        (
            f'{{"actor":{_encoded(what.actor)},"details":{_encoded(details)},'
            f'"kind":{_encoded(what.kind)},"subject":{_encoded(what.subject)},'
            f'"time_ms":{what.time_ms}}}'
        ).encode()
    ).hexdigest()


def statement(sequence: int, previous: str, content: str) -> bytes:
    """Return what is hashed for the chain."""
    return f"{FORMAT}\n{sequence}\n{previous}\n{content}".encode()


def chained(event: Event, sequence: int, previous: str) -> Record:
    """Make the record of *event*, which follows the one with the hash *previous*."""
    told = _bounded(event)
    return Record(
        sequence=sequence,
        time_ms=told.time_ms,
        kind=told.kind,
        actor=told.actor,
        subject=told.subject,
        details=told.details,
        previous=previous,
        hash=Link(sequence=sequence, previous=previous, content=content_hash(told)).hash,
    )


def read(line: bytes) -> Record:
    """Read a line without its line feed; `Damaged` when it is not as it was written."""
    try:
        members: Any = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise Damaged("is no JSON: it was changed, or its bytes are damaged") from None
    if not isinstance(members, dict) or tuple(sorted(members)) != _MEMBERS:
        raise Damaged("has other members than a record has")
    if not _well_formed(members):
        raise Damaged("has members of a wrong form")
    record = Record(**members)
    if record.line != line:
        raise Damaged("is not in the canonical form that was written")
    if record.hash != record.link.hash:
        raise Damaged("does not fit its own hash: it was changed after it was written")
    return record


def _well_formed(members: Mapping[str, Any]) -> bool:
    texts = ("actor", "kind", "subject")
    numbers = ("sequence", "time_ms")
    details = members["details"]
    return (
        all(isinstance(members[name], str) for name in texts)
        and all(type(members[name]) is int and 0 <= members[name] < _FAR for name in numbers)
        and all(
            isinstance(members[name], str) and _HASH.fullmatch(members[name])
            for name in ("hash", "previous")
        )
        and isinstance(details, dict)
        and all(isinstance(value, str) for value in details.values())
    )


def _bounded(event: Event) -> Event:
    details = {_name(name): _text(str(value)) for name, value in event.details.items()}
    surplus = len(details) - MOST_DETAILS
    if surplus > 0:
        kept = list(details.items())[: MOST_DETAILS - 1]
        details = dict(kept) | {"details_left_out": str(surplus + 1)}
    return Event(
        time_ms=min(max(event.time_ms, 0), _FAR - 1),
        kind=str(event.kind),
        actor=_text(event.actor),
        subject=_text(event.subject),
        details=details,
    )


def _text(text: str) -> str:
    # Half a character pair, which UTF-8 cannot write, becomes a question mark.
    whole = text.encode("utf-8", "replace").decode()
    surplus = len(whole) - LONGEST_VALUE
    return f"{whole[:LONGEST_VALUE]}… (+{surplus} characters)" if surplus > 0 else whole


def _name(name: str) -> str:
    return _NO_NAME.sub("_", name)[:_LONGEST_NAME] or "_"
