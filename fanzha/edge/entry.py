"""An entry as copies of the lists hold it: one line, with what an edge needs and no more."""

from enum import StrEnum
from typing import NamedTuple, Self

NEVER = 0
"""Expiry of an entry without end."""
_NONE = "-"


class EdgeKind(StrEnum):
    """What a pattern is."""

    NUMBER = "number"
    RANGE = "range"
    SENDER = "sender"
    HOST = "host"
    URL = "url"
    FINGERPRINT = "fingerprint"


class EdgeAction(StrEnum):
    """What becomes of what matches; of two entries of one pattern, allow wins."""

    ALLOW = "allow"
    BLOCK = "block"


class EdgeScope(StrEnum):
    """What of a pattern an entry means."""

    FROM = "from"
    """Of numbers and ranges: calls and texts from it."""
    TO = "to"
    """Those to it."""
    BOTH = "both"
    """Either."""
    BELOW = "below"
    """Of hosts: the name and all below it."""
    EXACT = "exact"
    """Of hosts: the name alone, for names below belong to others."""
    WHOLE = "-"
    """Of other kinds: what the kind means."""


class EdgeEntry(NamedTuple):
    """One line of a copy."""

    kind: EdgeKind
    pattern: str
    """Canonical; a range ends with ``*``."""
    action: EdgeAction
    scope: EdgeScope
    expires_s: int
    """It acts before this second of the Unix epoch; `NEVER`: it has no end."""
    fraud_type: str
    """Kind of fraud, in lower case; empty: unknown."""
    entry_id: str

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Read a line; ValueError for one that is none."""
        kind, pattern, action, scope, expires, fraud_type, entry_id, *_later = (
            line.decode().removesuffix("\n").split("\t")
        )
        return cls(
            EdgeKind(kind),
            pattern,
            EdgeAction(action),
            EdgeScope(scope),
            NEVER if expires == _NONE else int(expires),
            "" if fraud_type == _NONE else fraud_type,
            entry_id,
        )

    def line(self) -> bytes:
        """Write the line, with its end."""
        expires = self.expires_s or _NONE
        return (
            f"{self.kind}\t{self.pattern}\t{self.action}\t{self.scope}\t{expires}\t"
            f"{self.fraud_type or _NONE}\t{self.entry_id}\n"
        ).encode()

    def acts(self, now_s: float) -> bool:
        """Return whether it has not ended."""
        return self.expires_s == NEVER or now_s < self.expires_s


def entry_key(kind: str, pattern: str, action: str) -> bytes:
    """Return what the line of an entry begins with."""
    return f"{kind}\t{pattern}\t{action}\t".encode()
