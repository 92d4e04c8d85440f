"""Differences between versions of the lists, rebuilt from the rows stored with requests.

Each request stores what it wrote, removed and replaced, so versions can be rebuilt backwards
across compactions. A version without a request, or whose rows retention has deleted, is
replayed from the base of the store if it is not older than that.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot import delta
from blocklists.snapshot.delta import ListSegments, same_contents
from blocklists.snapshot.snapshot import NO_ENTRY
from blocklists.store.changes import ListChange
from blocklists.store.store import Store
from fanzha.errors import InvalidInput, NotFound, Unavailable
from services.changes import diff as diffs
from services.changes.diff import rows_in
from services.changes.model import ChangeRequest
from services.changes.store import ChangeStore

MAX_VERSIONS = 10_000
"""Most versions between two that can be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDiff:
    """What one version of the lists changed."""

    version: int
    change_id: int
    """The request that created the version; 0 for none."""
    written: EntryTable
    removed: Identities
    before: EntryTable
    approved: bool = False
    """Whether a second person approved it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionComparison:
    """The difference between two versions of the lists."""

    from_version: int
    to_version: int
    added: EntryTable
    removed: EntryTable
    changed_from: EntryTable
    changed_to: EntryTable
    change_ids: Sequence[int]


class History:
    """Rebuilds earlier versions of the lists."""

    def __init__(self, requests: ChangeStore, lists: Store) -> None:
        self._requests = requests
        self._lists = lists

    async def diff(self, first: int, last: int | None) -> VersionComparison:
        """Compare two versions; None as *last* means the current one."""
        head = (await self._lists.head()).version
        last = head if last is None else last
        for version in (first, last):
            if not 0 <= version <= head:
                raise InvalidInput(
                    "version: must be 0 to {head}, not {version}", head=head, version=version
                )
        steps = await self.steps(min(first, last), max(first, last))
        return await asyncio.to_thread(between, steps, first, last)

    async def steps(self, first: int, last: int) -> list[VersionDiff]:
        """Return what each version after *first* changed, up to *last*, in order."""
        if last - first > MAX_VERSIONS:
            raise InvalidInput(
                "at most {max_versions:,} versions can be compared, not {last:,}",
                max_versions=MAX_VERSIONS,
                last=last - first,
            )
        made_by = await self._requests.ids_by_version(first + 1, last)
        known: dict[int, VersionDiff] = {}
        for record in await self._requests.get_many(list(made_by.values())):
            if _has_rows(record):
                known[record.applied_version] = await self.step_of(record)
        missing = [version for version in range(first + 1, last + 1) if version not in known]
        if missing:
            known |= await self._replayed(missing)
        return [known[version] for version in range(first + 1, last + 1)]

    async def step_of(self, record: ChangeRequest) -> VersionDiff:
        """Return what an applied request changed."""
        additions = await self._requests.additions(record)
        if record.emergency is not None:
            additions = diffs.cap_expiry(additions, record.emergency.ends_s)
        removals = await self._requests.removals(record)
        written, removed = await self._requests.masks(record)
        return VersionDiff(
            version=record.applied_version,
            change_id=record.id,
            written=additions.take(np.flatnonzero(written)),
            removed=removals.take(np.flatnonzero(removed)),
            before=await self._requests.before(record),
            approved=bool(record.approved_by),
        )

    async def _replayed(self, versions: Sequence[int]) -> dict[int, VersionDiff]:
        """Replay versions without stored rows from the base of the store."""
        head, table = await self._lists.load()
        if versions[0] <= head.version:
            raise NotFound(
                "version {versions} cannot be rebuilt: the lists were compacted at version "
                "{version}, and the rows of version {versions_2} are not kept (no request made "
                "it, or change_retention_days has passed)",
                versions=versions[0] - 1,
                version=head.version,
                versions_2=versions[0],
            )
        lists = await asyncio.to_thread(
            ListSegments.of_table, head.version, head.committed_at_ms, table, commit=head.commit
        )
        remaining, steps = set(versions), dict[int, VersionDiff]()
        while lists.version < versions[-1]:
            changes = await self._lists.changes_after(lists.version, lists.commit)
            if not changes:
                raise Unavailable("the lists were compacted meanwhile; retry")
            for change in changes:
                if change.version in remaining:
                    steps[change.version] = await asyncio.to_thread(_step, lists, change)
                lists = await asyncio.to_thread(delta.apply, lists, change)
        return steps


def between(steps: Sequence[VersionDiff], first: int, last: int) -> VersionComparison:
    """Return the overall difference made by *steps* between two versions."""
    if first > last:
        back = between(steps, last, first)
        return VersionComparison(
            from_version=first,
            to_version=last,
            added=back.removed,
            removed=back.added,
            changed_from=back.changed_to,
            changed_to=back.changed_from,
            change_ids=back.change_ids[::-1],
        )
    earlier, later = state_before(steps), state_after(steps)
    at = rows_in(earlier.additions, later.additions)
    stayed = np.flatnonzero(at != NO_ENTRY)
    old, new = earlier.additions.take(at[stayed]), later.additions.take(stayed)
    differs = np.flatnonzero(~(same_contents(old, new) & (old.expires_s == new.expires_s)))
    gone = rows_in(earlier.additions, later.removals)
    return VersionComparison(
        from_version=first,
        to_version=last,
        added=later.additions.take(np.flatnonzero(at == NO_ENTRY)),
        removed=earlier.additions.take(gone[gone != NO_ENTRY]),
        changed_from=old.take(differs),
        changed_to=new.take(differs),
        change_ids=[step.change_id for step in steps if step.change_id],
    )


def state_before(steps: Sequence[VersionDiff]) -> ListChange:
    """Return the change that reverts *steps*."""
    return _fold([_change(step.before, step.written) for step in reversed(steps)])


def state_after(steps: Sequence[VersionDiff]) -> ListChange:
    """Return the change that *steps* amount to."""
    return _fold([_change(step.written, step.removed) for step in steps])


def _fold(changes: list[ListChange]) -> ListChange:
    # `delta.fold` removes repeated identities only when it merges at least two changes.
    nothing = _change(EntryTable.from_entries([]), Identities.of([]))
    return delta.fold([*changes, nothing])


def _change(additions: EntryTable, removals: Identities) -> ListChange:
    return ListChange(
        version=0, author="", reason="", committed_at_ms=0, additions=additions, removals=removals
    )


def _step(lists: ListSegments, change: ListChange) -> VersionDiff:
    diff = diffs.compute_diff(lists.snapshot(), change.additions, change.removals)
    return VersionDiff(
        version=change.version,
        change_id=0,
        written=change.additions,
        removed=change.removals,
        before=diff.before,
    )


def _has_rows(record: ChangeRequest) -> bool:
    return record.additions.retained and record.removals.retained and record.before.retained
