"""Crosses the wire outwards: decisions to the bytes of responses, and nothing else.

What every row has is copied as it lies in memory; protobuf writes the rest. A message may
be written in pieces, so each is the arrays and then what protobuf made.
"""

import math
from collections.abc import Callable, Mapping
from functools import cached_property
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
_DETAILS, _ROW = b"\x42", b"\x08"
"""Tags of field 8 of Decisions, and of field 1 of a detail."""
MOST_ENTRIES = 16_384
"""Details of at most so many entries are kept as they are written."""
_MORE, _LOW = 0x80, 0x7F
_ONE_BYTE = [bytes([number]) for number in range(_LOW + 1)]
_NO_DETAIL = Detail()
_NOTHING: dict[str, float] = {}
_BLOCK = int(Action.BLOCK)


class RequestedExtras(NamedTuple):
    """What only requests that ask for it get, by row of the batch; it may hold other rows, too."""

    would_block: Mapping[int, WouldBlock] = MappingProxyType({})
    protocol_answers: Mapping[int, ProtocolAnswer] = MappingProxyType({})


NO_EXTRAS = RequestedExtras()


class EntryMessages:
    """Details of list entries as they are written, but for their row. One thread only.

    `services.decision.details` makes those once for all rows that an entry decides.
    """

    def __init__(self, most: int = MOST_ENTRIES) -> None:
        self._most = most
        self._written: dict[tuple[int, bool], tuple[Detail, bytes]] = {}

    def __len__(self) -> int:
        return len(self._written)

    def of(self, detail: Detail, *, blocks: bool) -> bytes:
        """Return the message without its row."""
        # By its place in memory, which it keeps as long as it is kept.
        key = id(detail), blocks
        found = self._written.get(key)
        if found is None:
            if len(self._written) >= self._most:
                self._written.clear()
            found = self._written[key] = detail, _detail_message(detail, blocks=blocks)
        return found[1]


def _detail_message(detail: Detail, *, blocks: bool) -> bytes:
    message = pb.Detail()
    if detail.error:
        message.error = detail.error
    if detail.cache_seconds is not None:
        message.cache_seconds = detail.cache_seconds
    _fill_found(message, detail, blocks=blocks)
    return message.SerializeToString()


class BatchResponses:
    """Writes the responses to the requests of one batch; what they share is written once."""

    def __init__(self, decisions: Decisions, entries: EntryMessages | None = None) -> None:
        self.decisions = decisions
        self._entries = EntryMessages() if entries is None else entries

    def write(
        self,
        details: Mapping[int, Detail],
        first: int,
        rows: int,
        extras: RequestedExtras = NO_EXTRAS,
    ) -> bytes:
        """Write *rows* decisions from row *first* on, whose details are given."""
        decisions = self.decisions
        if extras is not NO_EXTRAS:
            for mapping in extras:
                # A row with an extra needs a detail to carry it.
                asked = (row for row in mapping if first <= row < first + rows)
                details = dict.fromkeys(asked, _NO_DETAIL) | dict(details)
        if decisions.ids:
            moved = (row for row in range(first, first + rows) if _is_moved(decisions, row, first))
            details = dict.fromkeys(moved, _NO_DETAIL) | dict(details)
        own = self._own(first)
        found = [self._detail(first, row, one, extras) for row, one in details.items()]
        span, count = slice(first, first + rows), _varint(rows)
        # Actions and reasons are numbers below 128: as varints, they are the bytes that they are.
        message = b"".join(
            (
                *(_ACTIONS, count, decisions.actions[span].tobytes()),
                *(_REASONS, count, decisions.reasons[span].tobytes()),
                *(_SCORES, _varint(4 * rows), decisions.scores[span].astype("<f4").tobytes()),
                *(own, *found, self._shared),
            )
        )
        return b"".join((_DECISIONS, _varint(len(message)), message))

    def _own(self, first: int) -> bytes:
        """Write what is no array of a row each, no detail, and of this response alone."""
        decisions = self.decisions
        own = pb.Decisions(first_decision_id=decisions.id_of(first))
        if decisions.thresholds is not None:
            own.threshold = decisions.threshold_of(first)
        return own.SerializeToString()

    def _detail(self, first: int, row: int, detail: Detail, extras: RequestedExtras) -> bytes:
        """Write the detail of a row, with its tag: its row, and then the rest."""
        decisions = self.decisions
        blocks = bool(decisions.actions[row] == _BLOCK)
        if detail.entry_id and detail.velocity_score is None and detail.sender_history is None:
            message = self._entries.of(detail, blocks=blocks)
        else:
            message = _detail_message(detail, blocks=blocks)
        if extras is not NO_EXTRAS or decisions.ids:
            more = pb.Detail()
            _fill_extras(more, extras, row)
            if _is_moved(decisions, row, first):
                more.decision_id = decisions.id_of(row)
            message += more.SerializeToString()
        place = _ROW + _varint(row - first)
        return b"".join((_DETAILS, _varint(len(place) + len(message)), place, message))

    @cached_property
    def _shared(self) -> bytes:
        """What all responses of the batch say alike."""
        decisions = self.decisions
        shared = pb.Decisions(
            list_version=decisions.list_version,
            model_version=decisions.model_version,
            velocity_version=decisions.velocity_version,
            allow_cache_seconds=decisions.allow_cache_seconds,
            block_cache_seconds=decisions.block_cache_seconds,
            dry_run=decisions.dry_run,
        )
        if decisions.thresholds is None:
            shared.threshold = decisions.threshold
        return shared.SerializeToString()


