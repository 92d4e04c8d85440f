"""Reading numbers and links; a batch of 256."""

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks import scenarios
from benchmarks.micro import fixtures
from fanzha import numbering, party_columns
from fanzha.links import find_links
from fanzha.phone import HomePlan
from fanzha.url import canonicals

ROWS = 256


def bench_number_keys(benchmark: BenchmarkFixture) -> None:
    texts = fixtures.numbers(scenarios.calls(ROWS, fixtures.LISTED))

    assert benchmark(HomePlan().number_keys, texts).all()


def bench_number_keys_by_column(benchmark: BenchmarkFixture) -> None:
    texts = [text.encode() for text in fixtures.numbers(scenarios.calls(ROWS, fixtures.LISTED))]
    # With the surrounding bytes of a request, since numbers are read eight bytes at a time.
    lengths = np.array([len(text) for text in texts])
    starts = np.cumsum(lengths) - lengths + 32

    keys, _ = benchmark(
        party_columns.keys, bytes(32) + b"".join(texts) + bytes(32), starts, lengths, "86"
    )

    assert keys.all()


def bench_impossible_numbers(benchmark: BenchmarkFixture) -> None:
    numbering.prepare()

    assert not benchmark(numbering.impossible, fixtures.calls(ROWS).callers).all()


def bench_canonicals(benchmark: BenchmarkFixture) -> None:
    assert all(benchmark(canonicals, fixtures.urls(ROWS, fixtures.LISTED)))


def bench_canonicals_that_are_not_yet(benchmark: BenchmarkFixture) -> None:
    urls = [url.upper().replace("HTTP", " http") for url in fixtures.urls(ROWS, fixtures.LISTED)]

    assert all(benchmark(canonicals, urls))


def bench_find_links(benchmark: BenchmarkFixture) -> None:
    bodies = fixtures.bodies(ROWS)

    assert any(benchmark(lambda: [find_links(body) for body in bodies]))
