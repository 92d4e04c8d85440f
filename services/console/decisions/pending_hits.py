"""Suspected hits that nobody has judged: each is confirmed or dismissed, with a note."""

from starlette.responses import Response

from fanzha.translation.message import Message
from fanzha.v1 import decision_pb2, feedback_pb2, hit_pb2
from services.console.decisions import search_form
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute

_PENDING = "HitService/ListPendingHits"
_CONFIRM, _DISMISS = "FeedbackService/ConfirmHit", "FeedbackService/DismissHit"
_PER_PAGE = 50


async def listing(visit: PageRequest) -> Response:
    """Show suspected hits, the newest first."""
    search = search_form.read(visit.query)
    reason = search.filters.get("reason", "")
    request = hit_pb2.ListPendingHitsRequest(
        limit=_PER_PAGE,
        before=visit.query.get("page", ""),
        channel=search_form.number_of(decision_pb2.Channel, search.filters.get("channel", "")),  # type: ignore[arg-type]
    )
    if reason:
        request.reasons.append(search_form.number_of(decision_pb2.Reason, reason))  # type: ignore[arg-type]
    found = await visit.calls.unary(_PENDING, request)
    anything = ("", visit.formats.localized(Message("All")))
    return await visit.show(
        "decisions/pending.html",
        enum=search_form.WORDS,
        tab="pending",
        search=search,
        hits=[_shown(hit) for hit in found.hits],
        more=found.next_before,
        first="page" in visit.query,
        choices={
            name: [anything, *search_form.choices(name, visit.formats)]
            for name in ("channel", "reason")
        },
        may_judge=visit.may(_CONFIRM, _DISMISS),
    )


async def confirm(visit: PageRequest) -> Response:
    """Confirm that a decision was about fraud."""
    request = feedback_pb2.ConfirmHitRequest(
        decision_id=visit.path_number("decision_id"),
        confirmed_by=visit.session.by,
        note=visit.field("note"),
    )
    answer = await visit.calls.unary(_CONFIRM, request)
    return await _judged(
        visit, Message("Confirmed.") if answer.first else Message("It was confirmed before.")
    )


async def dismiss(visit: PageRequest) -> Response:
    """Say that a decision was not about fraud."""
    request = feedback_pb2.DismissHitRequest(
        decision_id=visit.path_number("decision_id"),
        dismissed_by=visit.session.by,
        note=visit.field("note"),
    )
    answer = await visit.calls.unary(_DISMISS, request)
    return await _judged(
        visit, Message("Dismissed.") if answer.first else Message("It was dismissed before.")
    )


async def _judged(visit: PageRequest, message: str) -> Response:
    if visit.field("back") == "pending":
        return await visit.redirect("/decisions/pending", message=message)
    return await visit.redirect(f"/decisions/{visit.path('decision_id')}", message=message)


def _shown(hit: hit_pb2.PendingHit) -> dict[str, object]:
    fields = dict(hit.fields)
    return {
        "decision_id": fields.get("decision_id", ""),
        "channel": _number(decision_pb2.Channel, fields.get("channel", "")),
        "reason": _number(decision_pb2.Reason, fields.get("reason", "")),
        "action": _number(decision_pb2.Action, fields.get("action", "")),
        "fraud_type": _number(decision_pb2.FraudType, fields.get("fraud_type", "")),
        "from_party": fields.get("from_party", ""),
        "to_party": fields.get("to_party", ""),
        "score": float(fields["score"]) if fields.get("score") else None,
        "at_ms": int(fields.get("decided_at_ms") or fields.get("occurred_at_ms") or 0),
    }


def _number(enum: object, word: str) -> int:
    return search_form.number_of(enum, word)


ROUTES = (
    PageRoute(path="/pending", view=listing, needs=(_PENDING,)),
    PageRoute(path="/{decision_id:digits}/confirm", view=confirm, method="POST", needs=(_CONFIRM,)),
    PageRoute(path="/{decision_id:digits}/dismiss", view=dismiss, method="POST", needs=(_DISMISS,)),
)
