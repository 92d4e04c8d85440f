"""Drafts that revert a request, restore a version, or confirm an emergency."""

import asyncio

import numpy as np

from blocklists.entry_table import EntryTable, Identities, concatenate
from blocklists.queries import rows_of
from blocklists.snapshot.snapshot import NO_ENTRY
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, VersionConflict
from services.changes import diff
from services.changes.change_context import ChangeContext
from services.changes.diff import Inverse, inverse
from services.changes.model import ChangeKind, ChangeRequest, Draft
from services.changes.past.history import History, VersionDiff, state_before

_EXAMPLES = 10


class RevertPlanner:
    """Plans reverts, restores and confirmations as drafts."""

    def __init__(self, context: ChangeContext) -> None:
        self._context = context
        self.history = History(context.requests, context.lists)

    async def plan_revert(self, record: ChangeRequest, by: str, reason: str) -> Draft:
        """Return the inverse of an applied request, without entries that changed since."""
        if record.confirms:
            raise InvalidInput(
                "change {id} only confirms change {confirms}: revert that change",
                id=record.id,
                confirms=record.confirms,
            )
        step = await self._confirmed_diff(record)
        snapshot = await self._context.current.caught_up()
        found = await asyncio.to_thread(
            inverse, snapshot, step.written, step.removed, step.before, now_s=self._now_s
        )
        if not len(found.additions) and not len(found.removals):
            raise InvalidInput(
                "change {id}: nothing left to revert{found}",
                id=record.id,
                found=_remainder_text(found),
            )
        return Draft(
            kind=ChangeKind.REVERT,
            author=by,
            reason=reason,
            additions=found.additions,
            removals=found.removals,
            reverts=record.id,
            left_alone=len(found.clashes) + len(found.expired),
            left_alone_examples=_examples(found),
        )

    async def plan_restore(self, version: int, by: str, reason: str) -> tuple[Draft, bool]:
        """Return a draft that restores a version, and whether it reverts approved changes.

        Entries that have expired since are not restored.
        """
        head = await self._context.current.caught_up()
        if not 0 <= version < head.version:
            raise InvalidInput(
                "version: must be 0 to {version}, not {version_2}",
                version=head.version - 1,
                version_2=version,
            )
        steps = await self.history.steps(version, head.version)
        back = await asyncio.to_thread(state_before, steps)
        over = back.additions.expires_s <= self._now_s
        gone = back.additions.take(np.flatnonzero(over))
        # What a later change removed already is not removed again.
        there = rows_of(head, back.removals) != NO_ENTRY
        examples = _labels(gone, "expired")
        draft = Draft(
            kind=ChangeKind.REVERT,
            author=by,
            reason=reason,
            additions=back.additions.take(np.flatnonzero(~over)),
            removals=back.removals.take(np.flatnonzero(there)),
            restores_version=version,
            left_alone=len(gone),
            left_alone_examples=examples,
        )
        return draft, any(step.approved for step in steps)

    async def plan_confirmation(self, record: ChangeRequest, note: str) -> Draft:
        """Return a draft that gives an emergency's entries their intended expiry."""
        urgent = record.emergency
        if urgent is None or not record.unconfirmed:
            raise VersionConflict("change {id} is not an unconfirmed emergency", id=record.id)
        if urgent.ends_s <= self._now_s:
            raise VersionConflict(
                "change {id}: its entries have expired; submit a new one", id=record.id
            )
        additions = await self._context.requests.additions(record)
        written, _ = await self._context.requests.masks(record)
        meant = additions.take(np.flatnonzero(written))
        snapshot = await self._context.current.caught_up()
        cut = diff.cap_expiry(meant, urgent.ends_s)
        same = await asyncio.to_thread(diff.unchanged, snapshot, cut)
        lasts = meant.expires_s > self._now_s
        rest = meant.take(np.flatnonzero(~(same & lasts)))
        return Draft(
            author=record.author,
            reason=record.reason if not note else f"{record.reason} ({note})",
            additions=meant.take(np.flatnonzero(same & lasts)),
            removals=Identities.of([]),
            legal_basis=record.legal_basis,
            campaign=record.campaign,
            expires_s=record.expires_s,
            confirms=record.id,
            left_alone=len(rest),
            left_alone_examples=_labels(rest, "changed since, or expired"),
        )

    @property
    def _now_s(self) -> int:
        return self._context.now_ms() // 1000

    async def _confirmed_diff(self, record: ChangeRequest) -> VersionDiff:
        """Return what a request changed, together with the change that confirmed it."""
        step = await self.history.step_of(record)
        if record.emergency is None or not record.emergency.confirmation:
            return step
        confirming = await self._context.requests.get(record.emergency.confirmation)
        later = await self.history.step_of(confirming)
        return VersionDiff(
            version=later.version,
            change_id=record.id,
            written=concatenate([step.written, later.written]),
            removed=step.removed,
            before=step.before,
        )


def _examples(found: Inverse) -> tuple[str, ...]:
    clashes = _labels(found.clashes, "changed by others since")
    return (*clashes, *_labels(found.expired, "expired"))[:_EXAMPLES]


def _labels(rows: Identities | EntryTable, why: str) -> tuple[str, ...]:
    return tuple(
        f"{rows.pattern(row)} ({Action(int(rows.actions[row])).name.lower()}): {why}"
        for row in range(min(len(rows), _EXAMPLES))
    )


def _remainder_text(found: Inverse) -> str:
    if not len(found.clashes) and not len(found.expired):
        return ""
    return (
        f": {len(found.clashes):,} entries were changed by others since, "
        f"{len(found.expired):,} have expired"
    )
