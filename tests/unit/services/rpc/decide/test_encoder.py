"""Decisions are written as protobuf would write them."""

import math
from typing import Any

import numpy as np
import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Source
from fanzha.decisions import Action, Decisions, Detail, DisplayLabel, MatchedOn, Reason, Treatment
from fanzha.fraud import FraudType
from fanzha.v1 import decision_pb2
from fanzha.v1 import interception_pb2 as pb
from services.rpc.decide.encoder import BatchResponses, EntryMessages, single_response

words = st.text(st.characters(codec="utf-8"), max_size=20)
periods = st.one_of(st.none(), st.integers(0, 2**32 - 1))
details = st.builds(
    Detail,
    entry_id=words,
    matched_on=st.sampled_from(MatchedOn),
    pattern=words,
    source=st.sampled_from([0, *Source]),
    legal_basis=words,
    fraud_type=st.sampled_from(FraudType),
    error=words,
    velocity_score=st.one_of(st.none(), st.floats(0, 1, width=32)),
    treatment=st.just(Treatment.LABEL),
    label=st.sampled_from(DisplayLabel),
    delay_ms=st.integers(0, 2**32 - 1),
    read_bytes=st.integers(0, 8192),
    truncated=st.booleans(),
    cache_seconds=periods,
)
scores = st.one_of(st.just(math.nan), st.floats(0, 1, width=32))
row = st.tuples(
    st.sampled_from(Action), st.sampled_from(Reason), scores, st.one_of(st.none(), details)
)


@st.composite
def some_decisions(draw: st.DrawFn) -> Decisions:
    rows = draw(st.lists(row, min_size=1, max_size=8)) * draw(st.sampled_from([1, 1, 40, 512]))
    return Decisions(
        first_id=draw(st.integers(0, 2**63)),
        actions=np.array([action for action, *_ in rows], np.uint8),
        reasons=np.array([reason for _, reason, *_ in rows], np.uint8),
        scores=np.array([score for *_, score, _ in rows], np.float32),
        threshold=draw(st.floats(0, 1, width=32)),
        entries=np.full(len(rows), -1, np.int64),
        details={number: detail for number, (*_, detail) in enumerate(rows) if detail},
        list_version=draw(st.integers(0, 2**63)),
        model_version=draw(words),
        velocity_version=draw(words),
        allow_cache_seconds=draw(periods),
        block_cache_seconds=draw(periods),
    )


def said(message: Message) -> str:
    # Text, because NaN is not equal to itself.
    return str(message)


def provenance(decisions: Decisions, number: int, detail: Detail) -> dict[str, Any]:
    if not detail.source or decisions.actions[number] != Action.BLOCK:
        return {}
    return {"source": int(detail.source), "legal_basis": detail.legal_basis}


def expected(decisions: Decisions, first: int, rows: int) -> decision_pb2.Decisions:
    return decision_pb2.Decisions(
        first_decision_id=decisions.first_id + first,
        actions=decisions.actions.tolist()[first : first + rows],
        reasons=decisions.reasons.tolist()[first : first + rows],
        scores=decisions.scores.tolist()[first : first + rows],
        threshold=decisions.threshold,
        list_version=decisions.list_version,
        model_version=decisions.model_version,
        velocity_version=decisions.velocity_version,
        allow_cache_seconds=decisions.allow_cache_seconds,
        block_cache_seconds=decisions.block_cache_seconds,
        details=[
            decision_pb2.Detail(
                row=number - first,
                entry_id=detail.entry_id,
                pattern=detail.pattern,
                evidence=int(detail.matched_on),  # type: ignore[arg-type]
                fraud_type=int(detail.fraud_type),  # type: ignore[arg-type]
                error=detail.error,
                velocity_score=detail.velocity_score,
                treatment=int(detail.treatment),  # type: ignore[arg-type]
                label=int(detail.label),  # type: ignore[arg-type]
                delay_ms=detail.delay_ms,
                cache_seconds=detail.cache_seconds,
                read_bytes=detail.read_bytes,
                truncated=detail.truncated,
                **provenance(decisions, number, detail),
            )
            for number, detail in decisions.details.items()
            if first <= number < first + rows
        ],
    )


def test_responses_of_one_batch_share_all_but_ids_thresholds_and_rows() -> None:
    decisions = Decisions(
        first_id=7,
        actions=np.array([1, 2, 1], np.uint8),
        reasons=np.array([3, 3, 3], np.uint8),
        scores=np.array([0.25, 0.75, 0.5], np.float32),
        threshold=0.875,
        thresholds=np.array([0.5, 0.5, 0.625], np.float32),
        entries=np.full(3, -1),
        details={2: Detail(error="caller: empty")},
        list_version=9,
        model_version="m",
    )
    batch = BatchResponses(decisions)

    written = [batch.write({}, 0, 2), batch.write({}, 1, 1)]
    written.append(batch.write(decisions.details, 2, 1))

    found = [pb.DecideTextsResponse.FromString(data).decisions for data in written]
    assert [one.first_decision_id for one in found] == [7, 8, 9]
    assert [one.threshold for one in found] == [0.5, 0.5, 0.625]
    assert [one.list_version for one in found] == [9, 9, 9]
    assert [[detail.row for detail in one.details] for one in found] == [[], [], [0]]


