"""The uncertain band of the link cascade, and its threshold."""

from dataclasses import replace

import numpy as np
import pytest

from classifiers.link.classifier import log_odds
from classifiers.training.link import stages
from classifiers.training.link.data import UNVETTED, LabelledLinks
from classifiers.training.link.stages import StageScores

MANY = 160_000
"""Half of them legitimate: enough to promise one in ten thousand."""


def some_links(count: int) -> LabelledLinks:
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
    links = some_links(MANY)
    found = stage_scores(links)
    fast = found.fast

    chosen = stages.choose(links, np.arange(MANY), found)

    assert chosen.about.to_score is not None
    band = (fast >= chosen.about.from_score) & (fast < chosen.about.to_score)
    assert abs(band[~links.malicious].mean() - stages.MOST_UNCERTAIN) < 0.002


def test_the_threshold_promises_the_rate_and_blocks_more_than_the_fast_model() -> None:
    links = some_links(MANY)
    rows, found = np.arange(MANY), stage_scores(links)

    chosen = stages.choose(links, rows, found)

    blocked = chosen.scores(found) >= np.float32(chosen.threshold)
    assert blocked[~links.malicious].mean() <= stages.MOST_BLOCKED
    assert "With 95 % confidence at most 0.01 %" in chosen.promise.statement
    alone = stages.control(links, rows, found.fast).threshold
    assert alone is not None
    assert blocked[links.malicious].mean() > (found.fast[links.malicious] >= alone).mean()


def test_the_promise_holds_for_links_and_for_bare_hosts_apart() -> None:
    links = some_links(MANY)
    links = replace(links, host_only=np.arange(MANY) % 4 < 2)
    scores = stage_scores(links).fast.copy()
    hosts = ~links.malicious & links.host_only
    scores[np.flatnonzero(hosts)[:20]] = 0.99999

    chosen = stages.control(links, np.arange(MANY), scores)

    assert chosen.decided_by == "bare hosts"
    assert chosen.threshold is not None
    assert (scores[hosts] >= np.float32(chosen.threshold)).mean() <= stages.MOST_BLOCKED


def test_near_duplicates_of_a_host_and_folder_count_once() -> None:
    many = some_links(MANY)
    rows = np.flatnonzero(~many.malicious)
    urls = [f"http://one.example/plugins/{row}.js" if row in {*rows[:200]} else url
            for row, url in enumerate(many.urls)]  # fmt: skip
    scores = stage_scores(many).fast * np.float32(0.9)
    scores[rows[:200]] = 0.95

    alike = stages.control(replace(many, urls=urls), np.arange(MANY), scores)
    apart = stages.control(many, np.arange(MANY), scores)

    assert alike.threshold is not None
    assert apart.threshold is not None
    assert alike.threshold < 0.95 < apart.threshold


def test_the_review_threshold_lets_one_in_a_thousand_through_to_a_person() -> None:
    links = some_links(MANY)
    found = stage_scores(links)

    chosen = stages.choose(links, np.arange(MANY), found)

    scores = chosen.scores(found)[~links.malicious]
    reviewed = (scores >= np.float32(chosen.review_threshold)).mean()
    assert 0.9 * stages.MOST_REVIEWED <= reviewed <= stages.MOST_REVIEWED
    assert chosen.review_threshold < chosen.threshold


def test_the_threshold_without_lists_nobody_vetted_is_told() -> None:
    links = some_links(MANY)
    found = stage_scores(links)
    sources = links.sources.astype("<U20")
    doubtful = np.flatnonzero(~links.malicious)[:20]
    sources[doubtful] = UNVETTED[0]
    fast, odds = found.fast.copy(), found.odds.copy()
    fast[doubtful], odds[doubtful] = 0.99, 12.0

    chosen = stages.choose(
        replace(links, sources=sources),
        np.arange(MANY),
        StageScores(fast, log_odds(fast), odds),
    )

    assert chosen.by_rule["the same of vetted sources"] < chosen.by_rule[stages.RULE]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://www.a.example/", "a.example/"),
        ("http://a.example/page.html", "a.example/"),
        ("http://a.example/x/y.js?z=/q", "a.example/x"),
        ("http://a.example/?to=/x/y", "a.example/"),
    ],
)
def test_the_host_and_first_folder_of_a_link(url: str, place: str) -> None:
    assert stages.host_and_folder(url) == place


def test_scores_outside_the_band_are_the_fast_ones() -> None:
    links = some_links(MANY)
    found = stage_scores(links)
    chosen = stages.choose(links, np.arange(MANY), found)

    scores = chosen.scores(found)

    outside = found.fast < np.float32(chosen.about.from_score)
    assert np.array_equal(scores[outside], found.fast[outside])


def test_a_bundle_scores_rows_as_they_were_chosen() -> None:
    # The card's map of scores is the identity, whatever the threshold.
    links = some_links(MANY)
    every = stage_scores(links)
    chosen = stages.choose(links, np.arange(MANY), every)

    other = stages.final_scores(replace(chosen.about, threshold=0.5), 0.5, every)

    assert np.allclose(chosen.scores(every), other, atol=1e-6)
