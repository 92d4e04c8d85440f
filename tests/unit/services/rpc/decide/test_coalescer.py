"""Requests that wait at the same time are decided together, each with its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from services.rpc.decide.coalescer import PROBE_EVERY, Coalescer

MOST_ROWS = 1024


class Doubling:
    """Doubles numbers, and remembers which came together."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        return [2 * number for number in numbers]


async def test_each_gets_its_own_answer_out_of_one_batch() -> None:
    double = Doubling()
    together: Coalescer[int, int] = Coalescer(double, MOST_ROWS)

    answers = await asyncio.gather(*(together.submit(number) for number in range(10)))

    assert answers == [2 * number for number in range(10)]
    assert double.batches == [list(range(10))]


async def test_a_batch_has_64_requests_at_most() -> None:
    double = Doubling()
    together: Coalescer[int, int] = Coalescer(double, MOST_ROWS)

    await asyncio.gather(*(together.submit(number) for number in range(130)))

    assert [len(batch) for batch in double.batches] == [64, 64, 2]


async def test_a_cancelled_request_is_not_decided_and_disturbs_no_other() -> None:
    double = Doubling()
    together: Coalescer[int, int] = Coalescer(double, MOST_ROWS)
    gives_up, stays = (asyncio.create_task(together.submit(number)) for number in (1, 2))
    await asyncio.sleep(0)

    gives_up.cancel()

    assert await stays == 4
    assert double.batches == [[2]]


async def test_a_failure_reaches_every_request_of_its_batch_only() -> None:
    double = Doubling()

    def fail_once(numbers: Sequence[int]) -> list[int]:
        answers = double(numbers)
        if len(double.batches) == 1:
            raise ArithmeticError
        return answers

    together: Coalescer[int, int] = Coalescer(fail_once, MOST_ROWS)

    failures = await asyncio.gather(together.submit(1), together.submit(2), return_exceptions=True)

    assert [type(failure) for failure in failures] == [ArithmeticError] * 2
    assert await together.submit(3) == 6


@pytest.mark.parametrize("rounds", [40])
async def test_waiting_for_more_requests_ends(rounds: int) -> None:
    together: Coalescer[int, int] = Coalescer(Doubling(), MOST_ROWS)

    for _ in range(rounds):
        assert await asyncio.gather(*(together.submit(number) for number in range(6))) == [
            2 * number for number in range(6)
        ]


async def test_a_batch_with_enough_rows_waits_for_no_more() -> None:
    double = Doubling()
    together: Coalescer[int, int] = Coalescer(double, MOST_ROWS)

    asking = (together.submit(number, rows=MOST_ROWS // 2) for number in range(5))

    assert await asyncio.gather(*asking) == [0, 2, 4, 6, 8]
    assert double.batches == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize("asking", [8, 12, 16, 60, 64])
async def test_the_batch_size_follows_the_last_one_until_a_probe_finds_more(asking: int) -> None:
    double = Doubling()
    together: Coalescer[int, int] = Coalescer(double, MOST_ROWS)
    await asyncio.gather(*(together.submit(number) for number in range(4)))

    # Now more ask, but four have been all so far, so several batches become of each round.
    for _ in range(2 * PROBE_EVERY):
        await asyncio.gather(*(together.submit(number) for number in range(asking)))

    sizes = [len(batch) for batch in double.batches]
    assert set(sizes[:5]) == {4}
    assert set(sizes[-PROBE_EVERY:]) == {asking}
