"""Rows of the peers table: figures, ratios, and peers that are missing."""

import json
from collections.abc import Callable
from dataclasses import asdict

import pytest

from benchmarks.peers import paired_runs, table
from benchmarks.peers.outputs import Load
from benchmarks.peers.paired_runs import About, Contestant

ABOUT = About(
    channel="call",
    peer="Peer",
    version="1.2",
    work="looked up",
    generator="loop",
    not_equal="Everything.",
)


class Idle:
    """A server that costs nothing and has a size."""

    def cpu_seconds(self) -> float:
        return 0.0

    def memory_bytes(self) -> int:
        return 5 * 2**20


def loads(*rates: float, failed: int = 0) -> Callable[[], Load]:
    """Return a generator that gives *rates* one after the other."""
    left = iter(rates)
    return lambda: Load(per_second=next(left), done=10, failed=failed, answers={})


def test_contestants_take_turns() -> None:
    order: list[str] = []

    def load(name: str) -> Callable[[], Load]:
        def run() -> Load:
            order.append(name)
            return Load(per_second=1, done=1, failed=0, answers={})

        return run

    paired_runs.in_turn([Contestant(name=name, load=load(name)) for name in ("a", "b")], repeats=2)

    assert order == ["a", "b", "a", "b"]


def test_rate_counts_rows_of_a_batch() -> None:
    figures = paired_runs.in_turn([Contestant(name="a", load=loads(10, 20), rows=256)], repeats=2)

    assert figures["a"].rates == [2560, 5120]


def test_ratio_is_of_medians() -> None:
    contestants = [
        Contestant(name="Peer", load=loads(100, 1, 200), server=Idle()),
        Contestant(name="ours", load=loads(300, 200, 900), server=Idle()),
    ]

    (row,) = paired_runs.rows(ABOUT, paired_runs.in_turn(contestants, repeats=3), ["ours"])

    assert row.peer_rate == [100, 1, 200]
    assert row.ours_rate == [300, 200, 900]
    assert row.ratio == 3.0
    assert row.memory == {"peer": 5 * 2**20, "ours": 5 * 2**20}


def test_ratio_without_figures_is_none() -> None:
    assert table.ratio([], [1.0]) is None
    assert table.ratio([1.0], []) is None


@pytest.mark.parametrize("load", [loads(10, failed=1), loads(0)])
def test_a_run_with_failures_or_without_answers_is_no_figure(load: Callable[[], Load]) -> None:
    with pytest.raises(RuntimeError, match="a: "):
        paired_runs.in_turn([Contestant(name="a", load=load)], repeats=1)


def test_a_failed_peer_has_a_row_with_the_reason() -> None:
    def measure() -> list[table.Row]:
        raise RuntimeError("no such port")

    (row,) = paired_runs.guarded(ABOUT, measure)

    assert row.missing_reason == "RuntimeError: no such port"
    assert (row.peer, row.peer_rate, row.ratio) == ("Peer", [], None)


def test_the_table_shows_missing_peers_and_measured_ones() -> None:
    contestants = [
        Contestant(name="Peer", load=loads(1000)),
        Contestant(name="ours", load=loads(2500)),
    ]
    measured = paired_runs.rows(ABOUT, paired_runs.in_turn(contestants, repeats=1), ["ours"])
    missing = paired_runs.missing(ABOUT, "not installed")

    head, first, second = table.as_text(measured + missing).splitlines()

    assert head.startswith("channel")
    assert "Peer 1.2" in first
    assert "1,000" in first
    assert "2.50" in first
    assert first.endswith("-, -")
    assert "missing" in second
    assert "not installed" in second


def test_rows_can_be_written_as_json() -> None:
    (row,) = paired_runs.missing(ABOUT, "not installed")

    written = json.loads(json.dumps(asdict(row)))

    assert {"peer", "version", "work", "generator", "peer_rate", "ours_rate", "ratio", "memory",
            "not_equal", "missing_reason"} <= set(written)  # fmt: skip


def test_channels_measured_again_take_the_place_of_their_rows() -> None:
    before = [{"channel": "call", "peer": "a"}, {"channel": "name", "peer": "b"}]
    rows = [{"channel": "call", "peer": "c"}, {"channel": "call", "peer": "d"}]

    names = [row["peer"] for row in table.added(before, rows)]

    assert names == ["b", "c", "d"]
