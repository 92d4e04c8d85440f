"""What a page of campaigns is about: a text by its fingerprint, a link's host, or what was typed.

Fingerprints and hosts stand in addresses. Numbers and names of senders never do: they are kept in
the session, and the address has a key.
"""

from dataclasses import dataclass

from fanzha.v1 import warning_backfill_pb2
from services.console.web.page_request import PageRequest

LONGEST = 300
_PREFIXES = {"link": "link:", "text": "text:", "name": "name:"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignSubject:
    """A text, host, number or sender."""

    where: str
    """Part of the address: ``text``, ``link`` or ``seen``."""
    key: str
    """The rest of it: a fingerprint, a host, or a key of the session."""
    pattern: str
    """As the service takes it."""

    @property
    def path(self) -> str:
        """Return the address of its page."""
        return f"/campaigns/{self.where}/{self.key}"

    @property
    def kind(self) -> int:
        """Return what it is for backfills."""
        if self.where == "text" or self.pattern.startswith("fp1:"):
            return int(warning_backfill_pb2.BACKFILL_KIND_TEXT)
        if self.where == "link" or "." in self.pattern or "://" in self.pattern:
            return int(warning_backfill_pb2.BACKFILL_KIND_LINK)
        if self.pattern.lstrip("+").replace(" ", "").isdecimal():
            return int(warning_backfill_pb2.BACKFILL_KIND_NUMBER)
        return int(warning_backfill_pb2.BACKFILL_KIND_SENDER)

    @property
    def is_text(self) -> bool:
        """Whether it is a text, whose suspected hits cannot be confirmed in bulk."""
        return self.kind == warning_backfill_pb2.BACKFILL_KIND_TEXT


def of_address(visit: PageRequest) -> CampaignSubject | None:
    """Return the subject of an address; None where the session has forgotten it."""
    where, key = visit.path("where"), visit.path("key")[:LONGEST]
    pattern = key
    if where == "seen":
        pattern = str(visit.remembered(key).get("subject", ""))
    elif where not in {"text", "link"}:
        return None
    return CampaignSubject(where=where, key=key, pattern=pattern) if pattern else None


def address_of(entity: str) -> str:
    """Return the address of an entity of the graph; empty for numbers and names."""
    for where in ("text", "link"):
        prefix = _PREFIXES[where]
        if entity.startswith(prefix):
            return f"/campaigns/{where}/{entity.removeprefix(prefix)}"
    return ""


def sort_of(entity: str) -> str:
    """Return what an entity of the graph is: link, text, name or number; masked ones, too."""
    known = next((sort for sort, text in _PREFIXES.items() if entity.startswith(text)), "")
    # Of a masked name only letters at its end are left.
    return known or ("name" if any(one.isalpha() for one in entity) else "number")


def shown(entity: str) -> str:
    """Return an entity as it is read: without its prefix, a fingerprint cut."""
    text = entity.partition(":")[2] or entity
    return f"{text[:16]}…" if sort_of(entity) == "text" else text
