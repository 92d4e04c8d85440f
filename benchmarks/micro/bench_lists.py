"""Lookup of a batch of 256 in lists of ten thousand to ten million."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.micro import fixtures
from blocklists.entries import Direction
from services.decision.shadow import entries

ROWS = 256
SIZES = (10_000, 1_000_000, pytest.param(10_000_000, marks=pytest.mark.large))


@pytest.mark.parametrize("listed", SIZES)
def bench_find_parties(benchmark: BenchmarkFixture, listed: int) -> None:
    snapshot, callers = fixtures.listed_numbers(listed), fixtures.calls(ROWS, listed).callers

    found = benchmark(snapshot.find_parties, callers, Direction.FROM, fixtures.NOW_S)

    assert (found.rows >= 0).any()


@pytest.mark.parametrize("listed", SIZES)
def bench_find_urls(benchmark: BenchmarkFixture, listed: int) -> None:
    snapshot, urls = fixtures.listed_hosts(listed), fixtures.urls(ROWS, listed)

    found = benchmark(snapshot.find_urls, urls, fixtures.NOW_S)

    assert (found.rows >= 0).any()


@pytest.mark.parametrize("shadows", [0, 10_000])
def bench_shadow_entries(benchmark: BenchmarkFixture, shadows: int) -> None:
    """Match calls against shadow entries without a hit."""
    calls = fixtures.calls(ROWS, 10_000)
    snapshot = fixtures.listed_numbers(10_000)
    if shadows:
        snapshot = fixtures.with_shadows(snapshot, shadows)
    callers, callees = snapshot.find_both(calls.callers, calls.callees, fixtures.NOW_S)

    found = benchmark(entries.of_calls, snapshot, calls, fixtures.NOW_S, callers, callees)

    assert found is None
