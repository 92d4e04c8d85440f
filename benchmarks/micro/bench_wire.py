"""Cost around deciding: decoding requests, encoding responses, queueing hits."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.micro import fixtures
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from services.decision.sinks import hit_encoder
from services.decision.sinks.hit_records import blocked
from services.rpc.decide import wire_format
from services.rpc.decide.columnar_decoder import ColumnarDecoder
from services.rpc.decide.encoder import BatchResponses

ROWS = 256


@pytest.mark.parametrize("channel", ["call", "text", "link"])
def bench_reading(benchmark: BenchmarkFixture, channel: str) -> None:
    data = fixtures.request(channel, ROWS)
    read = getattr(ColumnarDecoder(HomePlan()), f"{channel}s")

    table = benchmark(lambda: read(data, wire_format.count_rows(data), fixtures.NOW_MS))

    assert len(table) == ROWS


def bench_writing(benchmark: BenchmarkFixture) -> None:
    engine = fixtures.engine(fixtures.listed_numbers(fixtures.LISTED))
    decisions = engine.decide_calls(fixtures.calls(ROWS), fixtures.NOW_S)

    assert benchmark(lambda: BatchResponses(decisions).write(decisions.details, 0, ROWS))


def bench_cutting_hits_out(benchmark: BenchmarkFixture) -> None:
    engine, calls = fixtures.engine(fixtures.listed_numbers(fixtures.LISTED)), fixtures.calls(ROWS)
    decisions = engine.decide_calls(calls, fixtures.NOW_S)

    assert benchmark(blocked, Channel.CALL, calls, decisions, fixtures.NOW_MS)


def bench_writing_hits(benchmark: BenchmarkFixture) -> None:
    engine, calls = fixtures.engine(fixtures.listed_numbers(fixtures.LISTED)), fixtures.calls(ROWS)
    decisions = engine.decide_calls(calls, fixtures.NOW_S)
    batch = blocked(Channel.CALL, calls, decisions, fixtures.NOW_MS)
    assert batch is not None

    assert benchmark(lambda: list(hit_encoder.written(batch)))
