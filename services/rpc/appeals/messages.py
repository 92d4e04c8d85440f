"""Converts between messages and the records of appeals."""

from collections.abc import Callable, Iterable
from typing import Any

from blocklists import region_codes
from blocklists.entries import Direction, Entry
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.translation.negotiation import for_caller
from fanzha.v1 import appeal_pb2 as pb
from fanzha.v1 import blocklist_pb2
from services.appeals.appeal_file import AppealFile, shown
from services.appeals.documents import SubmittedDocument
from services.appeals.model import Appeal, AppealEvent, AppealState, AppealSubject, Document, Lift
from services.appeals.report import AppealReport, Durations
from services.appeals.scope import is_in_scope
from services.appeals.service import OF_NO_REGION
from services.rpc.lists import messages

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int

STATES = {
    AppealState.RECEIVED: pb.APPEAL_STATE_RECEIVED,
    AppealState.IN_REVIEW: pb.APPEAL_STATE_IN_REVIEW,
    AppealState.UPHELD: pb.APPEAL_STATE_UPHELD,
    AppealState.REJECTED: pb.APPEAL_STATE_REJECTED,
    AppealState.WITHDRAWN: pb.APPEAL_STATE_WITHDRAWN,
}
_STATES_BY_NUMBER = {int(number): state for state, number in STATES.items()}
KINDS = {
    "": pb.NOTICE_KIND_UNSPECIFIED,
    "restriction": pb.NOTICE_KIND_RESTRICTION,
    "receipt": pb.NOTICE_KIND_RECEIPT,
    "upheld": pb.NOTICE_KIND_UPHELD,
    "rejected": pb.NOTICE_KIND_REJECTED,
    "overdue": pb.NOTICE_KIND_OVERDUE,
}
_KINDS_BY_NUMBER = {int(number): kind for kind, number in KINDS.items()}
_LANGUAGES = {0: "zh", int(pb.LANGUAGE_ZH): "zh", int(pb.LANGUAGE_EN): "en"}


def state(number: int) -> AppealState | None:
    """Read a state; None for none."""
    if number and number not in _STATES_BY_NUMBER:
        raise InvalidInput("state: unknown number {number}", number=number)
    return _STATES_BY_NUMBER.get(number)


def region(text: str) -> str:
    """Read the region of a filter; the word ``none`` stays as it is."""
    return text if text == OF_NO_REGION else region_codes.read(text)


def notice_kind(number: int) -> str:
    """Read the kind of notice; empty for the one that fits the state."""
    if number not in _KINDS_BY_NUMBER:
        raise InvalidInput("kind: unknown number {number}", number=number)
    return _KINDS_BY_NUMBER[number]


def language(number: int) -> str:
    """Read a language."""
    if number not in _LANGUAGES:
        raise InvalidInput("language: unknown number {number}", number=number)
    return _LANGUAGES[number]


def handed(documents: Iterable[pb.AppealDocument]) -> list[SubmittedDocument]:
    """Read submitted documents."""
    return [
        SubmittedDocument(name=one.name, sha256=one.sha256, content=one.content)
        for one in documents
    ]


def document(one: Document, content: bytes = b"") -> pb.AppealDocument:
    """Write a document."""
    return pb.AppealDocument(
        name=one.name, sha256=one.sha256, size=one.size, stored=one.stored, content=content
    )


def appeal(one: Appeal, now_ms: int, *, masked: bool) -> pb.Appeal:
    """Write an appeal."""
    outcome = one.outcome
    return pb.Appeal(
        appeal_id=one.appeal_id,
        state=STATES[one.state],
        revision=one.revision,
        received_at_ms=one.received_at_ms,
        deadline_ms=one.deadline_ms,
        closed_at_ms=one.closed_at_ms,
        due_soon=one.due_soon(now_ms),
        overdue=one.overdue(now_ms),
        appellant=one.appellant,
        contact=one.contact,
        grounds=one.grounds,
        documents=map(document, one.documents),
        subject=_subject(one.subject),
        decision_id=one.decision_id,
        decision_found=_wire(one.found_in),
        opened_by=one.opened_by,
        officer=one.officer,
        reason=outcome.reason if outcome else "",
        remedy=outcome.remedy if outcome else "",
        documents_required=outcome.documents_required if outcome else "",
        lift=_lift(one.lift) if one.lift else None,
        events=map(_event, one.events),
        previous_appeal_id=one.previous,
        masked=masked,
        regions=one.regions if is_in_scope(one) else (),
    )


