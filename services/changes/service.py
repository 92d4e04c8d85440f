"""Change requests: proposed, previewed, approved by a second person, applied, undone.

Every change of the lists is a change request. Where one person may apply it alone,
`submit_and_apply` takes it from draft to applied; otherwise it waits, with its entries locked,
until a second person decides.
"""

from collections.abc import Sequence
from dataclasses import replace

from blocklists.critical.risks import RiskFinder
from blocklists.row_validation import ENTRY_TEXT
from fanzha.errors import InvalidInput, VersionConflict
from fanzha.translation.message import Message
from infra import text_limits
from services.audit.events import AuditKind
from services.auth import identity, region_scope
from services.changes import audit_details, permissions, second_person
from services.changes.application import ChangeApplication
from services.changes.change_context import ChangeContents, ChangeContext, SubmissionResult
from services.changes.diff import check_false_positives
from services.changes.model import ChangeKind, ChangeRequest, ChangeState, Draft, SecondPerson
from services.changes.policy.requests import (
    PolicyContents,
    PolicyProposal,
    PolicyRequests,
    PolicyTerms,
)
from services.changes.preview import ChangePreview
from services.changes.previewer import ChangePreviewer
from services.changes.revert import RevertPlanner
from services.changes.review import ChangeReview, check_revision, in_state
from services.changes.store import ChangeTransition
from services.changes.submission import ChangeSubmission
from services.changes.views import ChangeViews


