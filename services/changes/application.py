"""Applies an approved request to the lists: atomically, exactly once, recoverable after a crash.

1. Compare the request with the lists at one version; check protected numbers and names again.
2. Write the audit record; without it nothing happens.
3. Mark the request as being applied, with the entries it replaces and removes. A commit whose
   outcome is unknown is searched for from that version on.
4. Commit the whole change over that version only, under an idempotent commit name.
5. Where it removes false positives, have the warning pipeline retract their warnings.
6. Set the request to APPLIED, and the request it reverts or confirms with it, in one step.

A crash between 4 and 6 leaves the mark; `ChangeApplication.recover` completes the request.
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
from blocklists.store.given_up import CommitGivenUp
from blocklists.wrong_entries import wrong_entries
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, Unavailable, VersionConflict
from fanzha.tables import Bools
from fanzha.translation.message import Message
from services.audit.events import AuditKind
from services.auth import identity
from services.changes import diff, store
from services.changes.change_context import ChangeContents, ChangeContext
from services.changes.diff import ChangeDiff
from services.changes.entry_set import EntrySet
from services.changes.model import ChangeEvent, ChangeKind, ChangeRequest, ChangeState
from services.changes.policy.application import PolicyApplication, application_details
from services.changes.redo.keeper import ChangeKeeper
from services.changes.scope.region_checks import regions_together
from services.changes.store import ChangeTransition

logger = logging.getLogger(__name__)

_ATTEMPTS = 5
_PROPAGATION_MS = 1000
"""Workers have taken over a commit by then; before, a removed entry may still match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationPlan:
    """A change ready to be committed over one version of the lists."""

    diff: ChangeDiff
    additions: EntryTable
    """All rows of the request, as they would be written."""
    written: Bools
    """Which of the rows are written."""
    removals: Identities
    change: ListChange


