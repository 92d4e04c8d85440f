"""Hits of this service as warnings."""

from services.warning.cases import ids
from services.warning.intake.own_hits import SkipReason, warning_of
from services.warning.model import WarningRecord

NOW_MS = 1_780_000_000_000
TEXT = {
    "decision_id": "1",
    "channel": "TEXT",
    "from_party": "+8617000088001",
    "to_party": "+8617000010101",
    "fraud_type": "FAKE_LOAN",
    "reason": "BLOCKLISTED",
    "evidence": "LINK",
    "entry_id": "h1",
    "pattern": "bank-verify.example",
    "url": "http://bank-verify.example/s/1",
    "occurred_at_ms": str(NOW_MS),
}
CALL = {
    "decision_id": "2",
    "channel": "CALL",
    "from_party": "+442079460123",
    "to_party": "+8617000010101",
    "fraud_type": "FAKE_LOAN",
    "reason": "BLOCKLISTED",
    "evidence": "CALLER",
    "entry_id": "n1",
    "pattern": "+44207946*",
    "occurred_at_ms": str(NOW_MS),
}


def connected_by(fields: dict[str, str]) -> str:
    found = warning_of(fields, now_ms=NOW_MS, max_age_ms=1000)
    assert isinstance(found, WarningRecord)
    return ids.campaign_of(found)


def test_the_pattern_connects_hits_of_entries_without_a_campaign() -> None:
    assert connected_by(TEXT) == "link:bank-verify.example"
    assert connected_by(CALL) == "number:+44207946*"


def test_a_campaign_of_the_lists_connects_a_link_and_a_number() -> None:
    named = {"campaign": "star-river"}

    assert connected_by(TEXT | named) == connected_by(CALL | named) == "campaign:star-river"


def test_a_hit_of_an_entry_without_a_fraud_type_opens_no_case() -> None:
    for hit in (CALL | {"fraud_type": ""}, TEXT | {"fraud_type": "UNSPECIFIED"}):
        found = warning_of(hit, now_ms=NOW_MS, max_age_ms=1000)

        assert found is SkipReason.NO_FRAUD_TYPE


def test_a_confirmed_hit_without_a_fraud_type_counts_as_fraud_of_unknown_type() -> None:
    vouched = CALL | {"fraud_type": "", "verdict": "confirmed"}
    found = warning_of(vouched, now_ms=NOW_MS, max_age_ms=1000)

    assert isinstance(found, WarningRecord)
    assert found.confirmed
