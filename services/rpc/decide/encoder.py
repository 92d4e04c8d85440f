"""Crosses the wire outwards: decisions to the bytes of responses, and nothing else.

What every row has is copied as it lies in memory; protobuf writes the rest. A message may
be written in pieces, so each is the arrays and then what protobuf made.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from fanzha.decisions import Action, Decisions, Detail, WouldBlock
from fanzha.v1 import decision_pb2 as pb

# Our enums carry the numbers of the wire; generated stubs want their own type for each.
_wire: Callable[[Any], Any] = int

_ACTIONS, _REASONS, _SCORES, _DECISIONS = b"\x12", b"\x1a", b"\x22", b"\x0a"
"""Tags of fields 2, 3 and 4 of Decisions, and of field 1 of each response."""
_MORE, _LOW = 0x80, 0x7F
_ONE_BYTE = [bytes([number]) for number in range(_LOW + 1)]
_NO_DETAIL = Detail()
_BLOCK = int(Action.BLOCK)


def batch_response(
    decisions: Decisions,
    details: Mapping[int, Detail],
    first: int,
    rows: int,
    would_block: Mapping[int, WouldBlock] = MappingProxyType({}),
) -> bytes:
    """Write *rows* decisions from row *first* on, whose details are given.

    *would_block* are the shadow entries to tell of; they may be of other rows, too.
    """
    span = slice(first, first + rows)
    if would_block:
        shadowed = {row: one for row, one in would_block.items() if first <= row < first + rows}
        details = dict.fromkeys(shadowed, _NO_DETAIL) | dict(details)
    else:
        shadowed = {}
    others = pb.Decisions(
        first_decision_id=decisions.first_id + first,
        threshold=decisions.threshold,
        list_version=decisions.list_version,
        model_version=decisions.model_version,
        velocity_version=decisions.velocity_version,
        details=[
            _detail(decisions, row, first, detail, shadowed.get(row))
            for row, detail in details.items()
        ],
    ).SerializeToString()
    count = _varint(rows)
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


def single_response(decisions: Decisions, row: int, would: WouldBlock | None = None) -> bytes:
    """Write one row as the response to a single request; *would* is the shadow entry to tell of."""
    detail = decisions.details.get(row, _NO_DETAIL)
    score = decisions.scores.item(row)
    message = pb.Decision(
        decision_id=decisions.first_id + row,
        action=_wire(decisions.actions.item(row)),
        reason=_wire(decisions.reasons.item(row)),
        score=None if math.isnan(score) else score,
        threshold=decisions.threshold,
        list_version=decisions.list_version,
        model_version=decisions.model_version,
        velocity_version=decisions.velocity_version,
        **_shared_fields(decisions, row, detail, would),
    ).SerializeToString()
    # The responses of all channels have the decision in field 1.
    return b"".join((_DECISIONS, _varint(len(message)), message))


def _detail(
    decisions: Decisions, row: int, first: int, detail: Detail, would: WouldBlock | None
) -> pb.Detail:
    return pb.Detail(
        row=row - first,
        error=detail.error,
        read_bytes=detail.read_bytes,
        **_shared_fields(decisions, row, detail, would),
    )


def _shared_fields(
    decisions: Decisions, row: int, detail: Detail, would: WouldBlock | None
) -> dict[str, Any]:
    """Return what `Decision` and `Detail` both say of a row; nothing for most rows.

    Source and legal basis are told of the entry that blocked the row only.
    """
    fields: dict[str, Any] = {}
    if detail is _NO_DETAIL and would is None:
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
    if detail.link_score is not None:
        fields["link_score"] = detail.link_score
        fields["link"] = detail.link
    if detail.source and decisions.actions[row] == _BLOCK:
        fields["source"] = _wire(detail.source)
        fields["legal_basis"] = detail.legal_basis
    if would is not None:
        fields["shadow_entry_id"] = would.entry_id
        fields["shadow_pattern"] = would.pattern
        fields["shadow_evidence"] = _wire(would.matched_on)
    return fields


def _varint(number: int) -> bytes:
    if number <= _LOW:
        return _ONE_BYTE[number]
    written = bytearray()
    while number > _LOW:
        written.append(number & _LOW | _MORE)
        number >>= 7
    written.append(number)
    return bytes(written)
