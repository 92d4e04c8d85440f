"""What the second stage adds for links and senders, and that the unknown adds nothing."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import cascade_card
from classifiers.text.classifier import capped
from classifiers.text.facts import FactWeights, TextFacts, link_odds
from classifiers.text.sender_classes import SenderClass
from fanzha.errors import InvalidConfiguration
from fanzha.phone import HomePlan
from tests.support.cascades import HAM, UNCERTAIN, about, fast, with_facts

NAN = float("nan")
WEIGHTS = FactWeights(link=0.3, history=1.5, classes={SenderClass.FOREIGN: 0.4})
CHINESE, FOREIGN = HomePlan().number_keys(["+8617000000001", "+12025550101"]).tolist()
"""Keys of senders."""


def facts(link: float = NAN, share: float = NAN) -> TextFacts:
    return TextFacts(np.array([link], np.float32), np.array([share], np.float32))


def added(known: TextFacts, sender: int = 0) -> float:
    return float(WEIGHTS.added(known, np.array([sender]))[0])


def test_what_is_unknown_adds_exactly_zero() -> None:
    assert added(facts()) == 0.0
    assert added(facts(), CHINESE) == 0.0


def test_what_is_known_adds_its_weight() -> None:
    assert added(facts(link=2.0)) == pytest.approx(0.6)
    assert added(facts(share=0.5)) == pytest.approx(0.75)
    assert added(facts(), FOREIGN) == pytest.approx(0.4)
    assert added(facts(link=2.0, share=0.5), FOREIGN) == pytest.approx(1.75)


@given(st.floats(allow_nan=True, width=32), st.floats(allow_nan=True, width=32))
def test_no_fact_speaks_for_a_text_and_none_adds_without_end(link: float, share: float) -> None:
    assert 0 <= added(facts(link, share)) <= 0.3 * 6 + 1.5 + 1e-5


def test_a_harmless_link_is_no_alibi() -> None:
    assert added(facts(link=-9.0)) == 0.0


def test_unknown_facts_leave_every_score_as_it_is() -> None:
    model = with_facts(WEIGHTS)
    texts = [UNCERTAIN, HAM, "see you at seven"]

    without = model.score_bodies(texts)
    unknown = model.score_bodies(texts, facts=lambda rows: _of_all(len(rows), NAN, NAN))

    assert np.array_equal(without.p_fraud, unknown.p_fraud)
    assert np.array_equal(without.p_spam, unknown.p_spam)


def test_known_facts_raise_uncertain_texts_and_no_others() -> None:
    model = with_facts(WEIGHTS)
    asked: list[int] = []

    def known(rows: Sequence[int]) -> TextFacts:
        asked.extend(rows)
        return _of_all(len(rows), 5.0, 1.0)

    fraud = "【示例银行】您的积分即将过期，请登录 http://jf.example 兑换现金"
    texts = [fraud, UNCERTAIN, "see you at seven"]
    first = fast().score_bodies(texts).p_fraud
    before = model.score_bodies(texts).p_fraud
    after = model.score_bodies(texts, facts=known).p_fraud

    unsure = (first >= about().from_score) & (first < fast().threshold)
    assert 0 < unsure.sum() < len(texts)
    assert np.array_equal(after > before, unsure)
    assert np.array_equal(after[~unsure], before[~unsure])
    assert asked == np.flatnonzero(unsure).tolist()


def test_weights_are_read_from_a_card() -> None:
    table = {
        "from_score": 0.1,
        "slope": 1.0,
        "offset": 0.0,
        "threshold": 0.5,
        "encoder": "one",
        "encoder_version": "1",
        "facts": {"link": 0.2, "history": 1.5, "classes": {"FOREIGN": 0.4}},
    }

    found = cascade_card.parse({"second_look": table, "second_sha256": "00"})

    assert found is not None
    assert found.facts == FactWeights(link=0.2, history=1.5, classes={SenderClass.FOREIGN: 0.4})


@pytest.mark.parametrize(
    "wrong",
    [
        {"link": -0.1, "history": 1.0},
        {"link": NAN, "history": 1.0},
        {"link": 0.1},
        {"link": 0.1, "history": 1.0, "classes": {"NEIGHBOUR": 1.0}},
    ],
)
def test_wrong_weights_do_not_load(wrong: dict[str, object]) -> None:
    table = {
        "from_score": 0.1,
        "slope": 1.0,
        "offset": 0.0,
        "threshold": 0.5,
        "encoder": "one",
        "encoder_version": "1",
        "facts": wrong,
    }

    with pytest.raises(InvalidConfiguration):
        cascade_card.parse({"second_look": table, "second_sha256": "00"})


def test_log_odds_of_links_are_finite_and_keep_the_unknown() -> None:
    found = link_odds(np.array([0.0, 0.5, 1.0, NAN], np.float32))

    assert found[0] < -10
    assert found[1] == pytest.approx(0, abs=1e-6)
    assert 10 < found[2] < 20
    assert np.isnan(found[3])


def test_a_text_in_a_language_that_is_only_reviewed_stays_below_the_threshold() -> None:
    classes = np.array([[0.01, 0.01, 0.98], [0.01, 0.01, 0.98], [0.9, 0.05, 0.05]], np.float32)

    found = capped(classes, np.array([0.9, 0.1, 0.9], np.float32), 0.9)

    assert found[0, 2] < np.float32(0.9)
    assert found[0, 2] == pytest.approx(0.9)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(found[1:], classes[1:])


def _of_all(rows: int, link: float, share: float) -> TextFacts:
    return TextFacts(np.full(rows, link, np.float32), np.full(rows, share, np.float32))
