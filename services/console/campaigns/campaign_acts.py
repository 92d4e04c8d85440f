"""What is done about a campaign: confirm suspected hits, list it, warn whom it reached before.

Whatever concerns many people is counted first; the act then says how many, and asks.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from fanzha.translation.message import Message
from fanzha.v1 import blocklist_pb2, change_state_pb2, decision_pb2
from fanzha.v1 import warning_backfill_pb2 as pb
from infra.clock import now_ms
from services.console.backend.faults import BackendFault
from services.console.campaigns import subject
from services.console.campaigns.subject import CampaignSubject
from services.console.web.page_request import PageRequest

_SERVICE = "WarningBackfillService"
PREVIEW_SUSPECTS = f"{_SERVICE}/PreviewSuspects"
CONFIRM_SUSPECTS = f"{_SERVICE}/ConfirmSuspects"
PREVIEW, START = f"{_SERVICE}/PreviewBackfill", f"{_SERVICE}/StartBackfill"
START_PENDING = f"{_SERVICE}/StartPendingBackfill"
UPDATE = "BlocklistService/UpdateEntries"
DAYS = ("7", "30", "90", "180", "365")
"""How long an entry may last, in days."""
_MOST_PARTS = 500
"""Calls of one confirmation; each confirms some hundred hits."""
_BACKFILL_DAYS, _LONGEST_DAYS = 30, 180
_COUNT_SECONDS = 120.0

ShowPage = Callable[..., Awaitable[Response]]
"""`views.page`: shows the campaign with what a form had."""


async def count_suspects(visit: PageRequest, page: ShowPage) -> Response:
    """Count the suspected hits that a confirmation would confirm."""
    about = _about(visit)
    request = pb.PreviewSuspectsRequest(kind=_kind(about), pattern=about.pattern)
    try:
        found = await visit.calls.unary(PREVIEW_SUSPECTS, request, deadline_seconds=_COUNT_SECONDS)
    except BackendFault as fault:
        return await _again(visit, page, "confirm", fault)
    return await page(visit, act="confirm", suspects=found)


async def confirm(visit: PageRequest) -> Response:
    """Confirm the hits that were counted, part by part."""
    about = _about(visit)
    place, hits = "", 0
    for _ in range(_MOST_PARTS):
        answer = await visit.calls.unary(
            CONFIRM_SUSPECTS,
            pb.ConfirmSuspectsRequest(
                kind=_kind(about),
                pattern=about.pattern,
                place=place,
                until_place=visit.field("until_place"),
                fraud_type=_number(visit.field("fraud_type")),  # type: ignore[arg-type]
                note=visit.field("note"),
                confirmed_by=visit.session.by,
            ),
        )
        hits, place = hits + answer.hits, answer.next_place
        if not place:
            break
    said = Message("{hits:,} hits are confirmed.", hits=hits)
    if place:
        said = Message("{hits:,} hits are confirmed; count again for the rest.", hits=hits)
    return await visit.redirect(about.path, message=said)


async def propose(visit: PageRequest, page: ShowPage) -> Response:
    """Propose a block entry, as a change request."""
    about = _about(visit)
    required = ("reason", "legal_basis")
    errors = {name: Message("Required") for name in required if not visit.field(name)}
    if errors:
        return await page(visit, status=400, act="list", values=_typed(visit), errors=errors)
    days = visit.field("days")
    entry = blocklist_pb2.Entry(
        pattern=about.pattern,
        action=decision_pb2.ACTION_BLOCK,
        fraud_type=_number(visit.field("fraud_type")),  # type: ignore[arg-type]
        source=_number(visit.field("source")) or decision_pb2.SOURCE_BUREAU,  # type: ignore[arg-type]
        reason=visit.field("reason"),
        legal_basis=visit.field("legal_basis"),
        campaign=visit.field("campaign"),
        expires_at_s=now_ms() // 1000 + int(days) * 86_400 if days in DAYS else 0,
    )
    request = blocklist_pb2.UpdateEntriesRequest(
        additions=[entry],
        author=visit.session.by,
        reason=visit.field("reason"),
        confirmed_risks=[str(one) for one in visit.form.getlist("confirmed")],
    )
    try:
        answer = await visit.calls.unary(UPDATE, request)
    except BackendFault as fault:
        return await _again(visit, page, "list", fault)
    refused = [row.message for row in answer.additions if row.message and not row.entry_id]
    if refused:
        return await page(visit, status=400, act="list", values=_typed(visit), fault=refused[0])
    return await visit.redirect(about.path, message=_said(answer))


async def count(visit: PageRequest, page: ShowPage) -> Response:
    """Count the people whom a backfill would warn."""
    request = pb.PreviewBackfillRequest(subject=_backfill(visit))
    try:
        found = await visit.calls.unary(PREVIEW, request, deadline_seconds=_COUNT_SECONDS)
    except BackendFault as fault:
        return await _again(visit, page, "backfill", fault)
    return await page(visit, act="backfill", count=found, values=_typed(visit))


async def start(visit: PageRequest) -> Response:
    """Start the backfill that was counted."""
    request = pb.StartBackfillRequest(
        subject=_backfill(visit),
        fraud_type=_number(visit.field("fraud_type")),  # type: ignore[arg-type]
        started_by=visit.session.by,
    )
    answer = await visit.calls.unary(START, request, deadline_seconds=_COUNT_SECONDS)
    said = Message("{persons:,} people are being warned.", persons=answer.backfill.persons)
    return await visit.redirect("/campaigns", message=said)


async def start_pending(visit: PageRequest) -> Response:
    """Start a backfill that a change of the lists proposed."""
    request = pb.StartPendingBackfillRequest(
        backfill_id=visit.path("backfill_id"), started_by=visit.session.by
    )
    answer = await visit.calls.unary(START_PENDING, request, deadline_seconds=_COUNT_SECONDS)
    said = Message("{persons:,} people are being warned.", persons=answer.backfill.persons)
    return await visit.redirect("/campaigns", message=said)


def _about(visit: PageRequest) -> CampaignSubject:
    about = subject.of_address(visit)
    if about is None:
        raise BackendFault(
            "NOT_FOUND", visit.formats.gettext("That search is no longer known: type it again.")
        )
    return about


async def _again(visit: PageRequest, page: ShowPage, act: str, fault: BackendFault) -> Response:
    """Show the page again with what was typed, where the fault is one of input."""
    if not fault.is_input and fault.status != "NOT_FOUND":
        raise fault
    return await page(
        visit, status=400, act=act, fault=fault.message, values=_typed(visit), risks=fault.risks
    )


def _typed(visit: PageRequest) -> dict[str, Any]:
    return {name: value for name, value in visit.form.items() if isinstance(value, str)}


def _backfill(visit: PageRequest) -> pb.BackfillSubject:
    about, days = _about(visit), visit.field("days")
    wanted = int(days) if days.isdecimal() and len(days) < 4 else _BACKFILL_DAYS  # noqa: PLR2004
    return pb.BackfillSubject(
        kind=_kind(about), pattern=about.pattern, days=max(1, min(wanted, _LONGEST_DAYS))
    )


def _kind(about: CampaignSubject) -> Any:
    # Generated stubs want a type of their own for each enum.
    return about.kind


def _said(answer: blocklist_pb2.UpdateEntriesResponse) -> str:
    if not answer.change_id:
        return Message("The lists have this entry already.")
    if answer.change_state == change_state_pb2.CHANGE_STATE_APPLIED:
        return Message(
            "Change {change_id} is applied: lists are at version {version}.",
            change_id=answer.change_id,
            version=answer.version,
        )
    return Message("Change {change_id} waits for a second person.", change_id=answer.change_id)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= 3 else 0  # noqa: PLR2004 - of an enum
