"""What of rows, comparisons and histories is there for people with regions."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from blocklists.entries import Entry
from blocklists.entry_table import EntryTable, Identities, concatenate
from blocklists.queries import rows_of
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from fanzha.tables import Bools
from services.auth import identity, region_scope
from services.auth.identity import Identity
from services.auth.region_scope import NarrowedSnapshot
from services.changes.past.entry_history import EntryEvent
from services.changes.past.history import VersionComparison
from services.changes.scope.region_checks import is_seen


def shown_removals(snapshot: Snapshot, removals: Identities) -> Bools:
    """Return which of *removals* are of entries that are there for the caller, or for nobody."""
    seen = region_scope.narrowed(snapshot, identity.current())
    if not isinstance(seen, NarrowedSnapshot):
        return np.ones(len(removals), np.bool_)
    shown: Bools = (rows_of(seen, removals) != NO_ENTRY) | (rows_of(snapshot, removals) == NO_ENTRY)
    return shown


def shown_comparison(found: VersionComparison) -> VersionComparison:
    """Return the part of a comparison of versions that is there for the caller."""
    who = identity.current()
    if not who.regions:
        return found
    old = region_scope.readable_rows(who, found.changed_from)
    new = region_scope.readable_rows(who, found.changed_to)
    came, went = np.flatnonzero(new & ~old), np.flatnonzero(old & ~new)
    both = np.flatnonzero(old & new)
    return replace(
        found,
        added=concatenate([_shown(who, found.added), found.changed_to.take(came)]),
        removed=concatenate([_shown(who, found.removed), found.changed_from.take(went)]),
        changed_from=found.changed_from.take(both),
        changed_to=found.changed_to.take(both),
    )


def shown_events(events: Iterable[EntryEvent]) -> list[EntryEvent]:
    """Return the part of an entry's history that is there for the caller.

    Of a request that also is about other regions, its reason is left out.
    """
    who = identity.current()
    if not who.regions:
        return list(events)
    shown = []
    for event in events:
        after, before = _of(who, event.after), _of(who, event.before)
        whole = is_seen(event.record)
        if after is None and before is None and not whole:
            continue
        record = event.record if whole else replace(event.record, reason="")
        shown.append(replace(event, record=record, after=after, before=before))
    return shown


def _of(who: Identity, entry: Entry | None) -> Entry | None:
    return entry if entry is not None and region_scope.may_read(who, entry.region) else None


def _shown(who: Identity, table: EntryTable) -> EntryTable:
    return table.take(np.flatnonzero(region_scope.readable_rows(who, table)))
