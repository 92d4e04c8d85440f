"""The uncertain band of the link cascade, and its threshold."""

from dataclasses import replace

import numpy as np

from classifiers.link.classifier import log_odds
from classifiers.training.link import stages
from classifiers.training.link.data import LabelledLinks
from fanzha.tables import Float32s

COUNT = 4000


def some_links() -> LabelledLinks:
    malicious = np.arange(COUNT) % 2 == 1
    nothing = np.full(COUNT, "")
    return LabelledLinks(
        urls=[f"http://h{row}.test/" for row in range(COUNT)],
        domains=np.arange(COUNT),
        percents=np.zeros(COUNT, np.int64),
        malicious=malicious,
        kinds=nothing,
        sources=np.full(COUNT, "source"),
        months=nothing,
        host_only=np.zeros(COUNT, np.bool_),
    )


def stage_scores(links: LabelledLinks) -> tuple[Float32s, Float32s, Float32s]:
    """Return a fast model that knows little and a second stage that knows much."""
    chance = np.random.default_rng(3)
    weak = chance.normal(np.where(links.malicious, 1.0, -1.0), 1.5)
    strong = chance.normal(np.where(links.malicious, 4.0, -4.0), 1.5).astype(np.float32)
    fast = (1 / (1 + np.exp(-weak))).astype(np.float32)
    return fast, log_odds(fast), strong


def test_a_tenth_of_the_legitimate_links_is_uncertain() -> None:
    links = some_links()
    fast, fast_odds, odds = stage_scores(links)

    chosen = stages.choose(links, np.arange(COUNT), (fast, fast_odds, odds))

    assert chosen.about.to_score is not None
    band = (fast >= chosen.about.from_score) & (fast < chosen.about.to_score)
    assert abs(band[~links.malicious].mean() - stages.MOST_UNCERTAIN) < 0.002


def test_the_threshold_keeps_the_budget_and_blocks_more_than_the_fast_model() -> None:
    links = some_links()
    fast, fast_odds, odds = stage_scores(links)
    rows = np.arange(COUNT)

    chosen = stages.choose(links, rows, (fast, fast_odds, odds))
    scores = chosen.scores(fast, fast_odds, odds)

    blocked = scores >= np.float32(chosen.threshold)
    assert blocked[~links.malicious].sum() <= COUNT / 2 / 1000
    alone = np.sort(fast[~links.malicious])[-3]
    assert blocked[links.malicious].mean() > (fast[links.malicious] > alone).mean()


def test_scores_outside_the_band_are_the_fast_ones() -> None:
    links = some_links()
    fast, fast_odds, odds = stage_scores(links)
    chosen = stages.choose(links, np.arange(COUNT), (fast, fast_odds, odds))

    scores = chosen.scores(fast, fast_odds, odds)

    outside = fast < np.float32(chosen.about.from_score)
    assert np.array_equal(scores[outside], fast[outside])


def test_a_bundle_scores_rows_as_they_were_chosen() -> None:
    # The card's map of scores is the identity, whatever the threshold.
    links = some_links()
    every = stage_scores(links)
    chosen = stages.choose(links, np.arange(COUNT), every)

    other = stages.final_scores(replace(chosen.about, threshold=0.5), 0.5, every)

    assert np.allclose(chosen.scores(*every), other, atol=1e-6)
