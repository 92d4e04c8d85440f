"""What facts gain and cost, counted on made-up senders."""

from dataclasses import replace

import numpy as np
import pytest

from classifiers.text.facts import FactWeights
from classifiers.training.text import report
from classifiers.training.text.cascade import CascadeResult, Second, Stages
from classifiers.training.text.data import TEST, VALIDATION, LabelledText
from classifiers.training.text.second_stage import facts_report, link_facts
from classifiers.training.text.second_stage.encoder_head import EncoderHead
from fanzha.tables import Float32s

FRAUD = LabelledText(
    source="fbs",
    label="fraud",
    split=VALIDATION,
    text="claim your prize",
    language=1,
    allowed=(False, False, True),
    group="one",
)
HAM = replace(
    FRAUD, label="ham", source="nus", text="see you at seven", allowed=(True, False, False)
)


def stages() -> Stages:
    """Escalate from 0.2 to 0.8; the head says nothing, and even odds are needed."""
    head = EncoderHead(
        hidden=np.zeros((512, 2), np.float32),
        hidden_bias=np.zeros(2, np.float32),
        out=np.zeros((2, 3), np.float32),
        out_bias=np.log(np.array([0.5, 0.5, 1.0], np.float32)),
    )
    second = Second(
        head=head,
        from_score=0.2,
        to_score=0.8,
        slope=1.0,
        offset=0.0,
        threshold=0.5,
        facts=FactWeights(link=0.5, history=1.5),
    )
    return Stages(threshold=0.8, alone=0.75, second=second)


def fast(*scores: float) -> Float32s:
    return np.array(scores, np.float32)


def test_the_other_texts_of_a_group_are_the_history_of_its_sender() -> None:
    rows = [FRAUD, FRAUD, FRAUD, replace(FRAUD, group="two"), replace(FRAUD, group="three")]

    shares = facts_report.blocked_shares(rows, np.array([True, True, False, True, False]))

    assert shares[:3].tolist() == [0.5, 0.5, 1.0]
    assert np.isnan(shares[3:]).all()


def test_a_history_blocks_an_uncertain_text_and_is_counted_apart() -> None:
    rows = [FRAUD, FRAUD, replace(FRAUD, group="two"), HAM]

    found = facts_report.figures(rows, stages(), fast(0.9, 0.3, 0.3, 0.01), np.zeros(4, np.bool_))

    by_label = {one["label"]: one for one in found}
    assert by_label["fraud"] == {
        "source": "fbs", "label": "fraud", "rows": 3, "uncertain": 2, "with_link": 0,
        "words": 1, "link": 0, "history": 1, "capped": 0,
    }  # fmt: skip
    assert by_label["ham"]["words"] == by_label["ham"]["history"] == 0


def test_what_only_its_language_keeps_from_being_blocked_is_counted() -> None:
    found = facts_report.figures([FRAUD], stages(), fast(0.9), np.array([True]))

    assert (found[0]["words"], found[0]["capped"]) == (0, 1)


def test_the_weight_of_links_is_fitted_to_rows_with_a_link_and_never_below_zero() -> None:
    odds = np.zeros(200, np.float32)
    links = np.full(200, np.nan, np.float32)
    links[:100] = 2.0
    fraud = np.arange(200) < 90

    assert link_facts.fitted_weight(odds, links, fraud) > 0.3
    assert link_facts.fitted_weight(odds, links, ~fraud) == 0.0
    assert link_facts.fitted_weight(odds, np.full(200, np.nan, np.float32), fraud) == 0.0


def test_the_highest_link_of_a_text_counts_and_a_text_without_one_has_none() -> None:
    odds = link_facts.LinkOdds().of(
        ["hello", "http://pay-bank-login.example/a", "b.example http://pay-bank-login.example/a"]
    )

    assert np.isnan(odds[0])
    assert odds[2] >= odds[1]


def test_test_rows_of_a_source_left_out_are_told_apart() -> None:
    rows = [FRAUD, FRAUD, replace(FRAUD, split=TEST), HAM]
    judged = CascadeResult(
        scores=fast(0.9, 0.1, 0.9, 0.1),
        blocked=np.array([True, False, True, False]),
        alone=np.array([True, False, False, False]),
        escalated=np.zeros(4, np.bool_),
    )

    fbs, nus = report.with_test_rows(rows, judged)

    assert (fbs["fraud"], fbs["fraud_blocked"]) == (3, 2)
    assert (fbs["test_fraud"], fbs["test_fraud_blocked"], fbs["test_fraud_alone"]) == (1, 1, 0)
    assert not any(key.startswith("test_") for key in nus)


def test_a_text_read_only_for_review_stays_below_the_threshold() -> None:
    judged = stages().judge(["one", "two"], fast(0.9, 0.9), np.array([True, False]))

    assert judged.blocked.tolist() == [False, True]
    assert judged.scores[0] == pytest.approx(0.8)
