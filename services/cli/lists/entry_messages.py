"""Entries as a server sends them, read into those of the lists."""

from __future__ import annotations

from datetime import UTC, datetime

from blocklists import entries as list_entries
from fanzha import decisions
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.v1 import blocklist_pb2 as pb


def read(message: pb.Entry) -> list_entries.Entry:
    """Read an entry; `InvalidInput` for values that this version does not know."""
    try:
        return list_entries.Entry(
            kind=list_entries.EntryKind(message.kind),
            pattern=message.pattern,
            action=decisions.Action(message.action),
            direction=list_entries.Direction(message.direction),
            fraud_type=FraudType(message.fraud_type),
            source=list_entries.Source(message.source),
            reason=message.reason,
            legal_basis=message.legal_basis,
            created_by=message.created_by,
            created_at=_moment(message.created_at_s),
            expires_at=_moment(list_entries.NO_END_S if message.no_end else message.expires_at_s),
            campaign=message.campaign,
            region=message.region,
            mode=list_entries.EntryMode(message.mode or list_entries.EntryMode.ENFORCE),
            review_at=_moment(message.review_at_s) if message.review_at_s else None,
        )
    except ValueError as error:
        raise InvalidInput(
            "entry {entry_id}: {error}; is the server newer?",
            entry_id=message.entry_id,
            error=error,
        ) from None


def _moment(at_s: int) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
