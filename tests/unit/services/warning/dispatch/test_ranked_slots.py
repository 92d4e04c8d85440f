"""Slots that the most urgent waiter gets first."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from services.warning.dispatch.ranked_slots import RankedSlots


class Work:
    """Takes slots and notes in which order; each piece runs until it is let go."""

    def __init__(self, slots: int) -> None:
        self.slots = RankedSlots(slots)
        self.began: list[str] = []
        self.go = asyncio.Event()

    async def do(self, name: str, rank: int) -> None:
        async with self.slots.taken(rank):
            self.began.append(name)
            await self.go.wait()


async def until_idle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_who_waits_goes_by_rank_and_then_in_order() -> None:
    work = Work(1)
    asked = [
        ("first", 1),
        ("low", 1),
        ("high", 3),
        ("medium", 2),
        ("high again", 3),
        ("low too", 1),
    ]
    tasks = [asyncio.create_task(work.do(name, rank)) for name, rank in asked]
    await until_idle()
    assert work.began == ["first"]

    work.go.set()
    await asyncio.gather(*tasks)

    assert work.began == ["first", "high", "high again", "medium", "low", "low too"]


async def test_a_slot_that_was_handed_to_somebody_who_left_goes_to_the_next() -> None:
    work = Work(1)
    work.go.set()
    async with work.slots.taken(1):
        leaver = asyncio.create_task(work.do("leaver", 3))
        last = asyncio.create_task(work.do("last", 1))
        await until_idle()
    leaver.cancel()  # the slot is its own by now, and it does not know yet

    await asyncio.gather(leaver, last, return_exceptions=True)
    await asyncio.wait_for(work.do("after", 1), 30)

    assert work.began == ["last", "after"]


@given(
    slots=st.integers(1, 4),
    ranks=st.lists(st.integers(0, 3), max_size=20),
    leaving=st.sets(st.integers(0, 19)),
)
def test_no_slot_is_lost_or_made(slots: int, ranks: list[int], leaving: set[int]) -> None:
    async def run() -> tuple[int, int]:
        work, most, running = Work(slots), 0, 0

        async def one(rank: int) -> None:
            nonlocal most, running
            async with work.slots.taken(rank):
                running += 1
                most = max(most, running)
                try:
                    await asyncio.sleep(0)
                finally:
                    running -= 1

        tasks = [asyncio.create_task(one(rank)) for rank in ranks]
        for place in sorted(leaving):
            await asyncio.sleep(0)
            if place < len(tasks):
                tasks[place].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        work.go.set()
        for number in range(slots):  # all are free again
            await asyncio.wait_for(work.do(str(number), 0), 30)
        return most, len(work.began)

    most, after = asyncio.run(run())

    assert most <= slots
    assert after == slots
