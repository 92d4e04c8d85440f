"""List entries, as an administrator wrote them. Read only when one matches."""

from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, IntFlag
from hashlib import blake2b

from fanzha.decisions import Action
from fanzha.fraud import FraudType


class EntryKind(IntEnum):
    """What a pattern is; numbered as on the wire."""

    NUMBER = 1
    RANGE = 2
    SENDER = 3
    HOST = 4
    URL_PREFIX = 5
    FINGERPRINT = 6


TEXT_KINDS = (EntryKind.HOST, EntryKind.URL_PREFIX, EntryKind.FINGERPRINT)
"""Kinds whose key is a hash of the text. New kinds come last."""
KINDS_WITH_TEXT = (EntryKind.SENDER, *TEXT_KINDS)
"""Kinds whose pattern cannot be written from the key."""


class Direction(IntFlag):
    """Which side of a call or text a number or range acts on; numbered as on the wire."""

    FROM = 1
    TO = 2
    BOTH = 3


class EntryMode(IntEnum):
    """Whether an entry decides, or counts what it would have blocked. Values as on the wire."""

    ENFORCE = 1
    SHADOW = 2


NO_END_S = 2**32 - 1
"""Expiry of an entry without end, in seconds since the Unix epoch."""


class Source(IntEnum):
    """Who supplied an entry; each has its own quality record. Numbered as on the wire."""

    MINISTRY = 1
    PROVINCE = 2
    BUREAU = 3
    CARRIER = 4
    TECH_COMPANY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What to do with one pattern. Kind, pattern and action together are its identity."""

    kind: EntryKind
    pattern: str
    """Canonical: ``+8617012345678``, ``+86170*``, ``Bank``, ``bank.example``,
    ``shop.example/pay/``, ``fp1:`` and what follows."""
    action: Action
    direction: Direction = Direction.BOTH
    """Of numbers and ranges; the others act on what they name."""
    fraud_type: FraudType = FraudType.UNSPECIFIED
    source: Source
    reason: str
    legal_basis: str
    created_by: str
    approved_by: str = ""
    created_at: datetime
    expires_at: datetime
    """When it stops acting; `NO_END_S` for an entry that is reviewed instead."""
    campaign: str = ""
    region: str = ""
    """Code of the region in charge, see `blocklists.region_codes`; empty: the whole province. Only
    administration reads it: it changes no decision."""
    mode: EntryMode = EntryMode.ENFORCE
    review_at: datetime | None = None
    """When its need must be reviewed; None: at its end."""

    @property
    def ends(self) -> bool:
        """Whether it stops acting by itself."""
        return self.expires_at.timestamp() < NO_END_S

    @property
    def entry_id(self) -> str:
        """Return the id, from which the pattern cannot be read."""
        return entry_id(self.kind, self.pattern, self.action)


def entry_id(kind: int, pattern: str, action: int) -> str:
    """Make an id of 16 letters and digits from the identity of an entry: 75 bits of a hash."""
    identity = f"{int(kind)}\n{int(action)}\n{pattern}".encode()
    letters = b32encode(blake2b(identity, digest_size=10).digest()).decode().lower()
    return f"{_LETTERS[kind]}{letters[:15]}"


_LETTERS = {int(kind): kind.name[0].lower() for kind in EntryKind}
