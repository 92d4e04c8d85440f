"""A logged decision reads as the hit that the stream has of it."""

from typing import Any

import pytest

from fanzha.fraud import TAXONOMY
from services.decision.sinks.hit_fields import HitField
from services.decision_log import hit_view

ROW: dict[str, Any] = {
    "decision_id": 2**64 - 1,
    "channel": "TEXT",
    "decided_at_ms": 1_767_603_600_005,
    "occurred_at_ms": 1_767_603_600_000,
    "from_key": 0,
    "to_key": 8619900000001,
    "from_name": "Bank",
    "url": None,
    "action": "BLOCK",
    "reason": "BLOCKLISTED",
    "score": None,
    "fraud_type": "FAKE_LOAN",
    "entry_id": "h1",
    "pattern": "points.example",
    "evidence": "LINK",
    "list_version": 7,
    "model_version": "test-1",
    "velocity_score": None,
    "velocity_version": None,
}


def test_a_row_has_the_fields_of_a_hit_in_their_order() -> None:
    fields = hit_view.hit(ROW).fields()

    assert fields == {
        "decision_id": str(2**64 - 1),
        "channel": "TEXT",
        "from_party": "Bank",
        "to_party": "+8619900000001",
        "url": "points.example",
        "fraud_type": "FAKE_LOAN",
        "taxonomy": TAXONOMY,
        "action": "BLOCK",
        "reason": "BLOCKLISTED",
        "entry_id": "h1",
        "pattern": "points.example",
        "evidence": "LINK",
        "list_version": "7",
        "model_version": "test-1",
        "occurred_at_ms": "1767603600000",
        "decided_at_ms": "1767603600005",
    }
    assert list(fields) == [field for field in HitField if field in fields]


@pytest.mark.parametrize(
    ("reason", "velocity_score", "score", "version"),
    [
        ("VELOCITY", 0.75, "0.75", "velocity-1"),
        ("VELOCITY", None, "0.25", "test-1"),
        ("SCORED", 0.75, "0.25", "test-1"),
    ],
)
def test_the_model_that_decided_gives_score_and_version(
    reason: str, velocity_score: float | None, score: str, version: str
) -> None:
    values = {"reason": reason, "score": 0.25, "velocity_score": velocity_score}
    nothing = dict.fromkeys(["entry_id", "pattern", "evidence", "fraud_type"])

    fields = hit_view.hit(ROW | values | nothing | {"velocity_version": "velocity-1"}).fields()

    assert (fields["score"], fields["model_version"]) == (score, version)
    assert not {"entry_id", "pattern", "evidence", "fraud_type", "taxonomy", "url"} & set(fields)
