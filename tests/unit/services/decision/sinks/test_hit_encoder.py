import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fanzha.decisions import Action, Detail, MatchedOn, Reason
from fanzha.fraud import TAXONOMY, FraudType
from fanzha.phone import sender_hash
from fanzha.tables import Channel
from services.decision.sinks.hit_encoder import read, with_place, written
from services.decision.sinks.hit_records import Hit, HitBatch

AT_MS = 1_767_603_600_000
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def a_batch(
    *,
    name: str = "Bank",
    url: str = "",
    detail: Detail | None = None,
    reason: Reason = Reason.BLOCKLISTED,
    score: float = float("nan"),
) -> HitBatch:
    return HitBatch(
        channel=Channel.TEXT,
        from_keys=np.array([sender_hash(name)]),
        from_names={0: name},
        to_keys=np.array([-110]),
        urls=[url] if url else (),
        occurred_at_ms=np.array([AT_MS]),
        ids=[2**64 - 1],
        actions=np.array([Action.BLOCK], np.uint8),
        reasons=np.array([reason], np.uint8),
        scores=np.array([score], np.float32),
        details={0: detail} if detail else {},
        list_version=7,
        model_version="",
        velocity_version="",
        decided_at_ms=0,
    )


@given(TEXTS, TEXTS, TEXTS)
def test_names_patterns_and_campaigns_come_out_as_they_went_in(
    name: str, pattern: str, campaign: str
) -> None:
    detail = Detail(entry_id="h1", pattern=pattern, campaign=campaign, matched_on=MatchedOn.LINK)

    [hit] = written(a_batch(name=name, detail=detail))

    fields = read(hit.fields)
    assert (fields["from_party"], fields["pattern"], fields["url"]) == (name, pattern, pattern)
    assert fields["campaign"] == campaign


@given(TEXTS, st.sampled_from(FraudType), st.floats(0, 1, width=32) | st.just(float("nan")))
def test_a_hit_of_a_batch_is_written_as_one_alone(
    url: str, fraud_type: FraudType, score: float
) -> None:
    alone = Hit(
        decision_id=2**64 - 1,
        channel=Channel.TEXT,
        from_party="Bank",
        to_party="110",
        url=url,
        fraud_type=fraud_type,
        reason=Reason.SCORED,
        score=score,
        list_version=7,
        occurred_at_ms=AT_MS,
    )

    [hit] = written(
        a_batch(url=url, detail=Detail(fraud_type=fraud_type), reason=Reason.SCORED, score=score)
    )

    assert (hit.decision_id, hit.confirmed) == (alone.decision_id, alone.confirmed)
    assert list(read(hit.fields).items()) == list(alone.fields().items())


def test_what_is_not_known_is_left_out() -> None:
    [hit] = written(a_batch())

    assert read(hit.fields) == {
        "decision_id": str(2**64 - 1),
        "channel": "TEXT",
        "from_party": "Bank",
        "to_party": "110",
        "action": "BLOCK",
        "reason": "BLOCKLISTED",
        "list_version": "7",
        "occurred_at_ms": str(AT_MS),
    }


def test_a_fraud_type_comes_with_its_taxonomy() -> None:
    [hit] = written(a_batch(detail=Detail(fraud_type=FraudType.FAKE_LOAN)))

    assert read(hit.fields)["taxonomy"] == TAXONOMY


def test_a_record_has_its_place_besides() -> None:
    [hit] = written(a_batch())

    record = read(with_place(hit.fields, "somewhere", "7-0"))

    assert record == read(hit.fields) | {"stream": "somewhere", "stream_id": "7-0"}
