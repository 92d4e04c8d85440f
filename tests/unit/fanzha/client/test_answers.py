import math
import subprocess
import sys

import grpc
import pytest

from fanzha.client import Answers, ProtocolAnswer, RequestFailed
from fanzha.v1 import decision_pb2 as pb

DECISIONS = pb.Decisions(
    first_decision_id=70,
    actions=[pb.ACTION_ALLOW, pb.ACTION_BLOCK, pb.ACTION_ALLOW],
    reasons=[pb.REASON_FAILED_OPEN, pb.REASON_BLOCKLISTED, pb.REASON_SCORED],
    scores=[math.nan, math.nan, 0.25],
    threshold=0.5,
    list_version=7,
    model_version="calls-3",
    details=[
        pb.Detail(
            row=1,
            entry_id="e1",
            pattern="+86170*",
            fraud_type=pb.FRAUD_TYPE_FAKE_LOAN,
            source=pb.SOURCE_BUREAU,
            legal_basis="Art. 32",
        ),
        pb.Detail(row=2, velocity_score=0.75, truncated=True),
    ],
)
AWAY = RequestFailed(grpc.StatusCode.UNAVAILABLE, "nobody there")


def test_a_row_has_its_arrays_its_detail_and_the_versions() -> None:
    answer = Answers(DECISIONS)[1]

    assert [answer.truncated for answer in Answers(DECISIONS)] == [False, False, True]
    assert (answer.blocked, answer.reason) == (True, pb.REASON_BLOCKLISTED)
    assert (answer.decision_id, answer.entry_id, answer.pattern) == (71, "e1", "+86170*")
    assert answer.fraud_type == pb.FRAUD_TYPE_FAKE_LOAN
    assert (answer.source, answer.legal_basis) == (pb.SOURCE_BUREAU, "Art. 32")
    assert (answer.list_version, answer.model_version) == (7, "calls-3")
    assert not answer.failed_open


def test_a_score_is_none_without_a_model() -> None:
    answers = Answers(DECISIONS)

    assert [answer.score for answer in answers] == [None, None, 0.25]
    assert [answer.velocity_score for answer in answers] == [None, None, 0.75]


def test_each_link_decision_has_a_time_to_live() -> None:
    decisions = pb.Decisions(
        actions=[pb.ACTION_ALLOW, pb.ACTION_BLOCK, pb.ACTION_BLOCK],
        reasons=[pb.REASON_SCORED] * 3,
        scores=[0.5] * 3,
        allow_cache_seconds=60,
        block_cache_seconds=300,
        details=[pb.Detail(row=2, pattern="bad.example", cache_seconds=0)],
    )

    assert [answer.cache_seconds for answer in Answers(decisions)] == [60, 300, 0]


def test_a_treated_row_names_its_treatment() -> None:
    treated = pb.Detail(
        row=0,
        treatment=pb.TREATMENT_LABEL,
        label=pb.DISPLAY_LABEL_SUSPECTED_FRAUD,
        delay_ms=7,
    )
    decisions = pb.Decisions(
        actions=[pb.ACTION_ALLOW] * 2,
        reasons=[pb.REASON_SCORED] * 2,
        scores=[0, 0],
        details=[treated],
    )

    first, second = Answers(decisions)

    assert (first.treatment, first.label) == (pb.TREATMENT_LABEL, pb.DISPLAY_LABEL_SUSPECTED_FRAUD)
    assert (first.delay_ms, second.delay_ms) == (7, 0)
    assert (second.treatment, second.cache_seconds) == (0, None)


def test_a_row_has_its_protocol_answer() -> None:
    answer = ProtocolAnswer(isup_cause=21)
    decisions = pb.Decisions(
        actions=[pb.ACTION_BLOCK] * 2,
        reasons=[pb.REASON_SCORED] * 2,
        scores=[0.9, 0.9],
        details=[pb.Detail(row=1, protocol_answer=answer)],
    )

    assert [answer.protocol_answer for answer in Answers(decisions)] == [None, answer]


def test_answers_are_a_sequence() -> None:
    answers = Answers(DECISIONS)

    assert [answer.decision_id for answer in answers] == [70, 71, 72]
    assert answers[-1] == answers[2]
    assert answers[1:] == [answers[1], answers[2]]
    assert answers.blocked == [1]
    with pytest.raises(IndexError):
        answers[3]


def test_an_unspecified_action_lets_through() -> None:
    decisions = pb.Decisions(
        actions=[pb.ACTION_UNSPECIFIED], reasons=[pb.REASON_UNSPECIFIED], scores=[0]
    )

    answers = Answers(decisions)

    assert not answers[0].blocked


def test_failed_rows_are_let_through_with_the_reason() -> None:
    answers = Answers.failed(AWAY, rows=2)

    assert answers.failed_open
    assert len(answers) == 2
    assert answers.blocked == []
    for answer in answers:
        assert not answer.blocked
        assert answer.failed_open
        assert answer.reason == pb.REASON_FAILED_OPEN
        assert answer.status is grpc.StatusCode.UNAVAILABLE
        assert answer.error == "UNAVAILABLE: nobody there"


def test_the_client_loads_nothing_of_the_service() -> None:
    script = "import sys, fanzha.client; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()

    assert "grpc" in loaded
    assert not {"numpy", "onnxruntime", "redis", "services", "fanzha.tables"} & set(loaded)


def test_a_repeated_row_has_its_first_decision_id() -> None:
    decisions = pb.Decisions(
        first_decision_id=7, actions=[pb.ACTION_ALLOW] * 2, reasons=[pb.REASON_SCORED] * 2,
        scores=[0.1, 0.2],
        details=[pb.Detail(row=1, decision_id=3)],
    )  # fmt: skip

    assert [answer.decision_id for answer in Answers(decisions)] == [7, 3]


def test_rows_of_a_dry_run_have_no_ids() -> None:
    dry = pb.Decisions()
    dry.CopyFrom(DECISIONS)
    dry.first_decision_id, dry.dry_run = 0, True

    assert [answer.decision_id for answer in Answers(dry)] == [0, 0, 0]
    assert Answers(dry)[1].blocked
