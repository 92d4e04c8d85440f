import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.decisions import Action, MatchedOn, Reason
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.tables import Channel
from fanzha.v1 import decision_pb2
from fanzha.v1 import hit_pb2 as pb
from services.decision.sinks.hit_records import Hit
from services.decision.sinks.hit_store import CONFIRMED, DISMISSED, SUSPECTED
from services.rpc.hits.topic_records import topic_record

HIT = Hit(
    decision_id=2**64 - 1,
    channel=Channel.TEXT,
    from_party="示例银行",
    to_party="+8619900000001",
    url="http://shop.example/",
    fraud_type=FraudType.FAKE_LOAN,
    action=Action.BLOCK,
    reason=Reason.BLOCKLISTED,
    score=0.25,
    entry_id="h123",
    pattern="shop.example",
    campaign="c",
    matched_on=MatchedOn.LINK,
    list_version=7,
    model_version="5",
    occurred_at_ms=1_767_603_600_000,
    decided_at_ms=1_767_603_600_001,
    related="link:shop.example",
    fingerprint="f",
)


def read(value: bytes) -> pb.HitRecord:
    return pb.HitRecord.FromString(value)


def test_a_record_holds_every_field_of_a_hit() -> None:
    record = topic_record(CONFIRMED, "1-0", HIT.fields())

    message = read(record.value)
    assert record.key == str(HIT.decision_id)
    assert (message.stream, message.place) == (pb.HIT_STREAM_CONFIRMED, "1-0")
    assert (message.decision_id, message.from_party) == (HIT.decision_id, "示例银行")
    assert (message.fraud_type, message.reason) == (
        decision_pb2.FRAUD_TYPE_FAKE_LOAN,
        decision_pb2.REASON_BLOCKLISTED,
    )
    assert (message.score, message.evidence) == (0.25, decision_pb2.EVIDENCE_LINK)
    written = {field.name for field, _ in message.ListFields()}
    assert written == {"id", "stream", "place", *HIT.fields()}


def test_a_hit_that_was_written_twice_has_one_id_and_its_verdict_another() -> None:
    judged = HIT.fields() | {"verdict": "dismissed", "verdict_by": "ann", "verdict_at_ms": "5"}

    first, second = (topic_record(SUSPECTED, place, HIT.fields()) for place in ("1-0", "2-0"))
    verdict = topic_record(DISMISSED, "3-0", judged)

    assert first.id == second.id == f"suspected:{HIT.decision_id}"
    assert verdict.id == f"dismissed:{HIT.decision_id}:dismissed"
    assert first.key == verdict.key


def test_a_field_of_a_later_version_is_left_out() -> None:
    record = topic_record(CONFIRMED, "1-0", HIT.fields() | {"colour": "red"})

    assert record == topic_record(CONFIRMED, "1-0", HIT.fields())


@pytest.mark.parametrize(
    "changed",
    [
        {"decision_id": "x"},
        {"decision_id": "-1"},
        {"decision_id": str(2**64)},
        {"channel": "SMOKE"},
        {"list_version": "1.5"},
        {"score": "high"},
        {"from_party": "\ud800"},
    ],
)
def test_what_is_no_hit_is_refused_without_its_values(changed: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="not a hit") as raised:
        topic_record(CONFIRMED, "1-0", HIT.fields() | changed)

    assert not [text for text in changed.values() if text in str(raised.value)]


def test_what_has_no_decision_id_or_comes_from_nowhere_is_refused() -> None:
    with pytest.raises(InvalidInput):
        topic_record(CONFIRMED, "1-0", {"channel": "CALL"})
    with pytest.raises(InvalidInput):
        topic_record("another", "1-0", HIT.fields())


@given(st.dictionaries(st.sampled_from(sorted(HIT.fields())), st.text(max_size=20)))
def test_any_fields_are_a_record_or_refused(fields: dict[str, str]) -> None:
    try:
        record = topic_record(CONFIRMED, "1-0", fields)
    except InvalidInput:
        return

    assert read(record.value).id == record.id
