"""Change requests: proposed, previewed, approved by a second person, applied, undone.

Every change to the lists is one of these. Where one person may, `carry_out` takes a change from
nothing to applied; otherwise it waits, its entries locked, until somebody else decides.
"""

from dataclasses import replace

from fanzha.errors import InvalidInput, VersionConflict
from services.audit.events import AuditKind
from services.auth import identity
from services.changes import audit_details, permissions, second_person
from services.changes.application import ChangeApplication
from services.changes.change_context import ChangeContents, ChangeContext, SubmissionResult
from services.changes.model import ChangeKind, ChangeRequest, ChangeState, Draft, SecondPerson
from services.changes.preview import ChangePreview
from services.changes.previewer import ChangePreviewer
from services.changes.revert import RevertPlanner
from services.changes.store import ChangeTransition
from services.changes.submission import ChangeSubmission
from services.changes.views import ChangeViews


class ChangeService:
    """What people do with change requests."""

    def __init__(self, parts: ChangeContext) -> None:
        self._parts = parts
        self._applying = ChangeApplication(parts)
        self._entering = ChangeSubmission(parts, self._applying)
        self._looking = ChangePreviewer(parts)
        self._undoing = RevertPlanner(parts)
        self.views = ChangeViews(parts, self._undoing.history)

    @property
    def rule(self) -> second_person.SecondPersonRule:
        """Return the setting ``second_person`` that holds."""
        return self._parts.options.second_person

    async def propose(self, draft: Draft) -> ChangeRequest:
        """Make a draft."""
        async with self._parts.refusals("changes", "propose"), self._parts.one_at_a_time:
            snapshot = await self._entering.begin(draft)
            record = self._entering.new(
                draft, await self._parts.requests.new_id(), snapshot.version
            )
            record, fields = await self._entering.with_rows(record, draft)
            await self._parts.take(
                [ChangeTransition(before=None, after=record, fields=fields)],
                AuditKind.REQUEST_CREATED,
                audit_details.details_of(record),
                actor=record.author,
            )
            return replace(record, revision=1)

    async def amend(self, id_: int, draft: Draft) -> ChangeRequest:
        """Replace the contents of a draft."""
        async with self._parts.refusals(f"change:{id_}", "amend"), self._parts.one_at_a_time:
            before = await self._in_state(id_, ChangeState.DRAFT)
            snapshot = await self._entering.begin(draft)
            event = self._entering.event(draft.author, "amended")
            record, fields = await self._entering.with_rows(before, draft)
            after = record.noting(
                event,
                base_version=snapshot.version,
                reason=draft.reason,
                legal_basis=draft.legal_basis,
                source=int(draft.source or 0),
                campaign=draft.campaign,
                expires_s=draft.expires_s,
                problems=draft.problems,
                dropped=draft.dropped,
            )
            await self._parts.take(
                [ChangeTransition(before=before, after=after, fields=fields)],
                AuditKind.REQUEST_EDITED,
                audit_details.details_of(after),
                actor=event.who,
            )
            await self._parts.requests.drop(before.additions, before.removals)
            return replace(after, revision=before.revision + 1)

    async def submit(self, id_: int, *, by: str = "") -> ChangeRequest:
        """Submit a draft: preview it, lock its entries, and say whether it has to wait."""
        async with self._parts.refusals(f"change:{id_}", "submit"), self._parts.one_at_a_time:
            draft = await self._in_state(id_, ChangeState.DRAFT)
            permissions.check_may_propose(draft.kind)
            contents = await self._parts.contents(draft)
            await self._parts.check_scope(contents)
            snapshot = await self._parts.current.caught_up()
            outcome = await self._looking.look(snapshot, draft, contents)
            if outcome.judged.nothing:
                raise InvalidInput(f"change {id_} changes nothing at version {snapshot.version}")
            event = self._entering.event(by or draft.author, "submitted")
            submitted = audit_details.as_submitted(draft, outcome).noting(event)
            return await self._entering.enter(submitted, contents, stored=draft, fields={})

    async def carry_out(
        self,
        draft: Draft,
        *,
        trial: bool = False,
        emergency_why: str = "",
        wait: bool = False,
    ) -> SubmissionResult:
        """Propose, submit, and apply where one person may; or only tell what would happen.

        A *trial*, and what changes nothing, makes no request. With *wait* it is not applied.
        """
        refusals = self._parts.refusals("changes", "change the lists")
        async with refusals, self._parts.one_at_a_time:
            return await self._entering.carry_out(
                draft, trial=trial, emergency_why=emergency_why, wait=wait
            )

    async def approve(
        self, id_: int, *, by: str = "", note: str = "", hold: bool = False
    ) -> ChangeRequest:
        """Approve a request that waits, and apply it unless *hold*."""
        async with self._parts.refusals(f"change:{id_}", "approve"), self._parts.one_at_a_time:
            record = await self._in_state(id_, ChangeState.PENDING)
            event = self._entering.event(by, "approved", note)
            permissions.check_may_decide(record, event.who)
            contents = await self._parts.contents(record)
            await self._parts.check_scope(contents)
            approved = record.noting(event, state=ChangeState.APPROVED, approved_by=event.who)
            await self._parts.take(
                [ChangeTransition(before=record, after=approved, fields={})],
                AuditKind.REQUEST_APPROVED,
                {"author": record.author, "note": note, **audit_details.checksums(record)},
                actor=event.who,
            )
            approved = replace(approved, revision=record.revision + 1)
            if hold:
                return approved
            done, _ = await self._applying.apply(approved, contents, by=event.who, stored=approved)
            return done

    async def reject(self, id_: int, *, by: str = "", reason: str) -> ChangeRequest:
        """Reject a draft or a request that waits; its author withdraws it so."""
        audit_details.check_text("reason", reason)
        async with self._parts.refusals(f"change:{id_}", "reject"), self._parts.one_at_a_time:
            record = await self._in_state(
                id_, ChangeState.DRAFT, ChangeState.PENDING, ChangeState.APPROVED
            )
            event = self._entering.event(by, "rejected", reason)
            permissions.check_may_reject(record, event.who)
            if await self._applying.settle(record):
                raise VersionConflict(f"change {id_} is applied already")
            after = record.noting(event, state=ChangeState.REJECTED, applying_after=None)
            counter = await self._parts.take(
                [ChangeTransition(before=record, after=after, fields={})],
                AuditKind.REQUEST_REJECTED,
                {"author": record.author, "reason": reason},
                actor=event.who,
            )
            self._parts.locks.release(id_, counter)
            return replace(after, revision=record.revision + 1)

    async def apply(
        self,
        id_: int,
        *,
        by: str = "",
        expected_version: int | None = None,
        emergency_why: str = "",
    ) -> ChangeRequest:
        """Apply an approved request; or, with a reason, one that waits, as an emergency."""
        async with self._parts.refusals(f"change:{id_}", "apply"), self._parts.one_at_a_time:
            wanted = (
                (ChangeState.PENDING, ChangeState.APPROVED)
                if emergency_why
                else (ChangeState.APPROVED,)
            )
            record = await self._in_state(id_, *wanted)
            permissions.check_may_apply(record)
            if settled := await self._applying.settle(record):
                return settled
            who, audited, applied = identity.author(by), AuditKind.CHANGE_APPLIED, record
            if emergency_why and record.state is ChangeState.PENDING:
                applied = self._entering.urgent(
                    record, emergency_why, removals=record.removals.rows
                )
                audited = AuditKind.EMERGENCY_APPLIED
            contents = await self._parts.contents(record)
            await self._parts.check_scope(contents)
            done, _ = await self._applying.apply(
                applied,
                contents,
                by=who,
                stored=record,
                expected_version=expected_version,
                audited=audited,
            )
            return done

    async def confirm_emergency(
        self, id_: int, *, by: str = "", note: str = ""
    ) -> tuple[ChangeRequest, ChangeRequest]:
        """Confirm an emergency as a second person; return it, and the request that did so."""
        async with self._parts.refusals(f"change:{id_}", "confirm"), self._parts.one_at_a_time:
            record = await self._in_state(id_, ChangeState.APPLIED)
            who = identity.author(by)
            permissions.check_may_decide(record, who)
            draft = await self._undoing.confirmation(record, note)
            await self._parts.audit.record(
                AuditKind.EMERGENCY_CONFIRMED,
                subject=record.subject,
                details={"author": record.author, "note": note},
                actor=who,
            )
            snapshot = await self._parts.current.caught_up()
            contents = ChangeContents(additions=draft.additions, removals=draft.removals)
            outcome = await self._looking.look(snapshot, draft, contents)
            second = SecondPerson(
                needed=True, rule=self.rule, reasons=("it confirms an emergency",)
            )
            new = self._entering.new(draft, await self._parts.requests.new_id(), snapshot.version)
            new = replace(new, author=record.author, approved_by=who, state=ChangeState.APPROVED)
            new = replace(new, preview=audit_details.stored_preview(outcome), second_person=second)
            done = await self._entering.enter_and_apply(new, contents, by=who)
            return await self._parts.requests.get(id_), done

    async def revert(self, id_: int, *, by: str = "", reason: str) -> SubmissionResult:
        """Undo an applied request by a new one; what others changed since is left alone."""
        audit_details.check_text("reason", reason)
        async with self._parts.refusals(f"change:{id_}", "revert"), self._parts.one_at_a_time:
            record = await self._in_state(id_, ChangeState.APPLIED)
            permissions.check_may_propose(ChangeKind.REVERT)
            draft = await self._undoing.revert(record, by, reason)
            return await self._entering.carry_out(draft, undoes=_approved(record))

    async def restore(self, version: int, *, by: str = "", reason: str) -> SubmissionResult:
        """Bring the lists back to a version by a new request."""
        audit_details.check_text("reason", reason)
        async with (
            self._parts.refusals(f"version:{version}", "restore"),
            self._parts.one_at_a_time,
        ):
            permissions.check_may_propose(ChangeKind.REVERT)
            draft, approved = await self._undoing.restoration(version, by, reason)
            return await self._entering.carry_out(draft, undoes=approved)

    async def preview(self, id_: int) -> tuple[ChangePreview, SecondPerson]:
        """Preview a request against the lists and the decision log as they are now."""
        record = await self._parts.requests.get(id_)
        contents = await self._parts.contents(record)
        snapshot = await self._parts.current.caught_up()
        found = await self._looking.look(snapshot, record, contents)
        if found.preview is None or found.second_person is None:
            raise InvalidInput(f"change {id_} has nothing to preview")
        return found.preview, found.second_person

    async def _in_state(self, id_: int, *states: ChangeState) -> ChangeRequest:
        record = await self._parts.requests.get(id_)
        if record.state not in states:
            wanted = " or ".join(state.name.lower() for state in states)
            raise VersionConflict(
                f"change {id_} is {record.state.name.lower()}; only one that is {wanted} can be"
            )
        return record


def _approved(record: ChangeRequest) -> bool:
    urgent = record.emergency
    return bool(record.approved_by or (urgent and urgent.confirmed_by))