class ChangeService:
    """The operations on change requests; each checks permissions and writes an audit record."""

    def __init__(self, context: ChangeContext) -> None:
        self._context = context
        self._application = ChangeApplication(context)
        self._submission = ChangeSubmission(context, self._application)
        self._previewer = ChangePreviewer(context)
        self._reverts = RevertPlanner(context)
        self._policies = PolicyRequests(context, self._application, self._submission)
        self.review = ChangeReview(context, self._submission)
        self.views = ChangeViews(context, self._reverts.history)

    @property
    def rule(self) -> identity.SecondPersonRule:
        """The setting ``second_person`` in force."""
        return self._context.options.second_person

    @property
    def risks(self) -> RiskFinder:
        """What finds the risks of entries."""
        return self._context.risks

    async def propose(self, draft: Draft) -> ChangeRequest:
        """Create a draft."""
        async with self._context.audit_refusals("changes", "propose"), self._context.step_lock:
            draft, snapshot = await self._submission.check_draft(draft)
            record = self._submission.new_record(
                draft, await self._context.requests.new_id(), snapshot.version
            )
            record, fields = await self._submission.put_rows(record, draft)
            record = replace(record, regions=await self._submission.regions_of(snapshot, draft))
            await self._context.transition(
                [ChangeTransition(before=None, after=record, fields=fields)],
                AuditKind.REQUEST_CREATED,
                audit_details.details_of(record),
                actor=record.author,
            )
            return replace(record, revision=1)

    async def edit(self, id_: int, draft: Draft) -> ChangeRequest:
        """Replace the contents of a draft."""
        async with self._context.audit_refusals(f"change:{id_}", "edit"), self._context.step_lock:
            before = await self._in_state(id_, ChangeState.DRAFT)
            draft, snapshot = await self._submission.check_draft(draft)
            event = self._submission.event(draft.author, "edited")
            record, fields = await self._submission.put_rows(before, draft)
            after = record.with_event(
                event,
                base_version=snapshot.version,
                reason=draft.reason,
                legal_basis=draft.legal_basis,
                source=int(draft.source or 0),
                campaign=draft.campaign,
                expires_s=draft.expires_s,
                problems=draft.problems,
                dropped=draft.dropped,
                false_positive=draft.false_positive,
                regions=await self._submission.regions_of(snapshot, draft),
            )
            await self._context.transition(
                [ChangeTransition(before=before, after=after, fields=fields)],
                AuditKind.REQUEST_EDITED,
                audit_details.details_of(after),
                actor=event.who,
            )
            await self._context.requests.drop(before.additions, before.removals)
            return replace(after, revision=before.revision + 1)

    async def submit(
        self, id_: int, *, by: str = "", confirmed: Sequence[str] | None = None
    ) -> ChangeRequest:
        """Submit a draft: preview it and lock its entries; PENDING if it needs a second person.

        With *confirmed*, the risks its author confirms, it is about to be applied, and is refused
        if one is missing and no second person is needed.
        """
        async with self._context.audit_refusals(f"change:{id_}", "submit"), self._context.step_lock:
            draft = await self._in_state(id_, ChangeState.DRAFT)
            permissions.check_may_propose(draft.kind)
            contents = await self._context.contents(draft)
            await self._context.check_scope(contents)
            snapshot = await self._context.current.caught_up()
            outcome = await self._previewer.evaluate(snapshot, draft, contents)
            if outcome.diff.is_empty:
                raise InvalidInput(
                    "change {id} changes nothing at version {version}",
                    id=id_,
                    version=snapshot.version,
                )
            if draft.false_positive:
                check_false_positives(outcome.diff, contents.additions, contents.removals)
            event = self._submission.event(by or draft.author, "submitted")
            submitted = audit_details.as_submitted(draft, outcome).with_event(event)
            if confirmed is not None and submitted.state is ChangeState.APPROVED:
                submitted = second_person.confirm_risks(submitted, confirmed)
            return await self._submission.store_submitted(
                submitted, contents, stored=draft, fields={}
            )

    async def submit_and_apply(
        self,
        draft: Draft,
        *,
        dry_run: bool = False,
        emergency_why: str = "",
        wait: bool = False,
    ) -> SubmissionResult:
        """Propose and submit a change, and apply it where one person may.

        A *dry_run*, or a draft that changes nothing, creates no request. With *wait* the request
        is left unapplied.
        """
        refusals = self._context.audit_refusals("changes", "change the lists")
        async with refusals, self._context.step_lock:
            return await self._submission.submit_and_apply(
                draft, dry_run=dry_run, emergency_why=emergency_why, wait=wait
            )

    async def propose_policy(self, contents: PolicyContents, terms: PolicyTerms) -> PolicyProposal:
        """Propose a carrier policy, and apply it where one person may.

        A dry run, or a proposal that is in force already, creates no request.
        """
        refusals = self._context.audit_refusals("policy", "change the carrier policy")
        async with refusals, self._context.step_lock:
            return await self._policies.propose(contents, terms)

    async def approve(
        self,
        id_: int,
        *,
        by: str = "",
        note: str = "",
        hold: bool = False,
        expected_revision: int | None = None,
    ) -> ChangeRequest:
        """Approve a pending request, and apply it unless *hold*."""
        async with (
            self._context.audit_refusals(f"change:{id_}", "approve"),
            self._context.step_lock,
        ):
            record = await self._in_state(id_, ChangeState.PENDING)
            check_revision(record, expected_revision)
            event = self._submission.event(by, "approved", note)
            permissions.check_may_decide(record, event.who)
            contents = await self._context.contents(record)
            await self._context.check_scope(contents)
            approved = record.with_event(event, state=ChangeState.APPROVED, approved_by=event.who)
            await self._context.transition(
                [ChangeTransition(before=record, after=approved, fields={})],
                AuditKind.REQUEST_APPROVED,
                {"author": record.author, "note": note, **audit_details.checksums(record)},
                actor=event.who,
            )
            approved = replace(approved, revision=record.revision + 1)
            if hold:
                return approved
            return await self._application.apply(approved, contents, by=event.who, stored=approved)

    async def reject(
        self, id_: int, *, by: str = "", reason: str, expected_revision: int | None = None
    ) -> ChangeRequest:
        """Reject a draft or an open request; authors withdraw their own this way."""
        text_limits.required("reason", reason, ENTRY_TEXT)
        async with self._context.audit_refusals(f"change:{id_}", "reject"), self._context.step_lock:
            record = await self._in_state(
                id_, ChangeState.DRAFT, ChangeState.PENDING, ChangeState.APPROVED
            )
            check_revision(record, expected_revision)
            event = self._submission.event(by, "rejected", reason)
            permissions.check_may_reject(record, event.who)
            if await self._application.give_up(record):
                raise VersionConflict("change {id} is applied already", id=id_)
            after = record.with_event(event, state=ChangeState.REJECTED, applying_after=None)
            counter = await self._context.transition(
                [ChangeTransition(before=record, after=after, fields={})],
                AuditKind.REQUEST_REJECTED,
                {"author": record.author, "reason": reason},
                actor=event.who,
            )
            self._context.locks.release(id_, counter)
            return replace(after, revision=record.revision + 1)

    async def apply(
        self,
        id_: int,
        *,
        by: str = "",
        expected_version: int | None = None,
        emergency_why: str = "",
        confirmed: Sequence[str] = (),
    ) -> ChangeRequest:
        """Apply an approved request; with *emergency_why*, also a pending one, as an emergency.

        *confirmed* are the risks its author confirms, if nobody else approved it.
        """
        async with self._context.audit_refusals(f"change:{id_}", "apply"), self._context.step_lock:
            urgent = (ChangeState.PENDING,) if emergency_why else ()
            record = await self._in_state(id_, *urgent, ChangeState.APPROVED)
            permissions.check_may_apply(record)
            if settled := await self._application.recover(record):
                return settled
            audit_kind, applied = AuditKind.CHANGE_APPLIED, record
            if emergency_why and record.state is ChangeState.PENDING:
                applied = self._submission.as_emergency(
                    record, emergency_why, removals=record.removals.rows
                )
                audit_kind = AuditKind.EMERGENCY_APPLIED
            applied = second_person.confirm_risks(applied, confirmed)
            contents = await self._context.contents(record)
            await self._context.check_scope(contents)
            return await self._application.apply(
                applied,
                contents,
                by=identity.author(by),
                stored=record,
                expected_version=expected_version,
                audit_kind=audit_kind,
            )

    async def confirm_emergency(
        self, id_: int, *, by: str = "", note: str = ""
    ) -> tuple[ChangeRequest, ChangeRequest]:
        """Confirm an emergency as a second person; return it and the confirming request."""
        async with (
            self._context.audit_refusals(f"change:{id_}", "confirm"),
            self._context.step_lock,
        ):
            record = await self._in_state(id_, ChangeState.APPLIED)
            who = identity.author(by)
            permissions.check_may_decide(record, who)
            draft = await self._reverts.plan_confirmation(record, note)
            await self._context.audit.record(
                AuditKind.EMERGENCY_CONFIRMED,
                subject=record.subject,
                details={"author": record.author, "note": note},
                actor=who,
            )
            snapshot = await self._context.current.caught_up()
            contents = ChangeContents(additions=draft.additions, removals=draft.removals)
            outcome = await self._previewer.evaluate(snapshot, draft, contents)
            second = SecondPerson(
                needed=True, rule=self.rule, reasons=(Message("it confirms an emergency"),)
            )
            new = self._submission.new_record(
                draft, await self._context.requests.new_id(), snapshot.version
            )
            new = replace(new, author=record.author, approved_by=who, state=ChangeState.APPROVED)
            new = replace(new, regions=record.regions)
            new = replace(new, preview=audit_details.stored_preview(outcome), second_person=second)
            done = await self._submission.store_and_apply(new, contents, by=who)
            return await self._context.requests.get(id_), done

    async def revert(
        self,
        id_: int,
        *,
        by: str = "",
        reason: str,
        confirmed: Sequence[str] = (),
        false_positive: bool = False,
    ) -> SubmissionResult | PolicyProposal:
        """Revert an applied request by a new one; what others changed since is left alone.

        *false_positive* says that the blocks it removes were wrong: their warnings are retracted.
        """
        text_limits.required("reason", reason, ENTRY_TEXT)
        async with self._context.audit_refusals(f"change:{id_}", "revert"), self._context.step_lock:
            record = await self._in_state(id_, ChangeState.APPLIED)
            if record.kind is ChangeKind.POLICY:
                if false_positive:
                    raise InvalidInput("false_positive: a carrier policy blocks nothing by itself")
                terms = PolicyTerms(author=by, reason=reason, confirmed_risks=tuple(confirmed))
                return await self._policies.revert(record, terms)
            permissions.check_may_propose(ChangeKind.REVERT)
            draft = await self._reverts.plan_revert(record, by, reason)
            draft = replace(draft, confirmed_risks=tuple(confirmed), false_positive=false_positive)
            return await self._submission.submit_and_apply(draft, undoes_approved=_approved(record))

    async def plan_revert(self, id_: int) -> Draft | PolicyProposal:
        """Return what `revert` would submit now; changes nothing."""
        record = await self._in_state(id_, ChangeState.APPLIED)
        if record.kind is ChangeKind.POLICY:
            return await self._policies.revert(record, PolicyTerms(dry_run=True))
        permissions.check_may_propose(ChangeKind.REVERT)
        return await self._reverts.plan_revert(record, by="", reason="")

    async def plan_restore(self, version: int) -> Draft:
        """Return what `restore` would submit now; changes nothing."""
        permissions.check_may_propose(ChangeKind.REVERT)
        draft, _ = await self._reverts.plan_restore(version, by="", reason="")
        return draft

    async def restore(
        self,
        version: int,
        *,
        by: str = "",
        reason: str,
        confirmed: Sequence[str] = (),
        false_positive: bool = False,
    ) -> SubmissionResult:
        """Restore the lists to an earlier version by a new request; *false_positive* as above."""
        text_limits.required("reason", reason, ENTRY_TEXT)
        async with (
            self._context.audit_refusals(f"version:{version}", "restore"),
            self._context.step_lock,
        ):
            permissions.check_may_propose(ChangeKind.REVERT)
            draft, approved = await self._reverts.plan_restore(version, by, reason)
            draft = replace(draft, confirmed_risks=tuple(confirmed), false_positive=false_positive)
            return await self._submission.submit_and_apply(draft, undoes_approved=approved)

    async def preview(self, id_: int) -> tuple[ChangePreview, SecondPerson]:
        """Preview a request against the current lists and decision log."""
        record = await self._context.seen(id_)
        if record.kind is ChangeKind.POLICY:
            raise InvalidInput(
                "change {id} is of the carrier policy: `fanzha changes show` has its preview",
                id=id_,
            )
        contents = await self._context.contents(record)
        snapshot = await self._context.current.caught_up()
        found = await self._previewer.evaluate(
            await region_scope.readable(snapshot), record, contents
        )
        if found.preview is None or found.second_person is None:
            raise InvalidInput("change {id} has nothing to preview", id=id_)
        return found.preview, found.second_person

    async def _in_state(self, id_: int, *states: ChangeState) -> ChangeRequest:
        return await in_state(self._context, id_, *states)


def _approved(record: ChangeRequest) -> bool:
    urgent = record.emergency
    return bool(record.approved_by or (urgent and urgent.confirmed_by))
