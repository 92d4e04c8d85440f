"""Ended calls reach all workers of a host."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from fanzha.tables import Bools, Int64s
from services.feedback.call_end_fanout import ROWS_AT_ONCE, CallEndFanout


class Counted:
    """What a worker has counted in."""

    def __init__(self) -> None:
        self.callers: list[int] = []
        self.answered: list[bool] = []

    def __call__(
        self,
        callers: Int64s,
        callees: Int64s,
        answered: Bools,
        durations_ms: Int64s,
        ended_at_ms: Int64s,
    ) -> None:
        self.callers += callers.tolist()
        self.answered += answered.tolist()


@contextmanager
def a_worker(folder: Path, name: str) -> Iterator[tuple[CallEndFanout, Counted]]:
    counted = Counted()
    exchange = CallEndFanout(folder, name, counted)
    exchange.open()
    try:
        yield exchange, counted
    finally:
        exchange.close()


def report(exchange: CallEndFanout, *callers: int) -> None:
    keys = np.array(callers, np.int64)
    exchange(keys, keys + 1, keys % 2 == 0, keys * 0 + 60_000, keys * 0 + 1_764_000_000_000)


async def until_counted(counted: Counted, rows: int) -> None:
    async with asyncio.timeout(60):
        while len(counted.callers) < rows:  # noqa: ASYNC110 - nobody would set an event
            await asyncio.sleep(0.005)


async def test_workers_find_each_other_in_a_folder_longer_than_a_socket_address(
    tmp_path: Path,
) -> None:
    folder = tmp_path / ("deep" * 30)

    with a_worker(folder, "1") as (one, _), a_worker(folder, "2") as (_, there):
        report(one, 8617000000001)
        await until_counted(there, 1)

    assert there.callers == [8617000000001]
    assert list(folder.iterdir()) == []


async def test_each_worker_counts_each_end_once(tmp_path: Path) -> None:
    with a_worker(tmp_path, "1") as (one, here), a_worker(tmp_path, "2") as (_, there):
        report(one, 8617000000001, 8617000000002)
        await until_counted(there, 2)

    assert here.callers == there.callers == [8617000000001, 8617000000002]
    assert here.answered == there.answered == [False, True]


async def test_many_call_ends_are_sent_in_parts(tmp_path: Path) -> None:
    many = range(8617000000000, 8617000000000 + 2 * ROWS_AT_ONCE + 1)
    with a_worker(tmp_path, "1") as (one, _), a_worker(tmp_path, "2") as (_, there):
        report(one, *many)
        await until_counted(there, len(many))

    assert there.callers == list(many)


async def test_a_dead_peer_worker_blocks_no_other_and_is_forgotten(tmp_path: Path) -> None:
    with a_worker(tmp_path, "1") as (one, here):
        (tmp_path / "dead.ends").touch()
        report(one, 8617000000001)

    assert here.callers == [8617000000001]
    assert one.dropped == 1
    assert not list(tmp_path.iterdir())  # noqa: ASYNC240 - a test folder
