"""What reviewers do with a request besides deciding: return it to its author, and comment on it."""

from dataclasses import replace

from blocklists.row_validation import ENTRY_TEXT
from fanzha.errors import InvalidInput, VersionConflict
from fanzha.translation.message import Message, alternatives
from infra import text_limits
from services.audit.events import AuditKind
from services.changes import permissions
from services.changes.change_context import ChangeContext
from services.changes.model import ChangeKind, ChangeRequest, ChangeState
from services.changes.scope import region_checks
from services.changes.store import ChangeTransition
from services.changes.submission import ChangeSubmission

MOST_COMMENTS = 200
"""Of one request: its record is read and written whole."""


async def in_state(context: ChangeContext, id_: int, *states: ChangeState) -> ChangeRequest:
    """Return a request in one of *states* that the caller may work on.

    Raises `VersionConflict` when it is in another, `NotFound` when it is not there for the caller,
    and `NotAllowed` when it is about more than the caller's regions.
    """
    record = await context.seen(id_)
    region_checks.check_may_work_on(record)
    if record.state not in states:
        required = alternatives([state.name.lower() for state in states])
        raise VersionConflict(
            "change {id} is {name}; only one that is {required} can be",
            id=id_,
            name=record.state.name.lower(),
            required=required,
        )
    return record


def check_revision(record: ChangeRequest, expected: int | None) -> None:
    """Raise `VersionConflict` when the request is not as a reviewer saw it."""
    if expected not in (None, record.revision):
        raise VersionConflict.between(
            "expected_revision",
            Message("change {id} is", id=record.id),
            expected=expected,
            actual=record.revision,
            advice=Message("look at it again"),
        )


class ChangeReview:
    """Returns requests to their authors, and adds comments."""

    def __init__(self, context: ChangeContext, submission: ChangeSubmission) -> None:
        self._context = context
        self._submission = submission

    async def give_back(
        self, id_: int, *, by: str = "", reason: str, expected_revision: int | None = None
    ) -> ChangeRequest:
        """Make a pending request a draft again, for its author to change; unlocks its entries."""
        text_limits.required("reason", reason, ENTRY_TEXT)
        context = self._context
        async with context.audit_refusals(f"change:{id_}", "return"), context.step_lock:
            record = await in_state(context, id_, ChangeState.PENDING)
            check_revision(record, expected_revision)
            event = self._submission.event(by, "returned", reason)
            permissions.check_may_decide(record, event.who)
            if record.kind is ChangeKind.POLICY:
                raise InvalidInput(
                    "change {id} is of the carrier policy, which has no drafts: reject it", id=id_
                )
            after = record.with_event(
                event, state=ChangeState.DRAFT, preview=None, second_person=None
            )
            counter = await context.transition(
                [ChangeTransition(before=record, after=after, fields={})],
                AuditKind.REQUEST_RETURNED,
                {"author": record.author, "reason": reason},
                actor=event.who,
            )
            context.locks.release(id_, counter)
            return replace(after, revision=record.revision + 1)

    async def comment(self, id_: int, *, by: str = "", text: str) -> ChangeRequest:
        """Add a comment to the history of a request that is not over."""
        text_limits.required("text", text, ENTRY_TEXT)
        context = self._context
        async with context.audit_refusals(f"change:{id_}", "comment"), context.step_lock:
            record = await in_state(
                context, id_, ChangeState.DRAFT, ChangeState.PENDING, ChangeState.APPLIED
            )
            comments = sum(one.what == "commented" for one in record.events)
            if comments >= MOST_COMMENTS:
                raise InvalidInput("text: at most {most} comments", most=MOST_COMMENTS)
            event = self._submission.event(by, "commented", text)
            after = record.with_event(event)
            await context.transition(
                [ChangeTransition(before=record, after=after, fields={})],
                AuditKind.REQUEST_COMMENTED,
                {"text": text},
                actor=event.who,
            )
            return replace(after, revision=record.revision + 1)