def evidence(found: AppealFile, now_ms: int) -> pb.AppealEvidence:
    """Write the evidence."""
    plan = found.plan
    return pb.AppealEvidence(
        decision=found.decision,
        entries_then=[_entry(one, found) for one in found.entries_then],
        entries_now=[_entry(one, found) for one in found.found.entries],
        verdict=found.verdict,
        recent=[pb.AppealDecision(fields=fields) for fields in found.recent.decisions],
        recent_known=found.recent.known,
        recent_total=found.recent.total,
        others=[appeal(one, now_ms, masked=True) for one in found.others],
        would_remove=[
            _reference(int(entry.kind), shown(entry.pattern, found), Action.BLOCK)
            for entry in plan.removals
        ]
        if plan
        else [],
        would_allow=shown(found.subject.pattern, found) if plan and plan.allow else "",
        protected_because=for_caller(found.found.protected_because),
        change_ids=found.change_ids,
    )


def report(one: AppealReport) -> pb.GetAppealReportResponse:
    """Write a report."""
    return pb.GetAppealReportResponse(
        received=one.received,
        by_state=one.by_state,
        by_opener=one.by_opener,
        by_blocked_by=one.by_blocked_by,
        upheld_by_blocked_by=one.upheld_by_blocked_by,
        due_soon=one.due_soon,
        overdue=one.overdue,
        decided_late=one.decided_late,
        decision_seconds=_durations(one.decision_seconds),
        lift_seconds=_durations(one.lift_seconds),
        lifts_pending=one.lifts_pending,
        lifts_unmeasured=one.lifts_unmeasured,
        regions=[
            pb.RegionAppeals(
                region=code, received=each.received, upheld=each.upheld, rejected=each.rejected
            )
            for code, each in sorted(one.by_region.items())
        ],
    )


def _entry(one: Entry, found: AppealFile) -> blocklist_pb2.Entry:
    written = messages.entry(one, found.hits)
    written.pattern = shown(one.pattern, found)
    return written


def _durations(one: Durations) -> pb.Durations:
    return pb.Durations(count=one.count, median=one.median, p95=one.p95, longest=one.longest)


def _subject(one: AppealSubject) -> pb.AppealSubject:
    return pb.AppealSubject(
        kind=_wire(one.kind), pattern=one.pattern, direction=_wire(one.direction)
    )


def _event(one: AppealEvent) -> pb.AppealEvent:
    return pb.AppealEvent(at_ms=one.at_ms, by=one.by, what=one.what.value, note=one.note)


def _lift(one: Lift) -> pb.AppealLift:
    return pb.AppealLift(
        list_version=one.version,
        change_id=one.change_id,
        removed=[_reference(kind, text, Action.BLOCK) for kind, text in one.removed],
        allowed=blocklist_pb2.Entry(
            kind=_wire(one.allowed[0]),
            pattern=one.allowed[1],
            action=_wire(Action.ALLOW),
            direction=_wire(one.allowed_direction or Direction.BOTH),
            expires_at_s=one.allowed_until_s,
        )
        if one.allowed
        else None,
        committed_at_ms=one.committed_at_ms,
        workers=one.workers,
        seconds=one.seconds,
        pending_reason=one.pending_reason or one.held_by,
    )


def _reference(kind: int, pattern: str, action: int) -> blocklist_pb2.EntryRef:
    return blocklist_pb2.EntryRef(kind=_wire(kind), pattern=pattern, action=_wire(action))
