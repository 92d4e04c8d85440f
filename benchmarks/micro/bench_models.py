"""Features and scores; a batch of 256 unless it says otherwise."""

from itertools import cycle

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.micro import fixtures
from classifiers import bundles, card
from classifiers.bundles import load_velocity
from classifiers.caller.activity import ActivityTable
from classifiers.link import url_trees
from classifiers.text import features
from classifiers.velocity.memory import VelocityMemory
from fanzha import fingerprint
from fanzha.text import normalise_all
from services.decision.velocity import VelocityStage, always

ROWS, LINKS = 256, 16_384


def bench_normalise(benchmark: BenchmarkFixture) -> None:
    assert len(benchmark(normalise_all, fixtures.bodies(ROWS))) == ROWS


def bench_ngrams(benchmark: BenchmarkFixture) -> None:
    normal = normalise_all(fixtures.bodies(ROWS))

    assert benchmark(features.ngrams, normal).ids.any()


def bench_fingerprints(benchmark: BenchmarkFixture) -> None:
    normal = normalise_all(fixtures.bodies(ROWS))

    assert benchmark(fingerprint.sketches, normal).known.any()


def bench_text_score(benchmark: BenchmarkFixture) -> None:
    assert len(benchmark(fixtures.models().text.score, fixtures.texts(ROWS)).p_fraud) == ROWS


def bench_link_score(benchmark: BenchmarkFixture) -> None:
    urls = fixtures.links(ROWS).urls

    assert len(benchmark(fixtures.models().link.score, urls)) == ROWS


@pytest.mark.parametrize("rows", [1, 16, 64, 256])
def bench_second_look_at_links(benchmark: BenchmarkFixture, rows: int) -> None:
    bundle = bundles.newest(bundles.SHIPPED, "url")
    cascade = url_trees.of_bundle(bundle, card.read(bundle))
    assert cascade is not None
    urls = fixtures.urls(LINKS, LINKS)
    # Other links each time, as those that were seen before are cached.
    batches = cycle([urls[start : start + rows] for start in range(0, LINKS, rows)])
    fast = np.zeros(rows, np.float32)

    found = benchmark(lambda: cascade.log_odds(next(batches), fast))

    assert len(found) == rows


def bench_activity(benchmark: BenchmarkFixture) -> None:
    activity, batches = ActivityTable(), fixtures.call_batches(ROWS)

    assert benchmark(lambda: activity.observe(next(batches))).outgoing_calls.any()


def bench_caller_score(benchmark: BenchmarkFixture) -> None:
    activity = ActivityTable().observe(fixtures.calls(ROWS))

    assert len(benchmark(fixtures.models().caller.score, activity)) == ROWS


def bench_velocity(benchmark: BenchmarkFixture) -> None:
    stage = VelocityStage(current=always(load_velocity()), memory=VelocityMemory())
    batches = fixtures.call_batches(ROWS)
    activity = ActivityTable().observe(fixtures.calls(ROWS))
    none = np.zeros(ROWS, np.bool_)

    found = benchmark(lambda: stage.score(next(batches), activity, none, _broken))

    assert len(found.scores) == ROWS


def _broken() -> None:
    raise AssertionError("the velocity model is broken")
