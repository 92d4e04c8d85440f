"""What a gateway tells of a domain moves the odds of a score by stated, bounded ratios."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.link import fact_odds
from fanzha.tables import UNKNOWN_FACT, Float32s, HostFacts

URL = "http://shop.example/"


def told(age: int = UNKNOWN_FACT, seen: int = UNKNOWN_FACT, rank: int = UNKNOWN_FACT) -> HostFacts:
    return HostFacts(
        domain_age_days=np.array([age]),
        first_seen_days=np.array([seen]),
        popularity_rank=np.array([rank]),
    )


def ratio(facts: HostFacts, url: str = URL) -> float:
    return float(np.exp(fact_odds.log_ratios([url], facts)[0]))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (told(), 1.0),
        (told(age=0), 8.0),
        (told(age=7), 8.0),
        (told(age=8), 4.0),
        (told(age=4000), 0.25),
        (told(seen=0), 4.0),
        (told(seen=400), 0.25),
        (told(rank=1), 0.02),
        (told(rank=1_000_001), 1.0),
        (told(rank=0), 1.0),
    ],
)
def test_a_fact_has_the_ratio_of_its_step(facts: HostFacts, expected: float) -> None:
    assert ratio(facts) == pytest.approx(expected)


def test_of_age_and_first_sight_the_stronger_counts_once() -> None:
    assert ratio(told(age=3, seen=0)) == pytest.approx(8.0)
    assert ratio(told(age=300, seen=0)) == pytest.approx(4.0)


def test_popularity_multiplies_with_age() -> None:
    assert ratio(told(age=20, rank=50_000)) == pytest.approx(4.0 * 0.2)


@given(*[st.integers(UNKNOWN_FACT, 2**32 - 1)] * 3)
def test_the_product_is_bounded(age: int, seen: int, rank: int) -> None:
    found = ratio(told(age, seen, rank))

    assert 0.99 * fact_odds.LOWEST <= found <= 1.01 * fact_odds.HIGHEST


@pytest.mark.parametrize("url", ["https://anybody.vercel.app/x", "https://bit.ly/3abc"])
def test_where_anybody_puts_pages_only_what_speaks_for_fraud_counts(url: str) -> None:
    assert ratio(told(age=5000, rank=10), url) == pytest.approx(1.0)
    assert ratio(told(age=3, rank=10), url) == pytest.approx(8.0)


def test_bayes_rule_moves_a_score() -> None:
    scores = np.array([0.5, 0.9], np.float32)

    moved = fact_odds.weigh(scores, np.full(2, log(8.0), np.float32))

    assert moved.tolist() == pytest.approx([8 / 9, 72 / 73])


scores_of = st.lists(st.floats(0, 1, width=32) | st.just(float("nan")), min_size=1, max_size=8)


@given(scores_of)
def test_without_facts_scores_stay_the_same_to_the_bit(values: list[float]) -> None:
    scores: Float32s = np.array(values, np.float32)

    found = fact_odds.weigh(scores, fact_odds.log_ratios([URL] * len(values), _unknown(values)))

    assert found.tobytes() == scores.tobytes()


@given(scores_of, st.floats(-4, 3, width=32))
def test_a_score_stays_a_probability_and_a_failed_one_stays_failed(
    values: list[float], log_ratio: float
) -> None:
    scores = np.array(values, np.float32)

    found = fact_odds.weigh(scores, np.full(len(values), log_ratio, np.float32))

    failed = np.isnan(scores)
    assert np.isnan(found[failed]).all()
    assert ((found[~failed] >= 0) & (found[~failed] <= 1)).all()


def _unknown(values: list[float]) -> HostFacts:
    column = np.full(len(values), UNKNOWN_FACT)
    return HostFacts(domain_age_days=column, first_seen_days=column, popularity_rank=column)
