"""Proposes to remove dead entries, in a change request that waits to be applied.

Each entry is checked again: one that matched meanwhile stays.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from blocklists.entry_table import Identities
from blocklists.queries import rows_of
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from blocklists.store.changes import RowOutcome
from fanzha.phone import HomePlan
from fanzha.translation.message import Message
from services.changes.report import (
    ChangeTerms,
    Reference,
    RowReport,
    UpdateReport,
    resolve_references,
)
from services.lists.lifecycle import EntryLifecycle

Remove: TypeAlias = Callable[[Sequence[Reference], ChangeTerms], Awaitable[UpdateReport]]
"""Submits a removal without applying it."""


async def propose(
    remove: Remove,
    life: EntryLifecycle,
    snapshot: Snapshot,
    references: Sequence[Reference],
    terms: ChangeTerms,
    *,
    days: int,
    home: HomePlan,
) -> UpdateReport:
    """Propose to remove the dead ones among *references*.

    ``removals`` reports on each: REMOVED, REFUSED for one that is not dead, or ABSENT.
    """
    named, unreadable = resolve_references(references, home)
    found = rows_of(snapshot, Identities.of([one for _, one in named])).tolist() if named else []
    rows, listed = [], []
    for (row, _), place in zip(named, found, strict=True):
        if place != NO_ENTRY:
            rows.append(row)
            listed.append(snapshot.entry(place))
    dead = await life.are_dead(listed, days)
    reports = {row: RowReport(row=row, outcome=RowOutcome.ABSENT) for row in range(len(references))}
    for row, message in unreadable.items():
        reports[row] = RowReport(row=row, outcome=RowOutcome.INVALID, message=message)
    for row, entry, is_dead in zip(rows, listed, dead, strict=True):
        outcome, why = (
            (RowOutcome.REMOVED, "") if is_dead else (RowOutcome.REFUSED, Message("it is not dead"))
        )
        reports[row] = RowReport(row=row, outcome=outcome, entry_id=entry.entry_id, message=why)
    dead_references = [
        Reference(kind=one.kind, pattern=one.pattern, action=one.action)
        for one, is_dead in zip(listed, dead, strict=True)
        if is_dead
    ]
    row_reports = [reports[row] for row in sorted(reports)]
    if not dead_references:
        return UpdateReport(version=snapshot.version, additions=[], removals=row_reports)
    done = await remove(dead_references, replace(terms, expected_version=snapshot.version))
    return replace(done, removals=row_reports)
