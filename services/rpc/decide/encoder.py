"""Crosses the wire outwards: decisions to the bytes of responses, and nothing else.

What every row has is copied as it lies in memory; protobuf writes the rest. A message may
be written in pieces, so each is the arrays and then what protobuf made.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from fanzha.decisions import Action, Decisions, Detail, Relation, WouldBlock
from fanzha.v1 import decision_pb2 as pb
from services.decision.protocol_answer.model import ProtocolAnswer
from services.rpc.decide.protocol_messages import protocol_message

# Our enums carry the numbers of the wire; generated stubs want their own type for each.
_wire: Callable[[Any], Any] = int

_ACTIONS, _REASONS, _SCORES, _DECISIONS = b"\x12", b"\x1a", b"\x22", b"\x0a"
"""Tags of fields 2, 3 and 4 of Decisions, and of field 1 of each response."""
_MORE, _LOW = 0x80, 0x7F
_ONE_BYTE = [bytes([number]) for number in range(_LOW + 1)]
_NO_DETAIL = Detail()
_BLOCK = int(Action.BLOCK)


class RequestedExtras(NamedTuple):
    """What only requests that ask for it get, by row of the batch; it may hold other rows, too."""

    would_block: Mapping[int, WouldBlock] = MappingProxyType({})
    protocol_answers: Mapping[int, ProtocolAnswer] = MappingProxyType({})


NO_EXTRAS = RequestedExtras()


def batch_response(
    decisions: Decisions,
    details: Mapping[int, Detail],
    first: int,
    rows: int,
    extras: RequestedExtras = NO_EXTRAS,
) -> bytes:
    """Write *rows* decisions from row *first* on, whose details are given."""
    for mapping in extras:
        if mapping:
            # A row with an extra needs a detail to carry it.
            asked = (row for row in mapping if first <= row < first + rows)
            details = dict.fromkeys(asked, _NO_DETAIL) | dict(details)
    if decisions.ids:
        moved = (row for row in range(first, first + rows) if _is_moved(decisions, row, first))
        details = dict.fromkeys(moved, _NO_DETAIL) | dict(details)
    written = [_detail(decisions, row, first, detail, extras) for row, detail in details.items()]
    others = _others(decisions, first, written).SerializeToString()
    span, count = slice(first, first + rows), _varint(rows)
    # Actions and reasons are numbers below 128: as varints, they are the bytes that they are.
    message = b"".join(
        (
            *(_ACTIONS, count, decisions.actions[span].tobytes()),
            *(_REASONS, count, decisions.reasons[span].tobytes()),
            *(_SCORES, _varint(4 * rows), decisions.scores[span].astype("<f4").tobytes()),
            others,
        )
    )
    return b"".join((_DECISIONS, _varint(len(message)), message))


def _others(decisions: Decisions, first: int, details: Sequence[pb.Detail]) -> pb.Decisions:
    """Return what is no array of a row each."""
    return pb.Decisions(
        first_decision_id=decisions.id_of(first),
        threshold=decisions.threshold_of(first),
        list_version=decisions.list_version,
        model_version=decisions.model_version,
        velocity_version=decisions.velocity_version,
        allow_cache_seconds=decisions.allow_cache_seconds,
        block_cache_seconds=decisions.block_cache_seconds,
        details=details,
        dry_run=decisions.dry_run,
    )


def single_response(decisions: Decisions, row: int, extras: RequestedExtras = NO_EXTRAS) -> bytes:
    """Write one row as the response to a single request."""
    return _single(decision_message(decisions, row, extras))


def repeated_response(decision: pb.Decision, row: int, extras: RequestedExtras) -> bytes:
    """Write an earlier decision as the response to a single request, which is in *row* now."""
    answer = pb.Decision(**_extras(extras, row))
    answer.MergeFrom(decision)
    return _single(answer)


def _single(decision: pb.Decision) -> bytes:
    # The responses of all channels have the decision in field 1.
    message = decision.SerializeToString()
    return b"".join((_DECISIONS, _varint(len(message)), message))


def decision_message(
    decisions: Decisions, row: int, extras: RequestedExtras = NO_EXTRAS
) -> pb.Decision:
    """Return one row as a message."""
    detail = decisions.details.get(row, _NO_DETAIL)
    score = decisions.scores.item(row)
    return pb.Decision(
        decision_id=decisions.id_of(row),
        action=_wire(decisions.actions.item(row)),
        reason=_wire(decisions.reasons.item(row)),
        score=None if math.isnan(score) else score,
        threshold=decisions.threshold_of(row),
        list_version=decisions.list_version,
        model_version=decisions.model_version,
        velocity_version=decisions.velocity_version,
        monitored=detail.monitored,
        cache_seconds=_cache_seconds(decisions, row, detail),
        dry_run=decisions.dry_run,
        **_found(decisions, row, detail),
        **_relation(detail.relation),
        **_extras(extras, row),
    )


def _detail(
    decisions: Decisions, row: int, first: int, detail: Detail, extras: RequestedExtras
) -> pb.Detail:
    return pb.Detail(
        row=row - first,
        error=detail.error,
        decision_id=decisions.id_of(row) if _is_moved(decisions, row, first) else 0,
        monitored=detail.monitored,
        cache_seconds=detail.cache_seconds,
        **_found(decisions, row, detail),
        **_relation(detail.relation),
        **_extras(extras, row),
    )


def _is_moved(decisions: Decisions, row: int, first: int) -> bool:
    """Say whether the id of a row does not follow from that of the first of its request."""
    return bool(decisions.ids) and decisions.id_of(row) != decisions.id_of(first) + row - first


def _cache_seconds(decisions: Decisions, row: int, detail: Detail) -> int | None:
    if detail.cache_seconds is not None:
        return detail.cache_seconds
    if decisions.actions[row] == _BLOCK:
        return decisions.block_cache_seconds
    return decisions.allow_cache_seconds


def _found(decisions: Decisions, row: int, detail: Detail) -> dict[str, Any]:
    """Return what was found about a row, only what is set; nothing for most rows.

    Source and legal basis are those of the entry that blocked the row.
    """
    fields: dict[str, Any] = {}
    if detail is _NO_DETAIL:
        return fields
    if detail.entry_id or detail.pattern or detail.matched_on:
        fields["entry_id"] = detail.entry_id
        fields["pattern"] = detail.pattern
        fields["evidence"] = _wire(detail.matched_on)
    if detail.fraud_type:
        fields["fraud_type"] = _wire(detail.fraud_type)
    if detail.velocity_score is not None:
        fields["velocity_score"] = detail.velocity_score
        fields["velocity_inputs"] = detail.velocity_inputs
    if detail.sender_history is not None:
        fields["sender_history"] = detail.sender_history
    if detail.link_score is not None:
        fields["link_score"] = detail.link_score
        fields["link"] = detail.link
    if detail.read_bytes or detail.truncated:
        fields["read_bytes"] = detail.read_bytes
        fields["truncated"] = detail.truncated
    if detail.treatment or detail.delay_ms:
        fields["treatment"] = _wire(detail.treatment)
        fields["label"] = _wire(detail.label)
        fields["delay_ms"] = detail.delay_ms
    if detail.source and decisions.actions[row] == _BLOCK:
        fields["source"] = _wire(detail.source)
        fields["legal_basis"] = detail.legal_basis
    return fields


def _relation(relation: Relation | None) -> dict[str, Any]:
    if relation is None:
        return {}
    return {
        "related_entity": relation.entity,
        "related_evidence": _wire(relation.matched_on),
        "related_to": relation.related_to,
        "related_since_ms": relation.since_ms,
    }


def _extras(extras: RequestedExtras, row: int) -> dict[str, Any]:
    would, answer = extras.would_block.get(row), extras.protocol_answers.get(row)
    found: dict[str, Any] = {}
    if answer is not None:
        found["protocol_answer"] = protocol_message(answer)
    if would is not None:
        found |= {
            "shadow_entry_id": would.entry_id,
            "shadow_pattern": would.pattern,
            "shadow_evidence": _wire(would.matched_on),
        }
    return found


def _varint(number: int) -> bytes:
    if number <= _LOW:
        return _ONE_BYTE[number]
    written = bytearray()
    while number > _LOW:
        written.append(number & _LOW | _MORE)
        number >>= 7
    written.append(number)
    return bytes(written)
