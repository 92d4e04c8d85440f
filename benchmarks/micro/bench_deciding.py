"""Deciding whole batches, from one row to 1024; and the policy alone."""

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.micro import fixtures
from services.decision import rules

SIZES = (1, 16, 256, 1024)


@pytest.mark.parametrize("rows", SIZES)
def bench_decide_calls(benchmark: BenchmarkFixture, rows: int) -> None:
    engine = fixtures.engine(fixtures.listed_numbers(fixtures.LISTED))
    batches = fixtures.call_batches(rows)

    assert len(benchmark(lambda: engine.decide_calls(next(batches), fixtures.NOW_S))) == rows


@pytest.mark.parametrize("rows", SIZES)
def bench_decide_texts(benchmark: BenchmarkFixture, rows: int) -> None:
    engine = fixtures.engine(fixtures.listed_hosts(fixtures.LISTED))

    assert len(benchmark(engine.decide_texts, fixtures.texts(rows), fixtures.NOW_S)) == rows


@pytest.mark.parametrize("rows", SIZES)
def bench_decide_links(benchmark: BenchmarkFixture, rows: int) -> None:
    engine = fixtures.engine(fixtures.listed_hosts(fixtures.LISTED))

    assert len(benchmark(engine.decide_links, fixtures.links(rows), fixtures.NOW_S)) == rows


def bench_policy(benchmark: BenchmarkFixture) -> None:
    chance, nothing = np.random.default_rng(1), np.zeros(256, np.bool_)

    ruling = benchmark(
        rules.rule,
        invalid=nothing,
        protected=nothing,
        listed=(chance.random(256) < 0.03).astype(np.uint8),
        implausible=nothing,
        scores=chance.random(256).astype(np.float32),
        threshold=0.9,
    )

    assert ruling.reasons.all()
