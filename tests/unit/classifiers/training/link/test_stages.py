"""The uncertain band of the link cascade, and its threshold."""

from dataclasses import replace

import numpy as np

from classifiers.link.classifier import log_odds
from classifiers.training.link import stages
from classifiers.training.link.data import UNVETTED, LabelledLinks
from classifiers.training.link.stages import StageScores

COUNT = 4000
ALL = np.ones(COUNT, np.bool_)


def some_links(count: int = COUNT) -> LabelledLinks:
    malicious = np.arange(count) % 2 == 1
    nothing = np.full(count, "")
    return LabelledLinks(
        urls=[f"http://h{row}.test/" for row in range(count)],
        domains=np.arange(count),
        percents=np.zeros(count, np.int64),
        malicious=malicious,
        kinds=nothing,
        sources=np.full(count, "source"),
        months=nothing,
        host_only=np.zeros(count, np.bool_),
    )


def stage_scores(links: LabelledLinks) -> StageScores:
    """Return a fast model that knows little and a second stage that knows much."""
    chance = np.random.default_rng(3)
    weak = chance.normal(np.where(links.malicious, 1.0, -1.0), 1.5)
    strong = chance.normal(np.where(links.malicious, 4.0, -4.0), 1.5).astype(np.float32)
    fast = (1 / (1 + np.exp(-weak))).astype(np.float32)
    return StageScores(fast, log_odds(fast), strong)


def test_a_tenth_of_the_legitimate_links_is_uncertain() -> None:
    links = some_links()
    found = stage_scores(links)
    fast = found.fast

    chosen = stages.choose(links, np.arange(COUNT), found, ALL)

    assert chosen.about.to_score is not None
    band = (fast >= chosen.about.from_score) & (fast < chosen.about.to_score)
    assert abs(band[~links.malicious].mean() - stages.MOST_UNCERTAIN) < 0.002


def test_the_threshold_keeps_the_rate_and_blocks_more_than_the_fast_model() -> None:
    links = some_links(20000)
    rows, new = np.arange(len(links)), np.ones(len(links), np.bool_)
    found = stage_scores(links)

    chosen = stages.choose(links, rows, found, new)

    blocked = chosen.scores(found) >= np.float32(chosen.threshold)
    assert blocked[~links.malicious].sum() == stages.MOST_BLOCKED * len(links) / 2
    alone = stages.thresholds(links, rows, found.fast, new)[stages.RULE]
    assert blocked[links.malicious].mean() > (found.fast[links.malicious] >= alone).mean()


def test_rows_that_the_fast_model_was_trained_on_set_no_threshold() -> None:
    links = some_links(20000)
    found = stage_scores(links)
    scores = found.fast.copy()
    known = np.flatnonzero(~links.malicious)[:100]
    new = np.ones(len(links), np.bool_)
    new[known], scores[known] = False, 1.0

    chosen = stages.thresholds(links, np.arange(len(links)), scores, new)

    assert chosen[stages.RULE] < 1


def test_the_threshold_without_lists_nobody_vetted_is_told() -> None:
    links = some_links(20000)
    scores = stage_scores(links).fast.copy()
    sources, new = links.sources.astype("<U20"), np.ones(len(links), np.bool_)
    doubtful = np.flatnonzero(~links.malicious)[:10]
    sources[doubtful], scores[doubtful] = UNVETTED[0], 0.99999

    chosen = stages.thresholds(replace(links, sources=sources), np.arange(len(links)), scores, new)

    assert chosen[stages.RULE] > 0.9999 > chosen["links of vetted sources"]


def test_scores_outside_the_band_are_the_fast_ones() -> None:
    links = some_links()
    found = stage_scores(links)
    chosen = stages.choose(links, np.arange(COUNT), found, ALL)

    scores = chosen.scores(found)

    outside = found.fast < np.float32(chosen.about.from_score)
    assert np.array_equal(scores[outside], found.fast[outside])


def test_a_bundle_scores_rows_as_they_were_chosen() -> None:
    # The card's map of scores is the identity, whatever the threshold.
    links = some_links()
    every = stage_scores(links)
    chosen = stages.choose(links, np.arange(COUNT), every, ALL)

    other = stages.final_scores(replace(chosen.about, threshold=0.5), 0.5, every)

    assert np.allclose(chosen.scores(every), other, atol=1e-6)