def single_response(decisions: Decisions, row: int, extras: RequestedExtras = NO_EXTRAS) -> bytes:
    """Write one row as the response to a single request."""
    return _single(decision_message(decisions, row, extras))


def repeated_response(decision: pb.Decision, row: int, extras: RequestedExtras) -> bytes:
    """Write an earlier decision as the response to a single request, which is in *row* now."""
    answer = pb.Decision()
    _fill_extras(answer, extras, row)
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
    # Setting fields one by one takes half the time of arguments, and most have nothing to say.
    message = pb.Decision()
    message.decision_id = decisions.id_of(row)
    message.action = _wire(decisions.actions.item(row))
    message.reason = _wire(decisions.reasons.item(row))
    if not math.isnan(score):
        message.score = score
    message.threshold = decisions.threshold_of(row)
    message.list_version = decisions.list_version
    message.model_version = decisions.model_version
    if decisions.velocity_version:
        message.velocity_version = decisions.velocity_version
    cache_seconds = _cache_seconds(decisions, row, detail)
    if cache_seconds is not None:
        message.cache_seconds = cache_seconds
    if decisions.dry_run:
        message.dry_run = True
    _fill(message, decisions, row, detail, extras)
    return message


def _is_moved(decisions: Decisions, row: int, first: int) -> bool:
    """Say whether the id of a row does not follow from that of the first of its request."""
    return bool(decisions.ids) and decisions.id_of(row) != decisions.id_of(first) + row - first


def _cache_seconds(decisions: Decisions, row: int, detail: Detail) -> int | None:
    if detail.cache_seconds is not None:
        return detail.cache_seconds
    if decisions.actions[row] == _BLOCK:
        return decisions.block_cache_seconds
    return decisions.allow_cache_seconds


def _fill(
    message: pb.Decision | pb.Detail,
    decisions: Decisions,
    row: int,
    detail: Detail,
    extras: RequestedExtras,
) -> None:
    """Set what was found about a row; nothing for most rows."""
    if extras is not NO_EXTRAS:
        _fill_extras(message, extras, row)
    if detail is not _NO_DETAIL:
        _fill_found(message, detail, blocks=decisions.actions[row] == _BLOCK)


def _fill_found(message: pb.Decision | pb.Detail, detail: Detail, *, blocks: bool) -> None:
    if detail.entry_id or detail.pattern or detail.matched_on:
        _fill_entry(message, detail, blocks=blocks)
    if detail.fraud_type:
        message.fraud_type = _wire(detail.fraud_type)
    if detail.velocity_score is not None:
        message.velocity_score = detail.velocity_score
        message.velocity_inputs.update(detail.velocity_inputs or {})
    message.sender_history.update(detail.sender_history or _NOTHING)
    message.host_facts.update(detail.host_facts or _NOTHING)
    if detail.link_score is not None:
        message.link_score = detail.link_score
        message.link = detail.link
    if detail.monitored:
        message.monitored = True
    if detail.treatment or detail.delay_ms:
        message.treatment = _wire(detail.treatment)
        message.label = _wire(detail.label)
        message.delay_ms = detail.delay_ms
    if detail.read_bytes or detail.truncated:
        message.read_bytes = detail.read_bytes
        message.truncated = detail.truncated
    if detail.relation is not None:
        _fill_relation(message, detail.relation)


def _fill_entry(message: pb.Decision | pb.Detail, detail: Detail, *, blocks: bool) -> None:
    """Set the entry that decided; its source and legal basis where it blocked the row."""
    message.entry_id = detail.entry_id
    message.pattern = detail.pattern
    message.evidence = _wire(detail.matched_on)
    if blocks and detail.source:
        message.source = _wire(detail.source)
        message.legal_basis = detail.legal_basis


def _fill_relation(message: pb.Decision | pb.Detail, relation: Relation) -> None:
    message.related_entity = relation.entity
    message.related_evidence = _wire(relation.matched_on)
    message.related_to = relation.related_to
    message.related_since_ms = relation.since_ms


def _fill_extras(message: pb.Decision | pb.Detail, extras: RequestedExtras, row: int) -> None:
    would, answer = extras.would_block.get(row), extras.protocol_answers.get(row)
    if answer is not None:
        message.protocol_answer.CopyFrom(protocol_message(answer))
    if would is not None:
        message.shadow_entry_id = would.entry_id
        message.shadow_pattern = would.pattern
        message.shadow_evidence = _wire(would.matched_on)


def _varint(number: int) -> bytes:
    if number <= _LOW:
        return _ONE_BYTE[number]
    written = bytearray()
    while number > _LOW:
        written.append(number & _LOW | _MORE)
        number >>= 7
    written.append(number)
    return bytes(written)