class ChangeApplication:
    """Applies requests. The caller holds `ChangeContext.step_lock`."""

    def __init__(self, context: ChangeContext) -> None:
        self._context = context
        self._policies = PolicyApplication(context)
        self._keeper = ChangeKeeper(context.journal, context.lists)

    async def apply(
        self,
        record: ChangeRequest,
        contents: ChangeContents,
        *,
        by: str,
        stored: ChangeRequest | None = None,
        fields: dict[str, bytes] | None = None,
        expected_version: int | None = None,
        entries: EntrySet | None = None,
        expected_locks: int | None = None,
        audit_kind: AuditKind = AuditKind.CHANGE_APPLIED,
    ) -> ChangeRequest:
        """Apply *record*; *stored* is its stored form, None for a new request.

        *fields* are inline rows or the policy to store with it. *entries* are to be locked from now
        on; the caller has checked them against the locks, and for a policy that the lock counter is
        *expected_locks*. A failure is recorded in the audit log, too.
        """
        fields = fields or {}
        try:
            if record.kind is ChangeKind.POLICY:
                return await self._apply_policy(
                    record,
                    by=by,
                    stored=stored,
                    fields=fields,
                    expected_version=expected_version,
                    expected_locks=expected_locks,
                )
            return await self._apply(
                record, contents, by, stored, fields, expected_version, entries, audit_kind
            )
        except (InvalidInput, VersionConflict, Unavailable) as error:
            await self._context.record_failure(record.subject, audit_kind.value, error, actor=by)
            raise

    async def _apply(  # noqa: PLR0917 - the arguments of `apply`, in their order
        self,
        record: ChangeRequest,
        contents: ChangeContents,
        by: str,
        stored: ChangeRequest | None,
        fields: dict[str, bytes],
        expected_version: int | None,
        entries: EntrySet | None,
        audit_kind: AuditKind,
    ) -> ChangeRequest:
        context = self._context
        await self._check_not_applied(record)
        for _ in range(_ATTEMPTS):
            snapshot = await context.current.caught_up()
            _check_version(expected_version, snapshot.version)
            plan = await asyncio.to_thread(self._plan, snapshot, record, contents)
            await self._audit(record, _audit_details(record, plan), audit_kind, by)
            stored = await self._mark(record, plan, stored, fields, entries)
            fields, entries = {}, None
            try:
                version = await self._commit(plan, snapshot.version, record)
            except CommitGivenUp:
                raise  # the request was rejected meanwhile
            except VersionConflict:
                await context.requests.drop(stored.before)
                record = stored  # another change was committed first: compare again
                continue
            return await self.finish(stored, version, by=by)
        raise VersionConflict(
            "change {id}: the lists changed {attempts} times during the commit; retry",
            id=record.id, attempts=_ATTEMPTS,
        )  # fmt: skip

    async def _apply_policy(
        self,
        record: ChangeRequest,
        *,
        by: str,
        stored: ChangeRequest | None,
        fields: dict[str, bytes],
        expected_version: int | None,
        expected_locks: int | None,
    ) -> ChangeRequest:
        await self._check_not_applied(record)
        document = await self._policies.checked_document(record, fields, expected_version)
        details = application_details(record)
        await self._audit(record, details, AuditKind.CHANGE_APPLIED, by)
        marked, version = await self._policies.commit(
            record, document, stored=stored, fields=fields, expected_locks=expected_locks
        )
        return await self.finish(marked, version, by=by)

    async def _check_not_applied(self, record: ChangeRequest) -> None:
        if record.applying_after is not None and (made := await self.committed_version(record)):
            raise VersionConflict("change {id} is applied already, at version {made}",
                                  id=record.id, made=made)  # fmt: skip

    async def _audit(
        self, record: ChangeRequest, details: dict[str, str], kind: AuditKind, by: str
    ) -> None:
        audit = self._context.audit
        await audit.record(kind, subject=record.subject, details=details, actor=by)
        if record.reverts:
            reverted, details = f"change:{record.reverts}", {"by_change": record.subject}
            kind = AuditKind.CHANGE_REVERTED
            await audit.record(kind, subject=reverted, details=details, actor=by)

    async def _mark(
        self,
        record: ChangeRequest,
        plan: ApplicationPlan,
        stored: ChangeRequest | None,
        fields: dict[str, bytes],
        entries: EntrySet | None,
    ) -> ChangeRequest:
        """Store *record* as being applied over the version of *plan*; return its stored form."""
        context = self._context
        before, more = await context.requests.put(plan.diff.before, "before")
        marked = replace(
            record,
            state=ChangeState.APPROVED,
            applying_after=plan.diff.version,
            applying_ms=context.now_ms(),
            before=before,
            regions=regions_together(plan.additions, plan.diff.before, known=record.regions),
        )
        more |= store.pack_masks(plan.written, plan.diff.present)
        step = ChangeTransition(before=stored, after=marked, fields=fields | more)
        # The commit waits for fsync; on one node that covers earlier writes, too.
        synced = not context.requests.single_node
        locks = None if entries is None else context.locks.counter
        counter = await context.requests.transition([step], expected_locks=locks, synced=synced)
        if entries is not None:
            context.locks.add(record.id, entries, counter)
        return replace(marked, revision=(stored.revision if stored else 0) + 1)

    async def finish(
        self, stored: ChangeRequest, version: int, *, by: str, note: str = ""
    ) -> ChangeRequest:
        """Set a committed request to APPLIED, and the request it reverts or confirms with it."""
        context = self._context
        what = "emergency_applied" if stored.emergency else "applied"
        event = ChangeEvent(at_ms=context.now_ms(), who=by, what=what, note=note)
        if stored.false_positive:
            await self._retract(stored)
        for _ in range(_ATTEMPTS):
            after = stored.with_event(
                event,
                state=ChangeState.APPLIED,
                applied_by=by,
                applied_ms=event.at_ms,
                applied_version=version,
                applying_after=None,
            )
            transitions = [ChangeTransition(before=stored, after=after, fields={})]
            transitions += await self._linked_transitions(after, event)
            try:
                # No fsync: if this is lost, `recover` finds the commit in the lists.
                counter = await context.requests.transition(
                    transitions, expected_locks=None, synced=False
                )
            except VersionConflict:
                found = await context.requests.get_many([stored.id])
                if not found or found[0].nonce != stored.nonce:
                    break  # the store failed over and lost it; its number may be another's now
                (stored,) = found
                if stored.state is not ChangeState.APPROVED:
                    return stored
                continue
            context.locks.release(stored.id, counter)
            return replace(after, revision=stored.revision + 1)
        raise Unavailable(
            "change {id} is committed at version {version}; its record is not updated yet",
            id=stored.id, version=version,
        )  # fmt: skip

    async def _retract(self, record: ChangeRequest) -> None:
        """Publish the false positives that a committed request removed. Idempotent."""
        requests = self._context.requests
        additions, removals = await requests.additions(record), await requests.removals(record)
        written, removed = await requests.masks(record)
        gone = diff.removed_entries(
            await requests.before(record),
            removals.take(np.flatnonzero(removed)),
            additions.take(np.flatnonzero(written)),
        )
        at_ms = record.applying_ms + _PROPAGATION_MS
        why = f"change {record.id} removed the entry as a false positive: {record.reason}"
        await self._context.retract(wrong_entries(gone, why=why, by=record.author, at_ms=at_ms))

    async def recover(self, record: ChangeRequest) -> ChangeRequest | None:
        """Complete a request whose commit is in the lists, and return it; None when it is not."""
        version = await self.committed_version(record)
        if version is None:
            return None
        logger.info("%s was committed at version %d; completing it", record.subject, version)
        if record.kind is not ChangeKind.POLICY:
            await self._keeper.keep_found(record.commit, version)
        who, note = record.approved_by or record.author, "found in the lists afterwards"
        return await self.finish(record, version, by=who, note=note)

    async def give_up(self, record: ChangeRequest) -> ChangeRequest | None:
        """Have a commit never arrive; return the request as applied where it has."""
        if record.applying_after is not None:
            log = self._policies.log if record.kind is ChangeKind.POLICY else self._context.lists
            await log.give_up(record.commit)
        return await self.recover(record)

    async def committed_version(self, record: ChangeRequest) -> int | None:
        """Return the version a marked request committed; None when it committed none."""
        if record.applying_after is None:
            return None
        if record.kind is ChangeKind.POLICY:
            return await self._policies.version_of(record)
        return await self._context.lists.version_of(record.commit, after=record.applying_after)

    async def _commit(self, plan: ApplicationPlan, version: int, record: ChangeRequest) -> int:
        if plan.diff.is_empty:
            return 0
        try:
            done = await self._context.lists.commit(plan.change, expected_version=version)
        except Unavailable as error:
            raise Unavailable(
                "change {id}: the outcome of its commit is unknown: {error}; `fanzha changes "
                "show {id}` shows it within a minute",
                id=record.id, error=error,
            ) from error  # fmt: skip
        await self._keeper.keep(plan.change, done.version)
        return done.version

    def _plan(
        self, snapshot: Snapshot, record: ChangeRequest, contents: ChangeContents
    ) -> ApplicationPlan:
        context = self._context
        now_s = context.now_ms() // 1000
        additions, removals = contents.additions, contents.removals
        _check_protected(additions)
        if record.emergency is not None:
            additions = diff.cap_expiry(additions, record.emergency.ends_s)
        change_diff = diff.compute_diff(snapshot, additions, removals)
        wrote = diff.rows_to_write(additions, removals, change_diff)
        if record.emergency is not None:
            wrote &= ~diff.in_force(snapshot, additions, now_s)
            change_diff = diff.limited_to(change_diff, additions, wrote)
        as_written = diff.with_approver(additions, record.approved_by)
        change = ListChange(
            version=0,
            author=record.author,
            reason=record.reason,
            committed_at_ms=context.now_ms(),
            additions=as_written if wrote.all() else as_written.take(np.flatnonzero(wrote)),
            removals=removals.take(np.flatnonzero(change_diff.present)),
            commit=record.commit,
        )
        return ApplicationPlan(
            diff=change_diff, additions=as_written, written=wrote, removals=removals, change=change
        )

    async def _linked_transitions(
        self, done: ChangeRequest, event: ChangeEvent
    ) -> list[ChangeTransition]:
        """Return the transition of the request that *done* reverts or confirms.

        None where the store failed over and has lost that.
        """
        linked = [one for one in (done.reverts, done.confirms) if one]
        found = await self._context.requests.get_many(linked)
        if not found:
            return []
        if done.reverts:
            undone = found[0]
            if undone.state is not ChangeState.APPLIED:
                return []
            note = replace(event, what="reverted", note=done.subject)
            after = undone.with_event(note, state=ChangeState.REVERTED, reverted_by=done.id)
            return [ChangeTransition(before=undone, after=after, fields={})]
        urgent = found[0]
        if urgent.emergency is None or not urgent.unconfirmed:
            return []
        note = replace(event, what="confirmed", note=done.subject)
        confirmed = replace(urgent.emergency, confirmed_by=done.approved_by, confirmation=done.id)
        after = urgent.with_event(note, emergency=confirmed)
        return [ChangeTransition(before=urgent, after=after, fields={})]


def _check_version(expected: int | None, version: int) -> None:
    if expected not in (None, version):
        raise VersionConflict.between(
            "expected_version", Message("the lists are"), expected=expected, actual=version
        )


def _check_protected(additions: EntryTable) -> None:
    """Check protected patterns again: this release may protect more than the one that submitted."""
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
            raise InvalidInput("the guard refuses this change: {why}", why=why)


def _audit_details(record: ChangeRequest, plan: ApplicationPlan) -> dict[str, str]:
    counts = ", ".join(f"{name.lower()} {rows}" for name, rows in plan.diff.counts().items())
    who = identity.current()
    return {
        "over_version": str(plan.diff.version),
        "rows": counts,
        "written": str(len(plan.change.additions)),
        "removed": str(len(plan.change.removals)),
        "author": record.author,
        "approved_by": record.approved_by,
        "one_person": str(record.one_person).lower(),
        "unreviewed": "; ".join(record.unreviewed_risks),
        "emergency": record.emergency.why if record.emergency else "",
        "additions_sha256": record.additions.sha256,
        "removals_sha256": record.removals.sha256,
        "development": str(who.development).lower(),
    }
