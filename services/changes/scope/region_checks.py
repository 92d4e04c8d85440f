"""Regional scope of change requests: who sees them, what they may touch, and what is left out.

A request is of the regions of all entries that it adds, replaces or removes. People with regions
see it where they may read all of these, and work on it where they may change all. An entry beyond
their scope is not there for them: to remove it removes nothing, to edit it fails as for none.
Only a pattern that is listed for another region cannot be added, and the answer has to say so:
kind, pattern and action of an entry are one for the whole province.
"""

from collections.abc import Iterable

import numpy as np

from blocklists.entry_table import EntryTable, Identities
from blocklists.queries import rows_of
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from fanzha.errors import NotAllowed, NotFound
from fanzha.translation.message import Message
from services.auth import identity, region_scope
from services.auth.identity import Identity
from services.auth.region_scope import WHOLE_PROVINCE
from services.changes.diff import entries_at
from services.changes.model import ChangeKind, ChangeRequest


def is_seen(record: ChangeRequest) -> bool:
    """Return whether a request is there for the caller."""
    return region_scope.may_read_all(identity.current(), record.regions)


def check_seen(record: ChangeRequest) -> ChangeRequest:
    """Return a request; raise `NotFound`, as for none, where it is not there for the caller."""
    if not is_seen(record):
        raise NotFound("there is no change {id}", id=record.id)
    return record


def check_may_work_on(record: ChangeRequest) -> None:
    """Raise `NotAllowed` where a request is about more than the regions of the caller."""
    who = identity.current()
    about_lists = record.kind is not ChangeKind.POLICY
    if about_lists and not region_scope.may_change_all(who, record.regions):
        raise _beyond(who, record.regions)


def check_regions(
    who: Identity, snapshot: Snapshot, table: EntryTable, removals: Identities
) -> None:
    """Raise `NotAllowed` where a change touches what *who* may not change.

    Both the new entries and those that they replace or remove count.
    """
    if not who.regions:
        return
    added = region_scope.regions_of(table)
    if WHOLE_PROVINCE in added and not region_scope.own_region():
        raise NotAllowed(
            "region: required, one of {scope} or a region in these",
            scope=", ".join(sorted(who.regions)),
        )
    if len(table) and not region_scope.may_change_all(who, added):
        raise _beyond(who, added)
    for named in (table, removals):
        rows = rows_of(snapshot, named)
        there = np.flatnonzero(rows != NO_ENTRY)
        beyond = there[~region_scope.changeable_rows(who, snapshot, rows[there])]
        if len(beyond):
            raise NotAllowed(
                "pattern: {pattern} is listed for more than the scope of {name}, which is {scope}",
                pattern=named.pattern(int(beyond[0])),
                name=who.name,
                scope=", ".join(sorted(who.regions)),
            )


def rows_beyond(who: Identity, snapshot: Snapshot, table: EntryTable) -> dict[int, Message]:
    """Return the new entries that `check_regions` would refuse, and why; none: it refuses none."""
    rows = rows_of(snapshot, table)
    there = np.flatnonzero(rows != NO_ENTRY)
    listed = there[~region_scope.changeable_rows(who, snapshot, rows[there])]
    named = np.flatnonzero(~region_scope.changeable_entries(who, table))
    scope = {"name": who.name, "scope": ", ".join(sorted(who.regions))}
    is_listed = Message("pattern: is listed for more than the scope of {name}, {scope}", **scope)
    is_named = Message("region: beyond the scope of {name}, {scope}", **scope)
    return dict.fromkeys(listed.tolist(), is_listed) | dict.fromkeys(named.tolist(), is_named)


def regions_touched(
    snapshot: Snapshot, additions: EntryTable, removals: Identities
) -> tuple[str, ...]:
    """Return the regions of what a change adds, replaces and removes; none: the whole province."""
    rows = np.concatenate([rows_of(snapshot, additions), rows_of(snapshot, removals)])
    return regions_together(additions, entries_at(snapshot, rows))


def regions_together(*tables: EntryTable, known: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the regions of tables and *known* ones, as a request stores them."""
    found = set(known).union(*map(region_scope.regions_of, tables))
    # Requests about the whole province alone store nothing, as those of earlier releases do.
    return () if found == {WHOLE_PROVINCE} else tuple(sorted(found))


def _beyond(who: Identity, regions: Iterable[str]) -> NotAllowed:
    # Only regions that the caller has named, or may read, are named to them.
    named = ", ".join(sorted(one for one in regions if one))
    return NotAllowed(
        "region: {name} has the scope {scope}, not {name_2}",
        name=who.name,
        scope=", ".join(sorted(who.regions)),
        name_2=named or Message("the whole province"),
    )
