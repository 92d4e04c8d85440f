"""How a request comes into being: judged, previewed, locked, and put into the store."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import numpy as np

from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import Snapshot
from fanzha.errors import InvalidInput, VersionConflict
from services.audit.events import AuditKind
from services.auth import identity
from services.changes import audit_details, permissions
from services.changes.application import ChangeApplication, as_emergency
from services.changes.change_context import ChangeContents, ChangeContext, SubmissionResult
from services.changes.entry_set import EntrySet
from services.changes.model import ChangeEvent, ChangeKind, ChangeRequest, ChangeState, Draft
from services.changes.previewer import ChangePreviewer
from services.changes.store import ChangeTransition, LocksChanged

_ATTEMPTS = 5


class ChangeSubmission:
    """Makes requests; the caller holds ``one_at_a_time``."""

    def __init__(self, parts: ChangeContext, applying: ChangeApplication) -> None:
        self._parts = parts
        self._applying = applying
        self._looking = ChangePreviewer(parts)

    async def carry_out(
        self,
        draft: Draft,
        *,
        trial: bool = False,
        emergency_why: str = "",
        wait: bool = False,
        undoes: bool = False,
    ) -> SubmissionResult:
        """Take a draft from nothing to applied, or to where it has to wait."""
        snapshot = await self.begin(draft)
        contents = ChangeContents(additions=draft.additions, removals=draft.removals)
        found = await self._looking.judge(snapshot, contents)
        if trial or found.judged.nothing:
            return found
        found = await self._looking.preview(found, draft, contents, undoes=undoes)
        there = draft.removals.take(np.flatnonzero(found.judged.there))
        contents = ChangeContents(additions=draft.additions, removals=there)
        record = self.new(draft, await self._parts.requests.new_id(), snapshot.version)
        record = audit_details.as_submitted(record, found)
        if permissions.officer_approves(draft) and record.one_person:
            officer = permissions.approving_officer(record)
            record = replace(record, approved_by=officer, one_person=False)
        record = record.noting(self.event(record.author, "submitted"))
        if emergency_why:
            record = self.urgent(record, emergency_why, removals=len(there))
        waits = record.state is ChangeState.PENDING or wait
        if not waits or record.emergency:
            done = await self.enter_and_apply(
                record, contents, by=record.author, expected_version=draft.expected_version
            )
            return replace(found, record=done, version=done.applied_version or found.version)
        record, fields = await self._put(record, contents.additions, contents.removals)
        entered = await self.enter(record, contents, stored=None, fields=fields)
        return replace(found, record=entered)

    async def begin(self, draft: Draft) -> Snapshot:
        """Check what can be known of a draft at once; return the lists it is against."""
        audit_details.check_text("reason", draft.reason)
        permissions.check_may_propose(draft.kind)
        await self._parts.check_scope(
            ChangeContents(additions=draft.additions, removals=draft.removals)
        )
        if not len(draft.additions) and not len(draft.removals) and not draft.dropped:
            raise InvalidInput("a change has at least one row")
        snapshot = await self._parts.current.caught_up()
        if draft.expected_version not in (None, snapshot.version):
            raise VersionConflict(
                f"expected_version: the lists are at {snapshot.version}, "
                f"not {draft.expected_version}"
            )
        return snapshot

    async def enter(
        self,
        record: ChangeRequest,
        contents: ChangeContents,
        *,
        stored: ChangeRequest | None,
        fields: dict[str, bytes],
    ) -> ChangeRequest:
        """Put a submitted request into the store, its entries locked."""
        step = ChangeTransition(before=stored, after=record, fields=fields)
        held = await asyncio.to_thread(EntrySet.of, contents.additions, contents.removals)
        for _ in range(_ATTEMPTS):
            await self._check_locks(record, held)
            try:
                counter = await self._parts.take(
                    [step],
                    AuditKind.REQUEST_SUBMITTED,
                    audit_details.details_of(record),
                    locks=self._parts.locks.counter,
                    actor=record.author,
                )
            except LocksChanged:
                continue
            self._parts.locks.take(record.id, held, counter)
            return replace(record, revision=(stored.revision if stored else 0) + 1)
        raise VersionConflict("others make requests all the time; try again")

    async def enter_and_apply(
        self,
        record: ChangeRequest,
        contents: ChangeContents,
        *,
        by: str,
        expected_version: int | None = None,
    ) -> ChangeRequest:
        """Put a request into the store as it is applied, in one go."""
        held = await asyncio.to_thread(EntrySet.of, contents.additions, contents.removals)
        draft = contents.additions, contents.removals
        for _ in range(_ATTEMPTS):
            await self._check_locks(record, held)
            await self._parts.audit.record(
                AuditKind.REQUEST_SUBMITTED,
                subject=record.subject,
                details=audit_details.details_of(record),
                actor=record.author,
            )
            with_rows, fields = await self._put(record, *draft)
            try:
                done, _ = await self._applying.apply(
                    with_rows,
                    contents,
                    by=by,
                    fields=fields,
                    held=held,
                    expected_version=expected_version,
                    audited=AuditKind.EMERGENCY_APPLIED
                    if record.emergency
                    else AuditKind.CHANGE_APPLIED,
                )
            except LocksChanged:
                await self._parts.requests.drop(with_rows.additions, with_rows.removals)
                continue
            return done
        raise VersionConflict("others make requests all the time; try again")

    async def _check_locks(self, record: ChangeRequest, held: EntrySet) -> None:
        locks = self._parts.locks
        await locks.refresh()
        try:
            await asyncio.to_thread(locks.check, held, but=record.id)
        except VersionConflict as error:
            who = record.author
            await self._parts.not_done(record.subject, "hold entries", error, actor=who)
            raise

    async def with_rows(
        self, record: ChangeRequest, draft: Draft
    ) -> tuple[ChangeRequest, dict[str, bytes]]:
        """Write the rows of a draft; return the record that names them, and small rows."""
        return await self._put(record, draft.additions, draft.removals)

    async def _put(
        self, record: ChangeRequest, additions: EntryTable, removals: Identities
    ) -> tuple[ChangeRequest, dict[str, bytes]]:
        added, first = await self._parts.requests.put(additions, "additions")
        removed, second = await self._parts.requests.put(removals, "removals")
        return replace(record, additions=added, removals=removed), first | second

    def new(self, draft: Draft, id_: int, version: int) -> ChangeRequest:
        """Return a draft as a record."""
        lift = permissions.is_lift(draft) and draft.author
        author = draft.author if lift else identity.author(draft.author)
        audit_details.check_text("author", author)
        now_ms = self._parts.now_ms()
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
            events=(ChangeEvent(at_ms=now_ms, who=author, what="created"),),
        )

    def urgent(self, record: ChangeRequest, why: str, *, removals: int) -> ChangeRequest:
        """Return a request that is to be applied as an emergency."""
        audit_details.check_text("emergency_why", why)
        ends_s = self._parts.now_ms() // 1000 + int(self._parts.options.emergency_hours * 3600)
        kind = ChangeKind.EMERGENCY
        return replace(
            as_emergency(record, why, ends_s, removals=removals), kind=kind, one_person=True
        )

    def event(self, said: str, what: str, note: str = "") -> ChangeEvent:
        """Return what is put down of a step that happens now."""
        return ChangeEvent(
            at_ms=self._parts.now_ms(), who=identity.author(said), what=what, note=note
        )
