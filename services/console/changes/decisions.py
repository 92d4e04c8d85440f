"""What people do with a change request: each is one call, and its refusal is shown on the page."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from fanzha.translation.message import Message
from fanzha.v1 import change_pb2 as pb
from fanzha.v1 import change_state_pb2
from services.console.backend.faults import BackendFault
from services.console.web.form_numbers import MOST_INT64, whole_number
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute

_DEADLINE_SECONDS = 600.0
"""Applying millions of rows takes its time; the request is safe if the browser leaves."""


class ChangeDecisions:
    """The actions of the page of one request."""

    def __init__(
        self, page_of: Callable[..., Awaitable[Response]], id_of: Callable[[PageRequest], int]
    ) -> None:
        """*page_of* shows the request with what an action met."""
        self._page_of = page_of
        self._id_of = id_of

    async def approve(self, visit: PageRequest) -> Response:
        """Approve, and apply."""
        request = pb.ApproveChangeRequest(
            id=self._id_of(visit),
            by=visit.session.by,
            note=visit.field("note"),
            expected_revision=_revision(visit),
        )
        return await self._do(visit, "ApproveChange", request)

    async def reject(self, visit: PageRequest) -> Response:
        """Reject, or withdraw one's own."""
        return await self._with_reason(visit, "RejectChange", pb.RejectChangeRequest)

    async def give_back(self, visit: PageRequest) -> Response:
        """Return it to its author."""
        return await self._with_reason(visit, "ReturnChange", pb.ReturnChangeRequest)

    async def comment(self, visit: PageRequest) -> Response:
        """Add a comment."""
        text = visit.field("note")
        if not text:
            return await self._page_of(visit, wrong=Message("Write what you want to say."))
        request = pb.CommentChangeRequest(id=self._id_of(visit), by=visit.session.by, text=text)
        return await self._do(visit, "CommentChange", request)

    async def submit(self, visit: PageRequest) -> Response:
        """Submit a draft, and apply it where one person may."""
        request = pb.SubmitChangeRequest(
            id=self._id_of(visit),
            author=visit.session.by,
            apply=True,
            confirmed_risks=_confirmed(visit),
        )
        return await self._do(visit, "SubmitChange", request)

    async def apply(self, visit: PageRequest) -> Response:
        """Apply an approved request; or, with a reason, a pending one as an emergency."""
        request = pb.ApplyChangeRequest(
            id=self._id_of(visit),
            by=visit.session.by,
            emergency_why=visit.field("note") if visit.field("emergency") else "",
            confirmed_risks=_confirmed(visit),
        )
        if visit.field("emergency") and not request.emergency_why:
            return await self._page_of(visit, wrong=Message("Say why it cannot wait."))
        return await self._do(visit, "ApplyChange", request)

    async def resolve(self, visit: PageRequest) -> Response:
        """Say what becomes of each stale row."""
        id_ = self._id_of(visit)
        found = await visit.calls.unary(
            "ChangeService/ListStaleRows", pb.ListStaleRowsRequest(id=id_)
        )
        request = pb.ResolveStaleRowsRequest(
            id=id_,
            author=visit.session.by,
            expected_version=whole_number(visit.field("version"), most=MOST_INT64),
        )
        for place, row in enumerate(found.rows):
            choice = visit.field(f"choice-{place}")
            if choice in {"1", "2", "3"}:
                one: Any = int(choice)
                request.decisions.add(entry=row.entry, choice=one)
        return await self._do(visit, "ResolveStaleRows", request)

    async def confirm(self, visit: PageRequest) -> Response:
        """Confirm an emergency."""
        request = pb.ConfirmEmergencyRequest(
            id=self._id_of(visit), by=visit.session.by, note=visit.field("note")
        )
        return await self._do(visit, "ConfirmEmergency", request)

    async def revert(self, visit: PageRequest) -> Response:
        """Propose to undo an applied request: what it would do first, then a new request."""
        reason = visit.field("note")
        if not reason:
            return await self._page_of(visit, wrong=Message("Say why it is undone."))
        request = pb.RevertChangeRequest(
            id=self._id_of(visit),
            author=visit.session.by,
            reason=reason,
            confirmed_risks=_confirmed(visit),
            false_positive=bool(visit.field("false_positive")),
        )
        if not visit.field("planned"):
            request.dry_run = True
            try:
                answer = await visit.calls.unary(
                    "ChangeService/RevertChange", request, deadline_seconds=_DEADLINE_SECONDS
                )
            except BackendFault as fault:
                return await self._met(visit, fault)
            return await visit.show(
                "changes/revert.html",
                plan=answer.plan,
                id=self._id_of(visit),
                reason=reason,
                false_positive=request.false_positive,
            )
        return await self._do(visit, "RevertChange", request)

    async def _with_reason(self, visit: PageRequest, method: str, make: Any) -> Response:
        reason = visit.field("note")
        if not reason:
            return await self._page_of(visit, wrong=Message("Say why."))
        request = make(
            id=self._id_of(visit),
            by=visit.session.by,
            reason=reason,
            expected_revision=_revision(visit),
        )
        return await self._do(visit, method, request)

    async def _do(self, visit: PageRequest, method: str, request: Any) -> Response:
        try:
            answer = await visit.calls.unary(
                f"ChangeService/{method}", request, deadline_seconds=_DEADLINE_SECONDS
            )
        except BackendFault as fault:
            return await self._met(visit, fault)
        return await visit.redirect(f"/changes/{answer.change.id}", message=_done(method, answer))

    async def _met(self, visit: PageRequest, fault: BackendFault) -> Response:
        if not (fault.is_input or fault.status == "PERMISSION_DENIED"):
            raise fault
        return await self._page_of(visit, fault=fault)


def routes(
    page_of: Callable[..., Awaitable[Response]], id_of: Callable[[PageRequest], int]
) -> tuple[PageRoute, ...]:
    """Return the routes of the actions."""
    acts = ChangeDecisions(page_of, id_of)
    return tuple(
        PageRoute(
            path=f"/{{id}}/{word}", view=view, method="POST", needs=(f"ChangeService/{method}",)
        )
        for word, method, view in (
            ("approve", "ApproveChange", acts.approve),
            ("reject", "RejectChange", acts.reject),
            ("return", "ReturnChange", acts.give_back),
            ("comment", "CommentChange", acts.comment),
            ("submit", "SubmitChange", acts.submit),
            ("apply", "ApplyChange", acts.apply),
            ("confirm", "ConfirmEmergency", acts.confirm),
            ("resolve", "ResolveStaleRows", acts.resolve),
            ("revert", "RevertChange", acts.revert),
        )
    )


def _done(method: str, answer: Any) -> str:
    state = answer.change.state
    if method == "CommentChange":
        return Message("Your comment is part of its history.")
    if method == "ResolveStaleRows":
        return Message("The draft is based on the lists as they are now.")
    if method == "ReturnChange":
        return Message("It is a draft again; its author can change and submit it.")
    if state == change_state_pb2.CHANGE_STATE_APPLIED:
        return Message(
            "Change {id} is applied: the lists are at version {version}.",
            id=answer.change.id,
            version=answer.change.applied_version,
        )
    if state == change_state_pb2.CHANGE_STATE_REJECTED:
        return Message("Change {id} is rejected.", id=answer.change.id)
    return Message("It waits for a second person; nothing changed yet.")


def _revision(visit: PageRequest) -> int | None:
    return whole_number(visit.field("revision"), most=MOST_INT64)


def _confirmed(visit: PageRequest) -> list[str]:
    return [str(one) for one in visit.form.getlist("confirm")]
