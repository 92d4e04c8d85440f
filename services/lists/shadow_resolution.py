"""Promotes shadow entries to enforcing ones, or drops them, by a normal change.

Promoted entries pass the guard again, since more patterns may be protected by now.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from blocklists.entries import NO_END_S, Entry, EntryKind, EntryMode
from blocklists.entry_table import Identities
from blocklists.row_validation import ProposedRows
from blocklists.snapshot.delta import locate
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from fanzha.phone import HomePlan
from services.changes.report import (
    ChangeTerms,
    Reference,
    RowReport,
    UpdateReport,
    resolve_references,
)


class ListUpdater(Protocol):
    """Changes the lists."""

    async def update(
        self, additions: ProposedRows, removals: Sequence[Reference], terms: ChangeTerms
    ) -> UpdateReport:
        """Add and remove entries in one change."""
        ...


async def resolve(
    updates: ListUpdater,
    snapshot: Snapshot,
    references: Sequence[Reference],
    terms: ChangeTerms,
    *,
    drop: bool,
    home: HomePlan,
) -> UpdateReport:
    """Promote or drop the shadow entries in *references*, over the version of *snapshot*.

    ``additions`` reports on each: REPLACED, REMOVED, REFUSED or ABSENT.
    """
    blocks = [replace(one, action=Action.BLOCK) for one in references]
    named, unreadable = resolve_references(blocks, home)
    places = _shadows(snapshot, [identity for _, identity in named])
    found = {row: place for (row, _), place in zip(named, places, strict=True) if place != NO_ENTRY}
    reports = {row: RowReport(row=row, outcome=RowOutcome.ABSENT) for row in range(len(blocks))}
    for row, message in unreadable.items():
        reports[row] = RowReport(row=row, outcome=RowOutcome.INVALID, message=message)
    if not found:
        return UpdateReport(version=snapshot.version, additions=_in_order(reports), removals=[])
    entries = [snapshot.entry(place) for place in found.values()]
    terms = replace(terms, expected_version=snapshot.version)
    done = (
        await updates.update(_proposed([]), [_reference(one) for one in entries], terms)
        if drop
        else await updates.update(_proposed(entries), [], terms)
    )
    for row, report in zip(found, done.removals if drop else done.additions, strict=True):
        reports[row] = replace(report, row=row)
    return replace(done, additions=_in_order(reports), removals=[])


def _shadows(snapshot: Snapshot, identities: Sequence[tuple[EntryKind, str, Action]]) -> list[int]:
    """Return the row of each shadow entry; `NO_ENTRY` where there is none."""
    places = np.full(len(identities), NO_ENTRY, np.int64)
    for layer in snapshot.layers:
        if layer.segment.mode is EntryMode.SHADOW:
            rows = locate(layer.segment, Identities.of(identities))
            places = np.where(rows == NO_ENTRY, rows, rows + layer.first_row)
    found: list[int] = places.tolist()
    return found


def _proposed(entries: Sequence[Entry]) -> ProposedRows:
    """Return *entries* as proposed rows in enforcing mode."""
    return ProposedRows(
        patterns=[one.pattern for one in entries],
        kinds=[one.kind for one in entries],
        actions=[one.action for one in entries],
        directions=[one.direction for one in entries],
        fraud_types=[one.fraud_type for one in entries],
        sources=[one.source for one in entries],
        expires_s=[min(int(one.expires_at.timestamp()), NO_END_S) for one in entries],
        reasons=[one.reason for one in entries],
        legal_bases=[one.legal_basis for one in entries],
        campaigns=[one.campaign for one in entries],
        regions=[one.region for one in entries],
        authors=[one.created_by for one in entries],
        modes=[EntryMode.ENFORCE] * len(entries),
        reviews_s=[int(one.review_at.timestamp()) if one.review_at else 0 for one in entries],
    )


def _reference(entry: Entry) -> Reference:
    return Reference(kind=entry.kind, pattern=entry.pattern, action=entry.action)


def _in_order(reports: dict[int, RowReport]) -> list[RowReport]:
    return [reports[row] for row in sorted(reports)]
