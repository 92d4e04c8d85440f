"""Writes logged decisions by the names of the fields of hits, for those who read both."""

from collections.abc import Mapping
from typing import Any

from fanzha.fraud import TAXONOMY
from services.decision_log.query import party

_AS_THEY_ARE = ("channel", "action", "reason", "fraud_type", "entry_id", "pattern", "evidence")


def fields(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a hit, empty ones left out."""
    by_velocity = row["reason"] == "VELOCITY" and row.get("velocity_score") is not None
    score = row["velocity_score"] if by_velocity else row["score"]
    written = {
        "decision_id": str(row["decision_id"]),
        **{name: row.get(name) or "" for name in _AS_THEY_ARE},
        "from_party": party(row, "from"),
        "to_party": party(row, "to"),
        # Of a text, the pattern that a link in it matched, as hits have it.
        "url": row.get("url") or (row.get("pattern") if row.get("evidence") == "LINK" else ""),
        "taxonomy": TAXONOMY if row.get("fraud_type") else "",
        "score": "" if score is None else f"{score:.6g}",
        "list_version": str(row["list_version"]),
        "model_version": row.get("velocity_version" if by_velocity else "model_version") or "",
        "occurred_at_ms": str(row["occurred_at_ms"]),
        "decided_at_ms": str(row["decided_at_ms"]),
    }
    return {name: value for name, value in written.items() if value}