@given(some_decisions(), st.data())
def test_a_batch_is_written_as_protobuf_would(decisions: Decisions, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(decisions) - 1))
    rows = data.draw(st.integers(1, len(decisions) - first))
    own = {
        number: detail
        for number, detail in decisions.details.items()
        if first <= number < first + rows
    }

    # The second time the messages of entries are those that were kept.
    entries = EntryMessages()
    written = [BatchResponses(decisions, entries).write(own, first, rows) for _ in "12"]

    found = [said(pb.DecideTextsResponse.FromString(data)) for data in written]
    assert found == [said(pb.DecideTextsResponse(decisions=expected(decisions, first, rows)))] * 2


def test_messages_of_entries_are_bounded_and_differ_where_the_entry_does_not_block() -> None:
    entries = EntryMessages(most=2)
    details = [Detail(entry_id=f"e{number}", source=1, legal_basis="law") for number in range(5)]

    found = [
        [decision_pb2.Detail.FromString(entries.of(one, blocks=blocks)) for one in details]
        for blocks in (True, False)
    ]

    assert [one.entry_id for one in found[0]] == ["e0", "e1", "e2", "e3", "e4"]
    assert {one.legal_basis for one in found[0]} == {"law"}
    assert {one.legal_basis for one in found[1]} == {""}
    assert len(entries) <= 2


@given(some_decisions(), st.data())
def test_a_single_decision_is_its_row_of_the_batch(
    decisions: Decisions, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(decisions) - 1))
    detail = decisions.details.get(number, Detail())

    for kind in (pb.DecideCallResponse, pb.DecideTextResponse, pb.DecideLinkResponse):
        written = kind.FromString(single_response(decisions, number)).decision

        assert written.decision_id == decisions.first_id + number
        assert written.action == decisions.actions[number]
        assert written.reason == decisions.reasons[number]
        assert written.HasField("score") is not math.isnan(decisions.scores[number])
        assert written.pattern == detail.pattern
        assert int(written.fraud_type) == detail.fraud_type
        assert written.model_version == decisions.model_version
        assert written.HasField("velocity_score") is (detail.velocity_score is not None)
        assert written.velocity_version == decisions.velocity_version
        assert int(written.treatment) == detail.treatment
        assert int(written.label) == detail.label
        assert written.delay_ms == detail.delay_ms
        assert written.read_bytes == detail.read_bytes
        assert written.truncated == detail.truncated


@pytest.mark.parametrize(
    ("action", "reason", "expected"),
    [
        (Action.BLOCK, Reason.BLOCKLISTED, (Source.BUREAU, "Art. 32")),
        (Action.ALLOW, Reason.ALLOWLISTED, (0, "")),
    ],
)
def test_only_a_row_that_an_entry_blocked_names_source_and_legal_basis(
    action: Action, reason: Reason, expected: tuple[int, str]
) -> None:
    detail = Detail(entry_id="e1", source=Source.BUREAU, legal_basis="Art. 32")
    decisions = Decisions(
        first_id=1,
        actions=np.array([Action.ALLOW, action], np.uint8),
        reasons=np.array([Reason.SCORED, reason], np.uint8),
        scores=np.zeros(2, np.float32),
        threshold=0.5,
        entries=np.array([-1, 0]),
        details={1: detail},
        list_version=1,
        model_version="1",
    )

    single = pb.DecideCallResponse.FromString(single_response(decisions, 1)).decision
    batch = pb.DecideCallsResponse.FromString(BatchResponses(decisions).write({1: detail}, 0, 2))

    (of_batch,) = batch.decisions.details
    assert (single.source, single.legal_basis) == expected
    assert (of_batch.source, of_batch.legal_basis) == expected


@pytest.mark.parametrize(
    ("action", "own", "expected"),
    [
        (Action.ALLOW, None, 60),
        (Action.BLOCK, None, 300),
        (Action.BLOCK, 7, 7),
        (Action.BLOCK, 0, 0),
    ],
)
def test_a_single_answer_on_a_link_says_how_long_it_may_be_reused(
    action: Action, own: int | None, expected: int
) -> None:
    decisions = Decisions(
        first_id=1,
        actions=np.array([action], np.uint8),
        reasons=np.array([Reason.SCORED], np.uint8),
        scores=np.zeros(1, np.float32),
        threshold=0.5,
        entries=np.array([-1]),
        details={} if own is None else {0: Detail(cache_seconds=own)},
        list_version=1,
        model_version="1",
        allow_cache_seconds=60,
        block_cache_seconds=300,
    )

    written = pb.DecideLinkResponse.FromString(single_response(decisions, 0)).decision

    assert written.HasField("cache_seconds")
    assert written.cache_seconds == expected
