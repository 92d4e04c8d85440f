"""Splitting the labelled subscribers, and imagining them earlier."""

import gzip
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.caller.classifier import TABLE_COLUMNS, activity_from_table
from classifiers.training.caller.data import FILE, after_calls, read, split, without
from fanzha.tables import CallerActivity


def somebody(calls: int, counterparts: int, outgoing: int, rows: int = 1) -> CallerActivity:
    cells = (calls, counterparts, outgoing, 10, 60, 50, 48, 12, 20, 2, 3)
    return activity_from_table(
        {
            name: np.full(rows, cell, np.float32)
            for name, cell in zip(TABLE_COLUMNS, cells, strict=True)
        }
    )


@given(st.lists(st.booleans(), max_size=200), st.integers(0, 2**32))
def test_a_split_gives_each_row_to_one_part_and_keeps_the_shares(
    labels: list[bool], seed: int
) -> None:
    frauds = np.array(labels, np.bool_)

    parts = split(frauds, np.random.default_rng(seed))

    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    for kind in (True, False):
        total = np.count_nonzero(frauds == kind)
        expected = (total * 0.6, total * 0.2, total * 0.2)
        found = [np.count_nonzero(frauds[part] == kind) for part in parts]
        assert found == pytest.approx(expected, abs=1.01)


def test_a_split_is_the_same_for_a_seed() -> None:
    frauds = np.arange(100) % 3 == 0

    one, other = (split(frauds, np.random.default_rng(7)) for _ in range(2))

    assert all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


def test_subscribers_are_read_with_their_empty_cells(tmp_path: Path) -> None:
    names = [*TABLE_COLUMNS, "arpu_mean", "label"]
    lines = [",".join(names), "30,20,10,5,60,,,9,,2,,45,1", ",,,,,12,11,,7,,,45,0"]
    (tmp_path / FILE).write_bytes(gzip.compress("\n".join(lines).encode()))

    found = read(tmp_path)

    assert found.frauds.tolist() == [True, False]
    assert found.activity.outgoing_calls.tolist() == [10, 0]
    assert found.activity.texts_received.tolist() == [0, 11]
    assert found.activity.active_hours.tolist() == [9, 0]
    assert found.activity.text_counterparts.tolist() == [0, 7]
    assert found.activity.handsets.tolist() == [2, 0]
    assert found.activity.location_areas.tolist() == [0, 0]


@given(
    st.integers(1, 2000), st.floats(0, 1), st.floats(0, 1), st.integers(1, 500), st.integers(0, 99)
)
def test_a_partial_observation_counts_no_more_than_the_whole(
    calls: int, variety: float, share: float, outgoing: int, seed: int
) -> None:
    counterparts = max(1, round(calls * variety))
    whole = somebody(calls, counterparts, round(calls * share))

    early = after_calls(whole, float(outgoing), np.random.default_rng(seed))

    for name, seen, total in zip(whole.__slots__, astuple(early), astuple(whole), strict=True):
        if name != "connected_seconds":
            assert 0 <= seen[0] <= max(total[0], 1), name


def test_a_partial_observation_has_about_the_requested_number_of_calls() -> None:
    whole = somebody(1000, 300, 600, rows=400)

    early = after_calls(whole, 60.0, np.random.default_rng(1))

    assert early.outgoing_calls.mean() == pytest.approx(60, rel=0.05)
    assert early.incoming_calls.mean() == pytest.approx(40, rel=0.05)
    assert early.active_days.tolist() == [1] * 400
    seconds = early.connected_seconds / early.connected_calls
    assert seconds.mean() == pytest.approx(60, rel=0.05)
    # Of ten calls in a hundred, more than a tenth of the counterparts have been met.
    assert 30 < early.counterparts.mean() < 100
    assert 9 < early.active_hours.mean() < 12
    assert early.text_counterparts.max() <= 20


def test_a_caller_with_fewer_calls_stays_unchanged() -> None:
    whole = somebody(40, 20, 30)

    early = after_calls(whole, 64.0, np.random.default_rng(1))

    assert astuple(early) == astuple(whole)


def test_a_seed_always_gives_the_same_observations() -> None:
    chance = np.random.default_rng(5)
    whole = CallerActivity(
        **{
            field.name: np.floor(chance.gamma(1, 120, 400)).astype(np.float32)
            for field in fields(CallerActivity)
        }
    )

    early = after_calls(whole, np.linspace(1, 200, 400, dtype=np.float32), chance)

    assert [round(float(column.sum(dtype=np.float64))) for column in astuple(early)] == [
        24782,
        31095,
        34519,
        38393,
        28587,
        36331,
        38974,
        44657,
        135387,
        31782,
        34794,
        36114,
        32828,
        31514,
    ]


def test_unreported_columns_are_hidden() -> None:
    hidden = without(
        somebody(40, 20, 30, rows=2), ends=np.array([True, False]), texts=True, handsets=True
    )

    assert hidden.connected_calls.tolist() == [0, 40]
    assert hidden.texts_received.tolist() == [0, 0]
    assert hidden.text_counterparts.tolist() == [0, 0]
    assert hidden.handsets.tolist() == [0, 0]
    assert hidden.location_areas.tolist() == [3, 3]
    assert hidden.outgoing_calls.tolist() == [30, 30]
