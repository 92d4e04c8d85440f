"""Serves ChangeService: converts messages, calls the change service, converts back."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from fanzha.errors import InvalidInput
from fanzha.translation.message import Message
from fanzha.translation.negotiation import for_caller
from fanzha.v1 import change_pb2 as pb
from fanzha.v1 import change_pb2_grpc as pb_grpc
from infra import paging
from services.auth import identity
from services.changes import permissions
from services.changes.change_context import SubmissionResult
from services.changes.model import ChangeKind, ChangeRequest, ChangeState, RowProblem
from services.changes.policy.requests import PolicyProposal
from services.changes.service import ChangeService
from services.lists.drafts import DraftReader
from services.rpc.changes import messages
from services.rpc.lists import messages as list_messages

MOST_ROWS = 10_000
"""Most rows of one request; larger ones use ImportEntries."""


class ChangeServicer(pb_grpc.ChangeServiceServicer):
    """Serves change requests. Errors become statuses in the error interceptor."""

    def __init__(self, changes: ChangeService, drafting: DraftReader) -> None:
        self._changes = changes
        self._drafting = drafting

    async def CreateChange(
        self, request: pb.CreateChangeRequest, context: object
    ) -> pb.CreateChangeResponse:
        _check_rows(request.contents)
        read = await self._drafting.read(
            messages.contents(request.contents),
            identity.author(request.author),
            expected_version=_expected_version(request),
        )
        kind = request.kind or ChangeKind.NORMAL
        if kind not in (ChangeKind.NORMAL, ChangeKind.RETIREMENT):
            raise InvalidInput("kind: normal or retirement")
        confirmed = tuple(request.confirmed_risks)
        draft = replace(
            read.draft,
            kind=ChangeKind(kind),
            confirmed_risks=confirmed,
            may_replace=request.replace or request.HasField("expected_version"),
        )
        go_to = request.go_to or ChangeState.DRAFT
        if go_to == ChangeState.DRAFT and not request.emergency_why:
            record = await self._changes.propose(draft)
            return pb.CreateChangeResponse(
                change=messages.change(record),
                additions=map(list_messages.report, read.addition_reports(None)),
                removals=map(list_messages.report, read.removal_reports(None)),
                version=record.base_version,
            )
        if go_to not in (ChangeState.DRAFT, ChangeState.PENDING, ChangeState.APPLIED):
            raise InvalidInput("go_to: draft, pending or applied")
        done = await self._changes.submit_and_apply(
            draft, emergency_why=request.emergency_why, wait=go_to == ChangeState.PENDING
        )
        return pb.CreateChangeResponse(
            change=_change(done, draft.problems),
            additions=map(list_messages.report, read.addition_reports(done.diff)),
            removals=map(list_messages.report, read.removal_reports(done.diff)),
            version=done.version,
        )

    async def EditChange(
        self, request: pb.EditChangeRequest, context: object
    ) -> pb.EditChangeResponse:
        _check_rows(request.contents)
        contents = messages.contents(request.contents)
        read = await self._drafting.read(contents, identity.author(request.author))
        record = await self._changes.edit(request.id, read.draft)
        return pb.EditChangeResponse(change=messages.change(record))

    async def SubmitChange(
        self, request: pb.SubmitChangeRequest, context: object
    ) -> pb.SubmitChangeResponse:
        confirmed = request.confirmed_risks
        record = await self._changes.submit(
            request.id, by=request.author, confirmed=confirmed if request.apply else None
        )
        if request.apply and record.state is ChangeState.APPROVED:
            record = await self._changes.apply(request.id, by=request.author, confirmed=confirmed)
        return pb.SubmitChangeResponse(change=messages.change(record))

    async def ApproveChange(
        self, request: pb.ApproveChangeRequest, context: object
    ) -> pb.ApproveChangeResponse:
        record = await self._changes.approve(
            request.id,
            by=request.by,
            note=request.note,
            hold=request.hold,
            expected_revision=_expected_revision(request),
        )
        return pb.ApproveChangeResponse(change=messages.change(record))

    async def RejectChange(
        self, request: pb.RejectChangeRequest, context: object
    ) -> pb.RejectChangeResponse:
        record = await self._changes.reject(
            request.id,
            by=request.by,
            reason=request.reason,
            expected_revision=_expected_revision(request),
        )
        return pb.RejectChangeResponse(change=messages.change(record))

    async def ReturnChange(
        self, request: pb.ReturnChangeRequest, context: object
    ) -> pb.ReturnChangeResponse:
        record = await self._changes.review.give_back(
            request.id,
            by=request.by,
            reason=request.reason,
            expected_revision=_expected_revision(request),
        )
        return pb.ReturnChangeResponse(change=messages.change(record))

    async def CommentChange(
        self, request: pb.CommentChangeRequest, context: object
    ) -> pb.CommentChangeResponse:
        record = await self._changes.review.comment(request.id, by=request.by, text=request.text)
        return pb.CommentChangeResponse(change=messages.change(record))

    async def ListStaleRows(
        self, request: pb.ListStaleRowsRequest, context: object
    ) -> pb.ListStaleRowsResponse:
        views = self._changes.views
        found = await views.stale.of(await views.get(request.id))
        return pb.ListStaleRowsResponse(
            rows=map(messages.stale_row, found.rows), version=found.version
        )

    async def ResolveStaleRows(
        self, request: pb.ResolveStaleRowsRequest, context: object
    ) -> pb.ResolveStaleRowsResponse:
        views = self._changes.views
        version = request.expected_version if request.HasField("expected_version") else None
        draft = await views.stale.resolved(
            await views.get(request.id),
            messages.stale_choices(request.decisions),
            expected_version=version,
            by=identity.author(request.author),
        )
        record = await self._changes.edit(request.id, draft)
        return pb.ResolveStaleRowsResponse(change=messages.change(record))

    async def ApplyChange(
        self, request: pb.ApplyChangeRequest, context: object
    ) -> pb.ApplyChangeResponse:
        record = await self._changes.apply(
            request.id,
            by=request.by,
            expected_version=_expected_version(request),
            emergency_why=request.emergency_why,
            confirmed=request.confirmed_risks,
        )
        return pb.ApplyChangeResponse(change=messages.change(record))

    async def ConfirmEmergency(
        self, request: pb.ConfirmEmergencyRequest, context: object
    ) -> pb.ConfirmEmergencyResponse:
        urgent, confirming = await self._changes.confirm_emergency(
            request.id, by=request.by, note=request.note
        )
        return pb.ConfirmEmergencyResponse(
            change=messages.change(urgent), confirmation=messages.change(confirming)
        )

    async def RevertChange(
        self, request: pb.RevertChangeRequest, context: object
    ) -> pb.RevertChangeResponse:
        if request.dry_run:
            plan = await self._changes.plan_revert(request.id)
            return pb.RevertChangeResponse(plan=messages.undo_plan(plan))
        done = await self._changes.revert(
            request.id,
            by=request.author,
            reason=request.reason,
            confirmed=request.confirmed_risks,
            false_positive=request.false_positive,
        )
        return pb.RevertChangeResponse(change=_change(done))

    async def RestoreVersion(
        self, request: pb.RestoreVersionRequest, context: object
    ) -> pb.RestoreVersionResponse:
        if request.dry_run:
            plan = await self._changes.plan_restore(request.version)
            return pb.RestoreVersionResponse(plan=messages.undo_plan(plan))
        done = await self._changes.restore(
            request.version,
            by=request.author,
            reason=request.reason,
            confirmed=request.confirmed_risks,
            false_positive=request.false_positive,
        )
        return pb.RestoreVersionResponse(change=_change(done))

    async def GetChange(
        self, request: pb.GetChangeRequest, context: object
    ) -> pb.GetChangeResponse:
        return pb.GetChangeResponse(
            change=messages.change(await self._changes.views.get(request.id))
        )

    async def ListChanges(
        self, request: pb.ListChangesRequest, context: object
    ) -> pb.ListChangesResponse:
        if request.state and int(request.state) not in set(ChangeState):
            raise InvalidInput("state: unknown number {state}", state=request.state)
        state = ChangeState(request.state) if request.state else None
        if request.waiting_for_me:
            if state not in (None, ChangeState.PENDING):
                raise InvalidInput("state: what waits for somebody is pending")
            state = ChangeState.PENDING
        page = await self._changes.views.page(
            state,
            before_id=paging.number_of(request.page_token),
            size=request.page_size,
            only=_chosen(request),
        )
        return pb.ListChangesResponse(
            changes=map(messages.summary, page.records),
            next_page_token=paging.position_at(page.next_before_id),
            unconfirmed_emergencies=map(messages.summary, page.emergencies),
            second_person_rule=self._changes.rule,
            pending=page.pending,
        )

    async def ListChangeRows(
        self, request: pb.ListChangeRowsRequest, context: object
    ) -> pb.ListChangeRowsResponse:
        page = await self._changes.views.rows(
            request.id, offset=request.offset, limit=request.limit
        )
        return pb.ListChangeRowsResponse(
            additions=list_messages.entries([page.additions]),
            removals=messages.references(page.removals),
            before=list_messages.entries([page.before]),
            total=page.total,
        )

    async def PreviewChange(
        self, request: pb.PreviewChangeRequest, context: object
    ) -> pb.PreviewChangeResponse:
        found, second = await self._changes.preview(request.id)
        return pb.PreviewChangeResponse(
            preview=messages.preview(found),
            second_person_needed=second.needed,
            second_person_reasons=map(for_caller, second.reasons),
        )

    async def DiffVersions(
        self, request: pb.DiffVersionsRequest, context: object
    ) -> pb.DiffVersionsResponse:
        last = request.to_version if request.HasField("to_version") else None
        found = await self._changes.views.diff(request.from_version, last)
        return messages.diff(found, request.limit)


def _change(done: SubmissionResult | PolicyProposal, problems: Sequence[RowProblem] = ()) -> Any:
    record: ChangeRequest | None = done.record
    if record is None:
        nothing = Message("the lists are at version {version}", version=done.version)
        why = problems[0].message if problems else nothing
        raise InvalidInput("it would change nothing: {why}", why=why)
    return messages.change(record)


def _expected_version(request: pb.CreateChangeRequest | pb.ApplyChangeRequest) -> int | None:
    return request.expected_version if request.HasField("expected_version") else None


def _expected_revision(
    request: pb.ApproveChangeRequest | pb.RejectChangeRequest | pb.ReturnChangeRequest,
) -> int | None:
    return request.expected_revision if request.HasField("expected_revision") else None


def _chosen(request: pb.ListChangesRequest) -> Callable[[ChangeRequest], bool] | None:
    """Return which requests are of the caller, or wait for them; None: all are meant."""
    if not request.mine and not request.waiting_for_me:
        return None
    if request.mine and request.waiting_for_me:
        raise InvalidInput("mine, waiting_for_me: one's own requests wait for somebody else")
    name, mine = identity.current().name, request.mine

    def chosen(record: ChangeRequest) -> bool:
        return identity.same_person(name, permissions.proposers(record)) is mine

    return chosen


def _check_rows(contents: pb.ChangeContents) -> None:
    rows = len(contents.additions) + len(contents.removals) + len(contents.edits)
    if not 1 <= rows <= MOST_ROWS:
        raise InvalidInput(
            "contents: 1 to {most_rows} rows in one request, not {rows}; ImportEntries takes more",
            most_rows=MOST_ROWS,
            rows=rows,
        )
