"""Reads logged decisions as hits, for those who read both."""

from collections.abc import Mapping
from typing import Any

from fanzha.decisions import Action, MatchedOn, Reason
from fanzha.fraud import FraudType
from fanzha.tables import Channel
from services.decision.sinks.hit_records import Hit
from services.decision_log.query import party


def hit(row: Mapping[str, Any]) -> Hit:
    """Return a row of `DecisionQuery` as a hit; the log has no campaigns."""
    by_velocity = row["reason"] == Reason.VELOCITY.name and row.get("velocity_score") is not None
    score = row["velocity_score"] if by_velocity else row["score"]
    pattern = row.get("pattern") or ""
    matched_on = MatchedOn[row.get("evidence") or MatchedOn.UNSPECIFIED.name]
    return Hit(
        decision_id=row["decision_id"],
        channel=Channel[row["channel"]],
        from_party=party(row, "from"),
        to_party=party(row, "to"),
        url=row.get("url") or (pattern if matched_on is MatchedOn.LINK else ""),
        fraud_type=FraudType[row.get("fraud_type") or FraudType.UNSPECIFIED.name],
        action=Action[row["action"]],
        reason=Reason[row["reason"]],
        score=float("nan") if score is None else score,
        entry_id=row.get("entry_id") or "",
        pattern=pattern,
        matched_on=matched_on,
        list_version=row["list_version"],
        model_version=row.get("velocity_version" if by_velocity else "model_version") or "",
        occurred_at_ms=row["occurred_at_ms"],
        decided_at_ms=row["decided_at_ms"],
    )
