"""The uncertain band of the link cascade, and its threshold."""

from dataclasses import replace

import numpy as np

from classifiers.link.classifier import log_odds
from classifiers.training.link import stages
from classifiers.training.link.data import UNVETTED, LabelledLinks
from classifiers.training.link.stages import StageScores

COUNT = 4000


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

    chosen = stages.choose(links, np.arange(COUNT), found)

    assert chosen.about.to_score is not None
    band = (fast >= chosen.about.from_score) & (fast < chosen.about.to_score)
    assert abs(band[~links.malicious].mean() - stages.MOST_UNCERTAIN) < 0.002


def test_the_threshold_keeps_the_rate_and_blocks_more_than_the_fast_model() -> None:
    links = some_links(20000)
    rows = np.arange(len(links))
    found = stage_scores(links)

    chosen = stages.choose(links, rows, found)

    blocked = chosen.scores(found) >= np.float32(chosen.threshold)
    assert blocked[~links.malicious].sum() <= stages.MOST_BLOCKED * len(links) / 2
    alone = stages.risks(links, rows, found.fast)[stages.RULE].threshold
    assert alone is not None
    assert blocked[links.malicious].mean() > (found.fast[links.malicious] >= alone).mean()


def test_lists_nobody_vetted_set_no_threshold_but_are_told_of() -> None:
    links = some_links(20000)
    found = stage_scores(links)
    sources, fast = links.sources.astype("<U20"), found.fast.copy()
    doubtful = np.flatnonzero(~links.malicious)[:10]
    sources[doubtful], fast[doubtful] = UNVETTED[0], 0.99995  # the fast model alone blocks those
    raised = StageScores(fast, log_odds(fast), found.odds)

    chosen = stages.choose(replace(links, sources=sources), np.arange(len(links)), raised)

    assert chosen.threshold < 0.9999
    of_all = chosen.risks["all sources"].threshold
    assert of_all is not None
    assert of_all > 0.9999
    assert chosen.risks[stages.RULE].groups[-1].clusters == (~links.malicious).sum() - 10


def test_links_of_one_domain_count_once() -> None:
    links = some_links(20000)
    found = stage_scores(links)
    scores = found.odds
    worst = np.flatnonzero(~links.malicious)[np.argsort(scores[~links.malicious])[-300:]]
    domains = links.domains.copy()
    domains[worst] = -1

    apart = stages.risks(links, np.arange(len(links)), found.fast)
    as_one = stages.risks(replace(links, domains=domains), np.arange(len(links)), found.fast)

    assert as_one[stages.RULE].groups[-1].clusters == apart[stages.RULE].groups[-1].clusters - 299


def test_scores_outside_the_band_are_the_fast_ones() -> None:
    links = some_links()
    found = stage_scores(links)
    chosen = stages.choose(links, np.arange(COUNT), found)

    scores = chosen.scores(found)

    outside = found.fast < np.float32(chosen.about.from_score)
    assert np.array_equal(scores[outside], found.fast[outside])


def test_a_bundle_scores_rows_as_they_were_chosen() -> None:
    # The card's map of scores is the identity, whatever the threshold.
    links = some_links()
    every = stage_scores(links)
    chosen = stages.choose(links, np.arange(COUNT), every)

    other = stages.final_scores(replace(chosen.about, threshold=0.5), 0.5, every)

    assert np.allclose(chosen.scores(every), other, atol=1e-6)
