"""Brings an approved request into the lists: whole, once, and healed when a process ends halfway.

The order of an application:

1. the request is judged against the lists at one version; the guard looks at it once more;
2. the audit record, without which nothing happens;
3. the request is marked as being applied, with what it will replace and remove: a commit that
   nobody heard of again is looked for from there;
4. one commit of the whole change, over that version only, under a name of the request's own,
   which counts once however often it is sent;
5. the request is applied, and what it undoes or confirms with it, in one step.

A process that ends between 4 and 5 leaves a mark that `settle` clears up.
"""

import asyncio
import logging
from dataclasses import dataclass, replace

import numpy as np

from blocklists import protected
from blocklists.entries import EntryKind
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.changes import ListChange
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, Unavailable, VersionConflict
from fanzha.tables import Bools
from services.audit.events import AuditKind
from services.auth import identity
from services.changes import diff, store
from services.changes.change_context import ChangeContents, ChangeContext
from services.changes.diff import ChangeDiff
from services.changes.entry_set import EntrySet
from services.changes.model import ChangeEvent, ChangeRequest, ChangeState, Emergency
from services.changes.store import ChangeTransition

logger = logging.getLogger(__name__)

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationPlan:
    """A change ready to be committed over one version."""

    judged: ChangeDiff
    additions: EntryTable
    """All rows of the request, as they would be written."""
    wrote: Bools
    """Which of them are."""
    removals: Identities
    change: ListChange


class ChangeApplication:
    """Applies requests; the caller holds ``one_at_a_time``."""

    def __init__(self, parts: ChangeContext) -> None:
        self._parts = parts

    async def apply(
        self,
        record: ChangeRequest,
        contents: ChangeContents,
        *,
        by: str,
        stored: ChangeRequest | None = None,
        fields: dict[str, bytes] | None = None,
        expected_version: int | None = None,
        held: EntrySet | None = None,
        audited: AuditKind = AuditKind.CHANGE_APPLIED,
    ) -> tuple[ChangeRequest, ChangeDiff]:
        """Apply *record*, whose form in the store is *stored* (None: it is new there).

        *fields* are small rows to be put down with it; *held*, what it holds from now on, has
        been checked against the locks. What is not applied after all, is in the audit, too.
        """
        try:
            return await self._apply(
                record, contents, by, stored, fields or {}, expected_version, held, audited
            )
        except (InvalidInput, VersionConflict, Unavailable) as error:
            await self._parts.not_done(record.subject, audited.value, error, actor=by)
            raise

    async def _apply(  # noqa: PLR0917 - the arguments of `apply`, in their order
        self,
        record: ChangeRequest,
        contents: ChangeContents,
        by: str,
        stored: ChangeRequest | None,
        fields: dict[str, bytes],
        expected_version: int | None,
        held: EntrySet | None,
        audited: AuditKind,
    ) -> tuple[ChangeRequest, ChangeDiff]:
        parts = self._parts
        if record.applying_after is not None and (made := await self.version_made(record)):
            raise VersionConflict(f"change {record.id} is applied already, at version {made}")
        for _ in range(_ATTEMPTS):
            snapshot = await parts.current.caught_up()
            _check_version(expected_version, snapshot.version)
            plan = await asyncio.to_thread(self._plan, snapshot, record, contents)
            details = _audit_details(record, plan)
            await parts.audit.record(audited, subject=record.subject, details=details, actor=by)
            if record.reverts:
                undone, told = f"change:{record.reverts}", {"by_change": record.subject}
                kind = AuditKind.CHANGE_REVERTED
                await parts.audit.record(kind, subject=undone, details=told, actor=by)
            before, more = await parts.requests.put(plan.judged.before, "before")
            marked = replace(
                record, state=ChangeState.APPROVED, applying_after=snapshot.version, before=before
            )
            more |= store.pack_masks(plan.wrote, plan.judged.there)
            step = ChangeTransition(before=stored, after=marked, fields=fields | more)
            # The commit waits for the disk; on one node, that holds for what was written before.
            synced = not parts.requests.one_log
            locks = None if held is None else parts.locks.counter
            counter = await parts.requests.move([step], locks=locks, synced=synced)
            if held is not None:
                parts.locks.take(record.id, held, counter)
            stored = replace(marked, revision=(stored.revision if stored else 0) + 1)
            fields, held = {}, None
            try:
                version = await self._commit(plan, snapshot.version, record)
            except VersionConflict:
                await parts.requests.drop(before)
                record = stored  # somebody else was first: judge anew
                continue
            return await self.finish(stored, version, by=by), plan.judged
        raise VersionConflict("others change the lists all the time; try again")

    async def finish(
        self, stored: ChangeRequest, version: int, *, by: str, note: str = ""
    ) -> ChangeRequest:
        """Say that a request is in the lists, and what it undid or confirmed."""
        parts = self._parts
        what = "emergency_applied" if stored.emergency else "applied"
        event = ChangeEvent(at_ms=parts.now_ms(), who=by, what=what, note=note)
        for _ in range(_ATTEMPTS):
            after = stored.noting(
                event,
                state=ChangeState.APPLIED,
                applied_by=by,
                applied_ms=event.at_ms,
                applied_version=version,
                applying_after=None,
            )
            moves = [ChangeTransition(before=stored, after=after, fields={})]
            moves += await self._moves_of_others(after, event)
            try:
                # Not waited for: what is lost of it, `settle` finds in the lists.
                counter = await parts.requests.move(moves, locks=None, synced=False)
            except VersionConflict:
                stored = await parts.requests.get(stored.id)
                if stored.state is not ChangeState.APPROVED:
                    return stored
                continue
            parts.locks.release(stored.id, counter)
            return replace(after, revision=stored.revision + 1)
        raise Unavailable(
            f"change {stored.id} is in the lists, at version {version}; its record follows"
        )

    async def settle(self, record: ChangeRequest) -> ChangeRequest | None:
        """Clear up a request whose application nobody heard of again.

        Returns it applied, when its commit is in the lists; None when it is not.
        """
        version = await self.version_made(record)
        if version is None:
            return None
        who = record.approved_by or record.author
        logger.info("%s had reached the lists at version %d; its record follows",
                    record.subject, version)  # fmt: skip
        return await self.finish(record, version, by=who, note="found in the lists afterwards")

    async def version_made(self, record: ChangeRequest) -> int | None:
        """Return the version a marked request made, None when it made none."""
        if record.applying_after is None:
            return None
        return await self._parts.lists.version_of(record.commit, after=record.applying_after)

    async def _commit(self, plan: ApplicationPlan, version: int, record: ChangeRequest) -> int:
        if plan.judged.nothing:
            return 0
        try:
            done = await self._parts.lists.commit(plan.change, expected_version=version)
        except Unavailable as error:
            raise Unavailable(
                f"whether change {record.id} was applied is not known yet: {error}; "
                f"`fanzha changes show {record.id}` tells within a minute"
            ) from error
        return done.version

    def _plan(
        self, snapshot: Snapshot, record: ChangeRequest, contents: ChangeContents
    ) -> ApplicationPlan:
        parts = self._parts
        now_s = parts.now_ms() // 1000
        additions, removals = contents.additions, contents.removals
        _check_protected(additions)
        if record.emergency is not None:
            additions = diff.cap_expiry(additions, record.emergency.ends_s)
        judged = diff.compute_diff(snapshot, additions, removals)
        wrote = diff.rows_to_write(additions, removals, judged)
        if record.emergency is not None:
            wrote &= ~diff.in_force(snapshot, additions, now_s)
            judged = diff.limited_to(judged, additions, wrote)
        as_written = diff.with_approver(additions, record.approved_by)
        change = ListChange(
            version=0,
            author=record.author,
            reason=record.reason,
            committed_at_ms=parts.now_ms(),
            additions=as_written if wrote.all() else as_written.take(np.flatnonzero(wrote)),
            removals=removals.take(np.flatnonzero(judged.there)),
            commit=record.commit,
        )
        return ApplicationPlan(
            judged=judged, additions=as_written, wrote=wrote, removals=removals, change=change
        )

    async def _moves_of_others(
        self, done: ChangeRequest, event: ChangeEvent
    ) -> list[ChangeTransition]:
        """Return the steps of the request that *done* undoes or confirms."""
        requests = self._parts.requests
        if done.reverts:
            undone = await requests.get(done.reverts)
            if undone.state is not ChangeState.APPLIED:
                return []
            note = replace(event, what="reverted", note=done.subject)
            after = undone.noting(note, state=ChangeState.REVERTED, reverted_by=done.id)
            return [ChangeTransition(before=undone, after=after, fields={})]
        if done.confirms:
            urgent = await requests.get(done.confirms)
            if urgent.emergency is None or not urgent.unconfirmed:
                return []
            note = replace(event, what="confirmed", note=done.subject)
            confirmed = replace(
                urgent.emergency, confirmed_by=done.approved_by, confirmation=done.id
            )
            return [
                ChangeTransition(
                    before=urgent, after=urgent.noting(note, emergency=confirmed), fields={}
                )
            ]
        return []


