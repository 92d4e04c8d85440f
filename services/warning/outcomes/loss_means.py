"""Which list entry would have blocked the means of a case, and why none is to be proposed.

A number that called becomes an entry for the number, a number that texts come from too; a service
code or a name an entry for the sender of texts; a link one for its host; a text one for its
fingerprint. Lists have no accounts.
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
    """Why nothing is proposed."""

    NO_KIND = "no_kind"
    """Lists have no entries for such means, or it cannot be read as one."""
    PROTECTED = "protected"
    """Nothing may block it: emergency and service numbers, government names, public suffixes."""
    ALLOWED = "allowed"
    """An allow entry covers it: somebody decided that it is not to be blocked."""
    POPULAR = "popular"
    """So many people visit the host that the loss of one says nothing of it."""
    BLOCKED = "blocked"
    """An entry blocks it already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedEntry:
    """An entry to block."""

    kind: EntryKind
    pattern: str

    @property
    def entry_id(self) -> str:
        """Return the id of the entry, where its pattern is written as lists write it."""
        return entry_id(self.kind, self.pattern, Action.BLOCK)


def entry_for(means: Means) -> ProposedEntry | None:
    """Return the entry that blocks *means*; None where lists have none of the kind."""
    value = means.value.strip()
    told = patterns.kind_of(value)
    match means.kind:
        case MeansKind.CALLER if told == EntryKind.NUMBER:
            return ProposedEntry(kind=EntryKind.NUMBER, pattern=value)
        case MeansKind.SENDER if told == EntryKind.NUMBER and value.startswith("+"):
            return ProposedEntry(kind=EntryKind.NUMBER, pattern=value)
        case MeansKind.SENDER if told in (EntryKind.NUMBER, EntryKind.SENDER):
            return ProposedEntry(kind=EntryKind.SENDER, pattern=value)
        case MeansKind.LINK if host := url.split(url.canonical(value))[0]:
            return ProposedEntry(kind=EntryKind.HOST, pattern=host)
        case MeansKind.TEXT if is_fingerprint(value):
            return ProposedEntry(kind=EntryKind.FINGERPRINT, pattern=value)
    return None


def existing_entry_reason(
    one: ProposedEntry, entries: Sequence[Entry], now_s: int
) -> NoProposalReason | None:
    """Tell what entries that match a pattern mean for it; None: none of them acts on it."""
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
        return one.kind is EntryKind.SENDER  # it acts on texts only
    return entry.kind not in (EntryKind.NUMBER, EntryKind.RANGE) or bool(
        entry.direction & Direction.FROM
    )
