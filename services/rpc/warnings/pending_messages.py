"""Writes pending backfills as messages."""

from collections.abc import Callable
from typing import Any

from fanzha.v1 import warning_backfill_pb2 as pb
from services.decision_log.recipient_subject import SubjectKind
from services.warning.backfill.model import CHANGE, PendingBackfill, PendingState, RecipientCount

_wire: Callable[[int], Any] = int
KINDS: dict[str, int] = {
    **dict(zip((one.value for one in SubjectKind), (1, 2, 3, 4), strict=True)),
    CHANGE: 5,
}
_STATES = dict(zip(PendingState, (1, 2, 3, 4, 5, 6), strict=True))
"""The numbers of the wire, in the order of the enums."""


def pending_backfill(one: PendingBackfill) -> pb.PendingBackfill:
    """Write one."""
    message = pb.PendingBackfill(
        backfill_id=one.id,
        state=_wire(_STATES[one.state]),
        list_version=one.list_version,
        change_id=one.change_id,
        listed_by=one.by,
        approved_by=one.approved_by,
        effective_at_ms=one.effective_at_ms,
        days=one.days,
        effective_count=one.effective_count,
        entries=[
            pb.EffectiveEntry(
                entry_id=entry.entry_id,
                kind=_wire(KINDS[entry.subject.value]),
                pattern=entry.pattern,
                fraud_type=_wire(entry.fraud_type),
                campaign=entry.campaign,
                expires_at_s=entry.expires_s,
            )
            for entry in one.entries
        ],
        rows=one.rows,
        ended_at_ms=one.ended_at_ms,
        ended_by=one.ended_by,
        why=one.why,
    )
    if one.count is not None:
        message.count.CopyFrom(_count(one.count))
    return message


def _count(count: RecipientCount) -> pb.PendingBackfillCount:
    return pb.PendingBackfillCount(
        counted_at_ms=count.at_ms,
        persons=count.persons,
        lower_bound=count.lower_bound,
        complete=count.complete,
        left_out=count.left_out,
        torn=count.torn,
        covers_from_ms=count.covers_from_ms,
        by_exposure=count.by_exposure,
        by_tier=count.by_tier,
        judged=count.assessed,
        uncounted=count.uncounted,
        why=count.why,
    )
