"""Forms of the Cases page: what was typed becomes a request, or an error beside its field."""

import re
from collections.abc import Mapping, Sequence

from fanzha.errors import InvalidInput
from fanzha.v1 import case_pb2 as pb
from fanzha.v1 import decision_pb2, warning_pb2
from services.console.web.form_numbers import enum_choice, whole_number
from services.console.web.page_request import PageRequest

FEN = 100
DUE_HOURS = (1, 2, 4, 24, 72)
"""Hours ahead that a note may set as the next due time."""
MEANS_KINDS = (
    warning_pb2.MEANS_KIND_CALLER,
    warning_pb2.MEANS_KIND_SENDER,
    warning_pb2.MEANS_KIND_LINK,
    warning_pb2.MEANS_KIND_ACCOUNT,
)
OUTCOMES = (
    pb.CASE_OUTCOME_SAFE,
    pb.CASE_OUTCOME_LOST_MONEY,
    pb.CASE_OUTCOME_UNREACHABLE,
    pb.CASE_OUTCOME_FALSE_ALARM,
    pb.CASE_OUTCOME_DUPLICATE,
)
TIERS = (pb.CASE_TIER_HIGH, pb.CASE_TIER_MEDIUM, pb.CASE_TIER_LOW)
STATES = (
    pb.CASE_STATE_NEW,
    pb.CASE_STATE_ROUTED,
    pb.CASE_STATE_WARNED,
    pb.CASE_STATE_DISSUADING,
    pb.CASE_STATE_CLOSED,
)
FRAUD_TYPES = tuple(number for number in decision_pb2.FraudType.values() if number)
_YUAN = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,2}))?")
_PAGE = 50


def number(text: str, known: Sequence[int]) -> int:
    """Read the number of an enum from an address; 0 for none, and for one that is not *known*."""
    found: int = enum_choice(text, known)
    return found


def listed(visit: PageRequest) -> pb.ListCasesRequest:
    """Read the filter of a list from the address."""
    query = visit.query
    tier = number(query.get("tier", ""), TIERS)
    state = number(query.get("state", ""), STATES)
    fraud = number(query.get("fraud", ""), FRAUD_TYPES)
    return pb.ListCasesRequest(
        region=query.get("region", "")[:20],
        tiers=[tier] if tier else [],  # type: ignore[list-item]
        states=[state] if state else [],  # type: ignore[list-item]
        fraud_types=[fraud] if fraud else [],  # type: ignore[list-item]
        officer=visit.session.name if query.get("mine") else "",
        overdue_only=bool(query.get("overdue")),
        page_size=_PAGE,
        page_token=query.get("page", ""),
    )


def means(visit: PageRequest, kind: str, value: str) -> list[pb.CaseMeans]:
    """Read one number, link or account from two fields; none where the value is empty."""
    text = visit.field(value)
    if not text:
        return []
    chosen = number(visit.field(kind), MEANS_KINDS) or warning_pb2.MEANS_KIND_CALLER
    return [pb.CaseMeans(kind=chosen, value=text)]  # type: ignore[arg-type]


def note(visit: PageRequest, case_id: str, now_ms: int) -> pb.NoteCaseRequest:
    """Read a note."""
    hours = number(visit.field("due"), DUE_HOURS)
    return pb.NoteCaseRequest(
        case_id=case_id,
        text=visit.field("text"),
        unreached=visit.field("unreached") == "1",
        due_at_ms=now_ms + hours * 3_600_000 if hours else 0,
        evidence=means(visit, "evidence_kind", "evidence"),
        by=visit.session.by,
    )


def closing(visit: PageRequest, case_id: str) -> pb.CloseCaseRequest:
    """Read how a case ended; raises `InvalidInput` for an amount that is none."""
    return pb.CloseCaseRequest(
        case_id=case_id,
        outcome=number(visit.field("outcome"), OUTCOMES),  # type: ignore[arg-type]
        reason=visit.field("reason"),
        lost_fen=_fen(visit.field("lost")),
        lost_to=means(visit, "lost_to_kind", "lost_to"),
        duplicate_of=visit.field("duplicate_of"),
        revision=_revision(visit),
        by=visit.session.by,
    )


def typed(visit: PageRequest) -> Mapping[str, str]:
    """Return what was sent, to be shown again beside what is wrong with it."""
    return {name: visit.field(name) for name in visit.form}


def _revision(visit: PageRequest) -> int | None:
    return whole_number(visit.field("revision"))


def _fen(text: str) -> int | None:
    if not text:
        return None
    amount = _YUAN.fullmatch(text.replace(",", ""))
    found = amount and int(amount[1]) * FEN + int(f"{amount[2] or 0:0<2}")
    if not found:
        raise InvalidInput("{text!r} is no amount in yuan such as 12000 or 12000.50", text=text)
    return found
