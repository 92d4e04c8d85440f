"""Snapshots of entries at the time of an appeal, as an entry may change or be removed later."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from blocklists.entries import Direction, Entry, EntryKind, EntryMode, Source
from fanzha.decisions import Action
from fanzha.fraud import FraudType


def written(entry: Entry) -> dict[str, Any]:
    """Serialize an entry."""
    return {
        "kind": int(entry.kind),
        "pattern": entry.pattern,
        "action": int(entry.action),
        "direction": int(entry.direction),
        "fraud_type": int(entry.fraud_type),
        "source": entry.source.name.lower(),
        "reason": entry.reason,
        "legal_basis": entry.legal_basis,
        "created_by": entry.created_by,
        "approved_by": entry.approved_by,
        "created_at_s": int(entry.created_at.timestamp()),
        "expires_at_s": int(entry.expires_at.timestamp()),
        "campaign": entry.campaign,
        "region": entry.region,
        "mode": int(entry.mode),
        "review_at_s": int(entry.review_at.timestamp()) if entry.review_at else 0,
    }


def read(fields: Mapping[str, Any]) -> Entry:
    """Deserialize an entry."""
    review_s = fields["review_at_s"]
    return Entry(
        kind=EntryKind(fields["kind"]),
        pattern=fields["pattern"],
        action=Action(fields["action"]),
        direction=Direction(fields["direction"]),
        fraud_type=FraudType(fields["fraud_type"]),
        source=Source[fields["source"].upper()],
        reason=fields["reason"],
        legal_basis=fields["legal_basis"],
        created_by=fields["created_by"],
        approved_by=fields["approved_by"],
        created_at=datetime.fromtimestamp(fields["created_at_s"], UTC),
        expires_at=datetime.fromtimestamp(fields["expires_at_s"], UTC),
        campaign=fields["campaign"],
        region=fields.get("region", ""),  # appeals of earlier releases have none
        mode=EntryMode(fields["mode"]),
        review_at=datetime.fromtimestamp(review_s, UTC) if review_s else None,
    )
