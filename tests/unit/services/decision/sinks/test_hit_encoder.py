from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fanzha.decisions import Action, Detail, MatchedOn, Reason, Relation
from fanzha.fraud import TAXONOMY, FraudType
from fanzha.phone import sender_hash
from fanzha.tables import Channel
from services.decision.sinks.hit_encoder import written
from services.decision.sinks.hit_fields import HitField, decode, encode, with_place
from services.decision.sinks.hit_records import Hit, HitBatch

AT_MS = 1_767_603_600_000
FINGERPRINT = "fp1:" + "0123456789abcdef" * 4
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
def test_names_patterns_and_campaigns_round_trip(name: str, pattern: str, campaign: str) -> None:
    detail = Detail(entry_id="h1", pattern=pattern, campaign=campaign, matched_on=MatchedOn.LINK)

    [hit] = written(a_batch(name=name, detail=detail))

    fields = decode(hit.fields)
    assert (fields["from_party"], fields["pattern"], fields["url"]) == (name, pattern, pattern)
    assert fields["campaign"] == campaign


SCORES = st.floats(0, 1, width=32) | st.just(float("nan"))
RELATIONS = st.builds(
    Relation,
    entity=TEXTS,
    matched_on=st.sampled_from(MatchedOn),
    related_to=st.just(""),
    since_ms=st.just(AT_MS),
)
ENTRIES = st.builds(
    Detail,
    fraud_type=st.sampled_from(FraudType),
    entry_id=st.just("h1"),
    pattern=TEXTS,
    campaign=st.just("") | TEXTS,
    matched_on=st.sampled_from(MatchedOn),
    relation=st.none() | RELATIONS,
)
MODELS = st.builds(
    Detail,
    fraud_type=st.sampled_from(FraudType),
    velocity_score=st.none() | st.floats(0, 1, width=32),
)


@given(
    batch=st.builds(
        a_batch,
        name=TEXTS,
        url=st.just("") | TEXTS,
        detail=st.none() | ENTRIES | MODELS,
        reason=st.sampled_from(Reason),
        score=SCORES,
    ),
    decided_at_ms=st.sampled_from([0, AT_MS + 1]),
    model_version=st.just("") | TEXTS,
    fingerprint=st.sampled_from(["", FINGERPRINT]),
)
def test_a_batch_is_written_in_the_same_bytes_as_its_records(
    batch: HitBatch, decided_at_ms: int, model_version: str, fingerprint: str
) -> None:
    batch = replace(
        batch,
        decided_at_ms=decided_at_ms,
        model_version=model_version,
        velocity_version=f"velocity {model_version}",
    )
    detail, reason = batch.details.get(0, Detail()), Reason(int(batch.reasons[0]))
    by_velocity = reason is Reason.VELOCITY and detail.velocity_score is not None
    url = batch.urls[0] if batch.urls else ""
    alone = Hit(
        decision_id=batch.ids[0],
        channel=batch.channel,
        from_party=batch.from_names[0],
        to_party="110",
        url=url or (detail.pattern if detail.matched_on is MatchedOn.LINK else ""),
        fraud_type=detail.fraud_type,
        reason=reason,
        score=(detail.velocity_score or 0.0) if by_velocity else float(batch.scores[0]),
        entry_id=detail.entry_id,
        pattern=detail.pattern,
        campaign=detail.campaign,
        matched_on=detail.matched_on,
        list_version=batch.list_version,
        model_version=batch.velocity_version if by_velocity else model_version,
        occurred_at_ms=AT_MS,
        decided_at_ms=decided_at_ms,
        related=detail.relation.entity if detail.relation else "",
        fingerprint=fingerprint,
    )

    [hit] = written(batch, [fingerprint] if fingerprint else [])

    assert (hit.decision_id, hit.confirmed) == (alone.decision_id, alone.confirmed)
    assert hit.fields.encode() == encode(alone.fields()).encode()


def test_a_record_has_every_field_in_order() -> None:
    full = Hit(
        decision_id=1,
        channel=Channel.TEXT,
        from_party="Bank",
        to_party="110",
        url="points.example",
        fraud_type=FraudType.FAKE_LOAN,
        reason=Reason.BLOCKLISTED,
        score=0.5,
        entry_id="h1",
        pattern="points.example",
        campaign="points",
        matched_on=MatchedOn.LINK,
        list_version=7,
        model_version="test-1",
        occurred_at_ms=AT_MS,
        decided_at_ms=AT_MS,
        related="link:points.example",
        fingerprint=FINGERPRINT,
    )

    # The trace of a hit is added when it is written.
    untraced = [field.value for field in HitField if field is not HitField.TRACEPARENT]
    assert list(full.fields()) == untraced
    assert decode(encode(full.fields())) == full.fields()


def test_unknown_fields_are_omitted() -> None:
    [hit] = written(a_batch())

    assert decode(hit.fields) == {
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

    assert decode(hit.fields)["taxonomy"] == TAXONOMY


def test_a_record_has_its_stream_position() -> None:
    [hit] = written(a_batch())

    record = decode(with_place(hit.fields, "somewhere", "7-0"))

    assert record == decode(hit.fields) | {"stream": "somewhere", "stream_id": "7-0"}