def as_emergency(record: ChangeRequest, why: str, ends_s: int, *, removals: int) -> ChangeRequest:
    """Return a request that is to be applied as an emergency."""
    if removals:
        raise InvalidInput(
            "an emergency cannot remove entries, for they would not come back by themselves: "
            "add an allow entry for the same pattern, which lifts the block at once"
        )
    return replace(record, emergency=Emergency(why=why, ends_s=ends_s))


def _check_version(expected: int | None, version: int) -> None:
    if expected not in (None, version):
        raise VersionConflict(f"expected_version: the lists are at {version}, not {expected}")


def _check_protected(additions: EntryTable) -> None:
    """Look once more, whoever approved: the guard of this release may know more."""
    suspects = protected.suspects(additions)
    for row in suspects[additions.actions[suspects] == Action.BLOCK].tolist():
        kind = EntryKind(int(additions.kinds[row]))
        why = protected.refusal(
            kind,
            additions.pattern(row),
            int(additions.keys[row]),
            int(additions.digits[row]),
            Action.BLOCK,
        )
        if why:
            raise InvalidInput(f"the guard refuses this change: {why}")


def _audit_details(record: ChangeRequest, plan: ApplicationPlan) -> dict[str, str]:
    counts = ", ".join(f"{name.lower()} {rows}" for name, rows in plan.judged.counts().items())
    who = identity.current()
    return {
        "over_version": str(plan.judged.version),
        "rows": counts,
        "written": str(len(plan.change.additions)),
        "removed": str(len(plan.change.removals)),
        "author": record.author,
        "approved_by": record.approved_by,
        "one_person": str(record.one_person).lower(),
        "emergency": record.emergency.why if record.emergency else "",
        "additions_sha256": record.additions.sha256,
        "removals_sha256": record.removals.sha256,
        "development": str(who.development).lower(),
    }
