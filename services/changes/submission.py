"""Submits change requests: compare with the lists, preview, lock the entries, store."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import numpy as np

from blocklists.conflicts import search
from blocklists.entry_table import EntryTable, Identities
from blocklists.row_validation import ENTRY_TEXT
from blocklists.snapshot.snapshot import Snapshot
from fanzha.errors import InvalidInput, VersionConflict
from fanzha.translation.message import Message
from infra import text_limits
from services.audit.events import AuditKind
from services.auth import identity, region_scope
from services.changes import audit_details, permissions, second_person
from services.changes.application import ChangeApplication
from services.changes.change_context import ChangeContents, ChangeContext, SubmissionResult
from services.changes.diff import ChangeDiff, check_false_positives, check_replacements
from services.changes.entry_set import EntrySet
from services.changes.locks import EntriesLocked
from services.changes.model import (
    ChangeEvent,
    ChangeKind,
    ChangeRequest,
    ChangeState,
    Draft,
    Emergency,
)
from services.changes.previewer import ChangePreviewer
from services.changes.scope import region_checks, shown_parts
from services.changes.store import ChangeTransition, LocksChanged

_ATTEMPTS = 5


class ChangeSubmission:
    """Creates and submits requests. The caller holds `ChangeContext.step_lock`."""

    def __init__(self, context: ChangeContext, application: ChangeApplication) -> None:
        self._context = context
        self._application = application
        self._previewer = ChangePreviewer(context)

    async def submit_and_apply(
        self,
        draft: Draft,
        *,
        dry_run: bool = False,
        emergency_why: str = "",
        wait: bool = False,
        undoes_approved: bool = False,
    ) -> SubmissionResult:
        """Take a draft to applied, or to pending where it needs a second person."""
        asked, (draft, snapshot) = draft, await self.check_draft(draft)
        contents = ChangeContents(additions=draft.additions, removals=draft.removals)
        found = await self._previewer.compare(snapshot, contents)
        if dry_run or found.diff.is_empty:
            return await self._answer(asked, found)
        await asyncio.to_thread(_check_intent, draft, found.diff)
        found = await self._previewer.preview(
            found, draft, contents, undoes_approved=undoes_approved
        )
        there = draft.removals.take(np.flatnonzero(found.diff.present))
        contents = ChangeContents(additions=draft.additions, removals=there)
        record = await self._new_record(draft, found)
        record = audit_details.as_submitted(record, found)
        if permissions.officer_approves(draft) and record.one_person:
            officer = permissions.approving_officer(record)
            record = replace(record, approved_by=officer, one_person=False)
        record = record.with_event(self.event(record.author, "submitted"))
        if emergency_why:
            record = self.as_emergency(record, emergency_why, removals=len(there))
        waits = record.state is ChangeState.PENDING or wait
        if not waits or record.emergency:
            record = second_person.confirm_risks(record, draft.confirmed_risks)
            done = await self.store_and_apply(
                record, contents, by=record.author, expected_version=draft.expected_version
            )
            version = done.applied_version or found.version
            return await self._answer(asked, replace(found, record=done, version=version))
        record, fields = await self._put(record, contents.additions, contents.removals)
        entered = await self.store_submitted(record, contents, stored=None, fields=fields)
        return await self._answer(asked, replace(found, record=entered))

    async def _new_record(self, draft: Draft, found: SubmissionResult) -> ChangeRequest:
        version, id_ = found.snapshot.version, await self._context.requests.new_id()
        regions = await asyncio.to_thread(
            region_checks.regions_together, draft.additions, found.diff.before
        )
        return replace(self.new_record(draft, id_, version), regions=regions)

    async def _answer(self, asked: Draft, found: SubmissionResult) -> SubmissionResult:
        """Return a result as it is for the caller: without what lies beyond their regions."""
        seen = await region_scope.readable(found.snapshot)
        if seen is found.snapshot:
            return found
        shown = await asyncio.to_thread(shown_parts.shown_removals, found.snapshot, asked.removals)
        present = np.zeros(len(asked.removals), np.bool_)
        present[shown] = found.diff.present
        now_s = self._context.now_ms() // 1000
        return replace(
            found,
            snapshot=seen,
            diff=replace(found.diff, present=present),
            conflicts=await asyncio.to_thread(search.find, seen, asked.additions, now_s),
        )

    async def regions_of(self, snapshot: Snapshot, draft: Draft) -> tuple[str, ...]:
        """Return the regions of what a draft adds, replaces and removes."""
        return await asyncio.to_thread(
            region_checks.regions_touched, snapshot, draft.additions, draft.removals
        )

    async def check_draft(self, draft: Draft) -> tuple[Draft, Snapshot]:
        """Check reason, permission, scope and version of a draft.

        Return it without removals of what is not there for the caller, and the current lists.
        """
        text_limits.required("reason", draft.reason, ENTRY_TEXT)
        permissions.check_may_propose(draft.kind)
        snapshot = await self._context.current.caught_up()
        asked = len(draft.additions) + len(draft.removals)
        shown = await asyncio.to_thread(shown_parts.shown_removals, snapshot, draft.removals)
        if not shown.all():
            draft = replace(draft, removals=draft.removals.take(np.flatnonzero(shown)))
        await self._context.check_scope(
            ChangeContents(additions=draft.additions, removals=draft.removals)
        )
        if not asked and not draft.dropped:
            raise InvalidInput("a change has at least one row")
        if draft.expected_version not in (None, snapshot.version):
            raise VersionConflict.between(
                "expected_version",
                Message("the lists are"),
                expected=draft.expected_version,
                actual=snapshot.version,
            )
        return draft, snapshot

    async def store_submitted(
        self,
        record: ChangeRequest,
        contents: ChangeContents,
        *,
        stored: ChangeRequest | None,
        fields: dict[str, bytes],
    ) -> ChangeRequest:
        """Store a submitted request and lock its entries."""
        step = ChangeTransition(before=stored, after=record, fields=fields)
        entries = await asyncio.to_thread(EntrySet.of, contents.additions, contents.removals)
        for _ in range(_ATTEMPTS):
            await self._check_locks(record, entries)
            try:
                counter = await self._context.transition(
                    [step],
                    AuditKind.REQUEST_SUBMITTED,
                    audit_details.details_of(record),
                    expected_locks=self._context.locks.counter,
                    actor=record.author,
                )
            except LocksChanged:
                continue
            self._context.locks.add(record.id, entries, counter)
            return replace(record, revision=(stored.revision if stored else 0) + 1)
        raise VersionConflict(
            "change {id}: other requests changed the locks {attempts} times; retry",
            id=record.id,
            attempts=_ATTEMPTS,
        )

    async def store_and_apply(
        self,
        record: ChangeRequest,
        contents: ChangeContents,
        *,
        by: str,
        expected_version: int | None = None,
    ) -> ChangeRequest:
        """Store and apply a new request in one step."""
        entries = await asyncio.to_thread(EntrySet.of, contents.additions, contents.removals)
        draft = contents.additions, contents.removals
        for _ in range(_ATTEMPTS):
            await self._check_locks(record, entries)
            await self._context.audit.record(
                AuditKind.REQUEST_SUBMITTED,
                subject=record.subject,
                details=audit_details.details_of(record),
                actor=record.author,
            )
            with_rows, fields = await self._put(record, *draft)
            try:
                return await self._application.apply(
                    with_rows,
                    contents,
                    by=by,
                    fields=fields,
                    entries=entries,
                    expected_version=expected_version,
                    audit_kind=AuditKind.EMERGENCY_APPLIED
                    if record.emergency
                    else AuditKind.CHANGE_APPLIED,
                )
            except LocksChanged:
                await self._context.requests.drop(with_rows.additions, with_rows.removals)
        raise VersionConflict(
            "change {id}: other requests changed the locks {attempts} times; retry",
            id=record.id,
            attempts=_ATTEMPTS,
        )

    async def _check_locks(self, record: ChangeRequest, entries: EntrySet) -> None:
        locks = self._context.locks
        await locks.refresh()
        try:
            await asyncio.to_thread(locks.check, entries, exclude=record.id)
        except EntriesLocked as error:
            who = record.author
            await self._context.record_failure(record.subject, "lock entries", error, actor=who)
            if not region_checks.is_seen(await self._context.requests.get(error.change_id)):
                raise VersionConflict(
                    "a request beyond your regions is open and holds one of the entries"
                ) from None
            raise

    async def put_rows(
        self, record: ChangeRequest, draft: Draft
    ) -> tuple[ChangeRequest, dict[str, bytes]]:
        """Store the rows of a draft; return the record referring to them and inline fields."""
        return await self._put(record, draft.additions, draft.removals)

    async def _put(
        self, record: ChangeRequest, additions: EntryTable, removals: Identities
    ) -> tuple[ChangeRequest, dict[str, bytes]]:
        added, first = await self._context.requests.put(additions, "additions")
        removed, second = await self._context.requests.put(removals, "removals")
        return replace(record, additions=added, removals=removed), first | second

    def new_record(self, draft: Draft, id_: int, version: int) -> ChangeRequest:
        """Return a new record in state DRAFT, not stored yet."""
        lift = permissions.is_lift(draft) and draft.author
        author = draft.author if lift else identity.author(draft.author)
        text_limits.required("author", author, ENTRY_TEXT)
        now_ms = self._context.now_ms()
        return ChangeRequest(
            id=id_,
            kind=draft.kind,
            state=ChangeState.DRAFT,
            nonce=uuid4().hex[:12],
            author=author,
            reason=draft.reason,
            legal_basis=draft.legal_basis,
            source=int(draft.source or 0),
            campaign=draft.campaign,
            expires_s=draft.expires_s,
            base_version=version,
            created_ms=now_ms,
            problems=draft.problems,
            dropped=draft.dropped,
            reverts=draft.reverts,
            confirms=draft.confirms,
            restores_version=draft.restores_version,
            left_alone=draft.left_alone,
            left_alone_examples=draft.left_alone_examples,
            false_positive=draft.false_positive,
            events=(ChangeEvent(at_ms=now_ms, who=author, what="created"),),
        )

    def as_emergency(self, record: ChangeRequest, why: str, *, removals: int) -> ChangeRequest:
        """Return the record as an emergency that expires after ``emergency_hours``."""
        text_limits.required("emergency_why", why, ENTRY_TEXT)
        ends_s = self._context.now_ms() // 1000 + int(self._context.options.emergency_hours * 3600)
        kind = ChangeKind.EMERGENCY
        return replace(
            _as_emergency(record, why, ends_s, removals=removals), kind=kind, one_person=True
        )

    def event(self, name: str, what: str, note: str = "") -> ChangeEvent:
        """Return the event of a step taken now by the caller."""
        return ChangeEvent(
            at_ms=self._context.now_ms(), who=identity.author(name), what=what, note=note
        )


def _as_emergency(record: ChangeRequest, why: str, ends_s: int, *, removals: int) -> ChangeRequest:
    """Return the request as an emergency; `InvalidInput` when it does not end by itself."""
    if record.kind is ChangeKind.POLICY:
        raise InvalidInput(
            "emergency: a carrier policy does not end by itself; a second person has to approve it"
        )
    if removals:
        raise InvalidInput(
            "emergency: cannot remove entries, because removals do not expire: "
            "add an allow entry for the same pattern instead; it takes effect at once"
        )
    return replace(record, emergency=Emergency(why=why, ends_s=ends_s))


def _check_intent(draft: Draft, diff: ChangeDiff) -> None:
    """Raise an error where a change would do what its author does not seem to mean."""
    if not draft.may_replace:
        # A source sends its file again and again: only what is of another is not its to replace.
        is_import = draft.kind is ChangeKind.IMPORT
        check_replacements(
            diff, draft.additions, draft.removals, edits=draft.edits, of_others=is_import
        )
    if draft.false_positive:
        check_false_positives(diff, draft.additions, draft.removals)
