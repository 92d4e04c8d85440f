"""What a committed change is: entries that came, identities that went, who, when and why."""

from dataclasses import dataclass
from enum import IntEnum

from blocklists.entry_table import EntryTable, Identities


class RowOutcome(IntEnum):
    """Outcome of a row of a change; values as on the wire."""

    ADDED = 1
    REPLACED = 2
    DUPLICATE = 3
    REFUSED = 4
    INVALID = 5
    REMOVED = 6
    ABSENT = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """One change to the lists, applied atomically; removals before additions."""

    version: int
    """The version it makes; 0 while it is not committed."""
    author: str
    reason: str
    committed_at_ms: int
    additions: EntryTable
    removals: Identities
    commit: str = ""
    """Its name, chosen by the store if empty; unlike the version it is unique."""
    previous: str = ""
    """The commit this one follows; empty for the first."""
    skipped: str = ""
    """Why the record in the store is not applied; it then has no rows. Empty: it is."""
    newer: bool = False
    """Whether it is skipped because a newer release seems to have written it."""
    audited: bool | None = None
    """Whether list administration signed it, which it does after the audit log has it; None:
    unknown to the reader."""
