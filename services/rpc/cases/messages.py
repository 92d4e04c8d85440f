"""Converts between messages and the records of cases."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.v1 import case_pb2 as pb
from services.rpc.warnings.handler import MEANS_KINDS
from services.warning.cases.claims import NOT_CLAIMED, CaseClaim
from services.warning.cases.events import CaseEvent, CaseOutcome, StopPaymentStep
from services.warning.cases.model import Case, CaseState, Origin
from services.warning.desk.actions import MOST_LOST_TO
from services.warning.desk.filter import overdue
from services.warning.desk.queue import BoardTier
from services.warning.desk.service import CasePage
from services.warning.intake.parser import WarningParser
from services.warning.model import Means, MeansKind, Region, Tier
from services.warning.policy.places import places
from services.warning.robot.screen import DialogueOnScreen

Value = TypeVar("Value")

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int

STATES = {
    CaseState.NEW: pb.CASE_STATE_NEW,
    CaseState.ROUTED: pb.CASE_STATE_ROUTED,
    CaseState.WARNED: pb.CASE_STATE_WARNED,
    CaseState.DISSUADING: pb.CASE_STATE_DISSUADING,
    CaseState.CLOSED: pb.CASE_STATE_CLOSED,
}
OUTCOMES = {
    CaseOutcome.SAFE: pb.CASE_OUTCOME_SAFE,
    CaseOutcome.LOST_MONEY: pb.CASE_OUTCOME_LOST_MONEY,
    CaseOutcome.UNREACHABLE: pb.CASE_OUTCOME_UNREACHABLE,
    CaseOutcome.FALSE_ALARM: pb.CASE_OUTCOME_FALSE_ALARM,
    CaseOutcome.DUPLICATE: pb.CASE_OUTCOME_DUPLICATE,
}
_STEPS = {
    StopPaymentStep.DUE: pb.STOP_PAYMENT_STEP_DUE,
    StopPaymentStep.SENT: pb.STOP_PAYMENT_STEP_SENT,
    StopPaymentStep.REFUSED: pb.STOP_PAYMENT_STEP_REFUSED,
    StopPaymentStep.RECEIVED: pb.STOP_PAYMENT_STEP_RECEIVED,
}
_STATES = {int(number): one for one, number in STATES.items()}
_OUTCOMES = {int(number): one for one, number in OUTCOMES.items()}
_MEANS = {kind: number for number, kind in MEANS_KINDS.items()}
_TOOK = frozenset(MeansKind) - {MeansKind.TEXT}


def state(number: int) -> CaseState:
    """Read a state."""
    return _read("states", number, _STATES)


def tier(number: int) -> Tier:
    """Read a tier."""
    return _read("tiers", number, {one.value: one for one in Tier})


def fraud_type(number: int) -> FraudType:
    """Read a kind of fraud; "unknown" is a kind, too."""
    return _read("fraud_types", number, {one.value: one for one in FraudType})


def outcome(number: int) -> CaseOutcome:
    """Read an outcome."""
    if not number:
        raise InvalidInput(
            "outcome: required: one of {caseoutcome}", caseoutcome=", ".join(CaseOutcome)
        )
    return _read("outcome", number, _OUTCOMES)


def means(
    given: Iterable[pb.CaseMeans], reader: WarningParser, field: str = "lost_to"
) -> tuple[Means, ...]:
    """Read the means of *field*, such as those that took money, without duplicates."""
    found: list[Means] = []
    for place, one in enumerate(given):
        if place >= MOST_LOST_TO:
            raise InvalidInput("{field}: at most {most}", field=field, most=MOST_LOST_TO)
        kind = MEANS_KINDS.get(one.kind)
        if kind not in _TOOK:
            raise InvalidInput(
                "{field}: a number, link or account, and no {kind}",
                field=field,
                kind=kind or "other",
            )
        try:
            means = reader.means(kind, one.value)
        except InvalidInput as error:
            raise InvalidInput(
                "{field}, place {place}: {error}", field=field, place=place, error=error
            ) from None
        if means not in found:
            found.append(means)
    return tuple(found)


def case(one: Case, now_ms: int, *, masked: bool, claim: CaseClaim = NOT_CLAIMED) -> pb.Case:
    """Write a case with its warnings and means."""
    written = _without_evidence(one, now_ms, masked=masked, claim=claim)
    written.MergeFrom(
        pb.Case(
            means=map(_written, one.means),
            decision_ids=one.decisions,
            origins=map(_origin, one.origins),
            entry_ids=one.entries,
            messages=[
                pb.CaseMessage(message_id=id_, what=what) for id_, what in one.messages.items()
            ],
            lost_to=map(_written, one.lost_to),
        )
    )
    return written


def summary(one: Case, now_ms: int, claim: CaseClaim = NOT_CLAIMED) -> pb.Case:
    """Write a masked case for a list, without its warnings and means, which may be many."""
    return _without_evidence(one, now_ms, masked=True, claim=claim)


def summaries(page: CasePage, now_ms: int) -> list[pb.Case]:
    """Write the masked cases of a page."""
    return [summary(one, now_ms, claim) for one, claim in zip(page.cases, page.claims, strict=True)]


def board_tier(one: BoardTier, now_ms: int) -> pb.CaseBoardTier:
    """Write one tier of the board."""
    return pb.CaseBoardTier(
        tier=_wire(one.tier),
        open=one.backlog.open,
        overdue=one.backlog.overdue,
        need_person=one.backlog.need_person,
        cases=summaries(one.page, now_ms),
    )


def _without_evidence(one: Case, now_ms: int, *, masked: bool, claim: CaseClaim) -> pb.Case:
    written = _view(one, now_ms, masked=masked)
    written.claimed_by = claim.holder
    written.claimed_until_ms = claim.until_ms
    written.region_name = _place(one.region)
    written.stop_payment = _step(one.stop_payment)
    written.stop_payment_at_ms = one.stop_payment_at_ms
    written.stop_payment_receipt = one.stop_payment_receipt
    return written


def _view(one: Case, now_ms: int, *, masked: bool) -> pb.Case:
    return pb.Case(
        case_id=one.id,
        revision=one.revision,
        victim=one.victim,
        masked=masked,
        campaign=one.campaign,
        state=STATES[one.state],
        tier=_wire(one.tier or 0),
        policy_lines=one.lines,
        policy_version=one.policy,
        province=one.region.province,
        city=one.region.city,
        county=one.region.county,
        region_found_by=one.region.how,
        fraud_type=_wire(one.fraud_type),
        risk=_wire(one.risk),
        confirmed=one.confirmed,
        warnings=one.hits,
        talked_seconds=one.talked_s,
        link_opened=one.opened_link,
        score=one.score,
        occurred_at_ms=one.occurred_at_ms,
        opened_at_ms=one.opened_at_ms,
        changed_at_ms=one.changed_at_ms,
        warned_at_ms=one.warned_at_ms,
        reached_at_ms=one.reached_at_ms,
        due_at_ms=one.due_at_ms,
        overdue=overdue(one, now_ms),
        needs_person=one.needs_person,
        unreached=one.unreached,
        officer=one.officer,
        outcome=_outcome(one.outcome),
        reason=one.reason,
        closed_at_ms=one.closed_at_ms,
        lost_fen=one.lost_fen,
        duplicate_of=one.duplicate_of,
    )


def event(one: CaseEvent) -> pb.CaseEvent:
    """Write an event."""
    warning, message = one.warning, one.message
    origin = means = None
    if warning is not None:
        origin = pb.CaseOrigin(source_name=warning.source_name, reference=warning.reference)
        means = _written(warning.means)
    return pb.CaseEvent(
        what=one.kind.value,
        at_ms=one.at_ms,
        by=one.by,
        why=one.why,
        origin=origin,
        means=means,
        decision_id=warning.decision_id if warning else 0,
        region=one.region.code if one.region else "",
        tier=_wire(one.tier or 0),
        policy_lines=one.lines,
        message_id=message.id if message else "",
        channel=message.channel if message else "",
        officer=one.officer,
        unreached=one.unreached,
        outcome=_outcome(one.outcome),
        lost_fen=one.lost_fen,
        lost_to=map(_written, one.lost_to),
        duplicate_of=one.duplicate_of,
        due_at_ms=one.due_at_ms,
        evidence=map(_written, one.evidence),
        skipped=one.skipped,
        stop_payment=_step(one.stop_payment),
        receipt=one.receipt,
        reply=one.reply.text if one.reply else "",
        reply_meaning=one.reply.meaning if one.reply else "",
    )


def dialogue(one: DialogueOnScreen) -> pb.GetRobotDialogueResponse:
    """Write a dialogue, and how its script goes on."""
    return pb.GetRobotDialogueResponse(
        turns=[
            pb.DialogueTurn(
                at_ms=turn.at_ms,
                by_robot=turn.by_robot,
                text=turn.text,
                meaning=turn.meaning.value if turn.meaning else "",
            )
            for turn in one.turns
        ],
        script=one.script,
        place=one.place,
        outcome=one.outcome.value if one.outcome else "",
        branches=[
            pb.ScriptBranch(
                meaning=branch.meaning.value,
                text=branch.text,
                outcome=branch.outcome.value if branch.outcome else "",
            )
            for branch in one.branches
        ],
    )


def _place(region: Region) -> str:
    known = places()
    upper = known.label(region.province, region.city) if region.province or region.city else ""
    county = known.name(region.county)
    # A county without a name is a code, which must not look like a part of the name before it.
    return f"{upper} {county}".strip() if county.isascii() else upper + county


def _outcome(one: CaseOutcome | None) -> Any:
    return OUTCOMES[one] if one else pb.CASE_OUTCOME_UNSPECIFIED


def _step(one: StopPaymentStep | None) -> Any:
    return _STEPS[one] if one else pb.STOP_PAYMENT_STEP_UNSPECIFIED


def _written(means: Means) -> pb.CaseMeans:
    return pb.CaseMeans(kind=_MEANS[means.kind], value=means.value)


def _origin(one: Origin) -> pb.CaseOrigin:
    return pb.CaseOrigin(source_name=one.source_name, reference=one.reference)


def _read(field: str, number: int, known: Mapping[int, Value]) -> Value:
    found = known.get(number)
    if found is None:
        raise InvalidInput("{field}: unknown number {number}", field=field, number=number)
    return found
