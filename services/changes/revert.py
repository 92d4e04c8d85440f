"""Drafts that undo: a request, all since a version, or the short term of an emergency."""

import asyncio

import numpy as np

from blocklists.entry_table import EntryTable, Identities, concatenate
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, VersionConflict
from services.changes import diff
from services.changes.change_context import ChangeContext
from services.changes.diff import Inverse, inverse
from services.changes.history import History, VersionDiff, state_before
from services.changes.model import ChangeKind, ChangeRequest, Draft

_EXAMPLES = 10


class RevertPlanner:
    """Finds what undoes what is in the lists."""

    def __init__(self, parts: ChangeContext) -> None:
        self._parts = parts
        self.history = History(parts.requests, parts.lists)

    async def revert(self, record: ChangeRequest, by: str, reason: str) -> Draft:
        """Return what undoes an applied request, as far as its entries are as it left them."""
        if record.confirms:
            raise InvalidInput(
                f"change {record.id} confirms change {record.confirms}: revert that one"
            )
        step = await self._whole(record)
        snapshot = await self._parts.current.caught_up()
        found = await asyncio.to_thread(
            inverse, snapshot, step.wrote, step.removed, step.before, now_s=self._now_s
        )
        if not len(found.additions) and not len(found.removals):
            raise InvalidInput(
                f"nothing is left of change {record.id} to undo{_remainder_text(found)}"
            )
        return Draft(
            kind=ChangeKind.REVERT,
            author=by,
            reason=reason,
            additions=found.additions,
            removals=found.removals,
            reverts=record.id,
            left_alone=len(found.clashes) + len(found.over),
            left_alone_examples=_examples(found),
        )

    async def restoration(self, version: int, by: str, reason: str) -> tuple[Draft, bool]:
        """Return what brings the lists back to a version, and whether it undoes approved changes.

        Entries whose term has ended since do not come back.
        """
        head = await self._parts.current.caught_up()
        if not 0 <= version < head.version:
            raise InvalidInput(f"version: 0 to {head.version - 1}, not {version}")
        steps = await self.history.steps(version, head.version)
        back = await asyncio.to_thread(state_before, steps)
        over = back.additions.expires_s <= self._now_s
        gone = back.additions.take(np.flatnonzero(over))
        examples = _labels(gone, "its term has ended")
        draft = Draft(
            kind=ChangeKind.REVERT,
            author=by,
            reason=reason,
            additions=back.additions.take(np.flatnonzero(~over)),
            removals=back.removals,
            restores_version=version,
            left_alone=len(gone),
            left_alone_examples=examples,
        )
        return draft, any(step.approved for step in steps)

    async def confirmation(self, record: ChangeRequest, note: str) -> Draft:
        """Return what gives the entries of an emergency the end they were meant to have."""
        urgent = record.emergency
        if urgent is None or not record.unconfirmed:
            raise VersionConflict(f"change {record.id} is no emergency that waits to be confirmed")
        if urgent.ends_s <= self._now_s:
            raise VersionConflict(f"the entries of change {record.id} have ended; make a new one")
        additions = await self._parts.requests.additions(record)
        wrote, _ = await self._parts.requests.masks(record)
        meant = additions.take(np.flatnonzero(wrote))
        snapshot = await self._parts.current.caught_up()
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
            left_alone_examples=_labels(rest, "changed since, or over"),
        )

    @property
    def _now_s(self) -> int:
        return self._parts.now_ms() // 1000

    async def _whole(self, record: ChangeRequest) -> VersionDiff:
        """Return what a request changed, and what confirmed it with it."""
        step = await self.history.step_of(record)
        if record.emergency is None or not record.emergency.confirmation:
            return step
        confirming = await self._parts.requests.get(record.emergency.confirmation)
        later = await self.history.step_of(confirming)
        return VersionDiff(
            version=later.version,
            change_id=record.id,
            wrote=concatenate([step.wrote, later.wrote]),
            removed=step.removed,
            before=step.before,
        )


def _examples(found: Inverse) -> tuple[str, ...]:
    clashes = _labels(found.clashes, "changed by others since")
    return (*clashes, *_labels(found.over, "its term has ended"))[:_EXAMPLES]


def _labels(rows: Identities | EntryTable, why: str) -> tuple[str, ...]:
    return tuple(
        f"{rows.pattern(row)} ({Action(int(rows.actions[row])).name.lower()}): {why}"
        for row in range(min(len(rows), _EXAMPLES))
    )


def _remainder_text(found: Inverse) -> str:
    if not len(found.clashes) and not len(found.over):
        return ""
    return (
        f": {len(found.clashes):,} entries were changed by others since, "
        f"the term of {len(found.over):,} has ended"
    )
