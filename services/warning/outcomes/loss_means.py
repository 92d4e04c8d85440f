"""Maps the means of a case to a list entry that would block them, or to why none is proposed.

A caller becomes a number entry, and so does a sender with a number; a service code or name becomes
a sender entry, a link a host entry, a text a fingerprint entry. Accounts have no entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from blocklists import patterns
from blocklists.entries import Direction, Entry, EntryKind, EntryMode, entry_id
from fanzha import url
from fanzha.decisions import Action
from fanzha.fingerprint import is_fingerprint
from services.warning.model import Means, MeansKind


class NoProposalReason(StrEnum):
    """Why no entry is proposed."""

    NO_KIND = "no_kind"
    """Lists have no kind of entry for the means, or they are invalid."""
    PROTECTED = "protected"
    """A guard forbids to block it, such as emergency numbers and public suffixes."""
    ALLOWED = "allowed"
    """An allow entry covers it."""
    POPULAR = "popular"
    """The host is too popular for one loss to be evidence against it."""
    BLOCKED = "blocked"
    """An entry already blocks it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedEntry:
    """A block entry to propose."""

    kind: EntryKind
    pattern: str

    @property
    def entry_id(self) -> str:
        """The id of the entry, if its pattern is in canonical form."""
        return entry_id(self.kind, self.pattern, Action.BLOCK)


def entry_for(means: Means) -> ProposedEntry | None:
    """Return the entry that would block *means*; None if there is no such kind of entry."""
    value = means.value.strip()
    detected = patterns.kind_of(value)
    match means.kind:
        case MeansKind.CALLER if detected == EntryKind.NUMBER:
            return ProposedEntry(kind=EntryKind.NUMBER, pattern=value)
        case MeansKind.SENDER if detected == EntryKind.NUMBER and value.startswith("+"):
            return ProposedEntry(kind=EntryKind.NUMBER, pattern=value)
        case MeansKind.SENDER if detected in (EntryKind.NUMBER, EntryKind.SENDER):
            return ProposedEntry(kind=EntryKind.SENDER, pattern=value)
        case MeansKind.LINK if host := url.split(url.canonical(value))[0]:
            return ProposedEntry(kind=EntryKind.HOST, pattern=host)
        case MeansKind.TEXT if is_fingerprint(value):
            return ProposedEntry(kind=EntryKind.FINGERPRINT, pattern=value)
    return None


def existing_entry_reason(
    one: ProposedEntry, entries: Sequence[Entry], now_s: int
) -> NoProposalReason | None:
    """Return why *entries*, which match the pattern, make the proposal pointless; None: propose."""
    acting = [entry for entry in entries if entry.expires_at.timestamp() > now_s]
    if any(entry.action is Action.ALLOW for entry in acting):
        return NoProposalReason.ALLOWED
    if any(_blocks(entry, one) for entry in acting):
        return NoProposalReason.BLOCKED
    return None


def _blocks(entry: Entry, one: ProposedEntry) -> bool:
    if entry.action is not Action.BLOCK or entry.mode is EntryMode.SHADOW:
        return False
    if entry.kind is EntryKind.SENDER:
        return one.kind is EntryKind.SENDER  # sender entries apply to texts only
    return entry.kind not in (EntryKind.NUMBER, EntryKind.RANGE) or bool(
        entry.direction & Direction.FROM
    )
