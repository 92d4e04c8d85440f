"""Which rows become sightings, what is in them, and what is dropped."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from fanzha.decisions import Action, Reason
from fanzha.errors import Unavailable
from fanzha.tables import Calls, Links, Texts
from services.decision.observer import Observer
from services.decision.related import sightings
from services.decision.related.sightings import (
    BATCH_ROWS,
    MAX_LINKS,
    MAX_NUMBERS,
    STRIDE,
    WRITE_ROWS,
    WRITES,
    SightingBuffer,
    SightingWriter,
)
from services.decision.related.store import Sighting
from tests.support.builders import (
    NINE_O_CLOCK_S,
    an_engine,
    an_entry,
    some_calls,
    some_links,
    some_models,
    some_texts,
)

BODY = "您的快递有问题，请致电17000000001或访问 http://pay.evil.example/a"


def different(count: int) -> list[str]:
    return [f"你好{number}" for number in range(count)]


def observed(buffer: SightingBuffer, table: Any, *, score: float, entries: Any = ()) -> None:
    observer = Observer(links_found=buffer.links_found, numbers_found=buffer.numbers_found)
    engine = an_engine(*entries, models=some_models(score), observer=observer)
    match table:
        case Calls():
            buffer.observe(table, engine.decide_calls(table, NINE_O_CLOCK_S))
        case Texts():
            buffer.observe(table, engine.decide_texts(table, NINE_O_CLOCK_S))
        case Links():
            buffer.observe(table, engine.decide_links(table, NINE_O_CLOCK_S))


@pytest.mark.parametrize(
    ("table", "entities"),
    [
        (some_texts("你好", sender="+8617000000002"), ["+8617000000002"]),
        (
            some_texts(BODY, sender="+8617000000002"),
            ["+8617000000002", "link:evil.example", "+8617000000001"],
        ),
        (some_links("http://pay.evil.example/a"), ["link:evil.example"]),
    ],
)
def test_a_blocked_row_is_a_sighting_of_all_its_entities(table: Any, entities: list[str]) -> None:
    buffer = SightingBuffer()

    observed(buffer, table, score=1.0)

    assert buffer.take() == [Sighting(1, False, entities)]
    assert len(buffer) == 0


def test_each_row_has_the_links_and_numbers_of_its_own_text() -> None:
    buffer = SightingBuffer()
    plain, other = (
        "你好",
        "致电17000000009或访问 http://a.other.example/ 和 http://b.other.example/",
    )
    texts = some_texts(plain, BODY, plain, other, sender="+8617000000002")
    decisions = an_engine(
        models=some_models(1.0),
        observer=Observer(links_found=buffer.links_found, numbers_found=buffer.numbers_found),
    ).decide_texts(texts, NINE_O_CLOCK_S)
    decisions.actions[1:3] = Action.ALLOW
    decisions.scores[1:3] = 0

    buffer.observe(texts, decisions)

    assert [one.entities for one in buffer.take()] == [
        ["+8617000000002"],
        ["+8617000000002", "link:other.example", "+8617000000009"],
    ]


def test_of_many_links_and_numbers_the_first_become_entities() -> None:
    links = " ".join(f"http://a{row}.x{row // 2}.example/" for row in range(40))
    numbers = ", ".join(f"170000000{row}" for row in range(10, 30))
    buffer = SightingBuffer()

    observed(buffer, some_texts(f"{links} {numbers}", sender="+8617000000002"), score=1.0)

    found = buffer.take()[0].entities
    assert [one for one in found if one.startswith("link:")] == [
        f"link:x{row}.example" for row in range(MAX_LINKS)
    ]
    assert [one for one in found if one.startswith("+")][1:] == [
        f"+86170000000{row}" for row in range(10, 10 + MAX_NUMBERS)
    ]


def test_a_senders_name_is_an_entity_whatever_its_case() -> None:
    texts = replace(some_texts("你好", sender="Bank"), names={0: "Bank"})
    buffer = SightingBuffer()

    observed(buffer, texts, score=1.0)

    assert buffer.take()[0].entities == ["name:bank"]


def test_half_the_threshold_is_enough_and_less_is_sampled() -> None:
    buffer = SightingBuffer()
    # The first text of all is sampled.
    observed(buffer, some_texts("你好"), score=0.1)
    buffer.take()
    observed(buffer, some_texts("你好", sender="+8617000000002"), score=0.45)
    telling = buffer.take()

    observed(buffer, some_texts(*different(10 * STRIDE)), score=0.1)

    sampled = buffer.take()
    assert telling == [Sighting(1, False, ["+8617000000002"])]
    assert len(sampled) == 10
    assert {(one.events, one.sampled) for one in sampled} == {(STRIDE, True)}


def test_rows_that_repeat_what_is_buffered_are_added_up() -> None:
    buffer = SightingBuffer()
    campaign = some_texts(BODY, "你好", BODY, sender="+8617000000002")

    observed(buffer, campaign, score=1.0)
    observed(buffer, campaign, score=1.0)
    observed(buffer, some_texts(BODY, sender="+8617000000003"), score=1.0)
    observed(buffer, some_links("http://pay.evil.example/a"), score=1.0)
    observed(buffer, some_links("http://pay.evil.example/a"), score=1.0)

    assert buffer.take() == [
        Sighting(4, False, ["+8617000000002", "link:evil.example", "+8617000000001"]),
        Sighting(2, False, ["+8617000000002"]),
        Sighting(1, False, ["+8617000000003", "link:evil.example", "+8617000000001"]),
        Sighting(2, False, ["link:evil.example"]),
    ]


def test_sampled_rows_and_others_stay_apart() -> None:
    buffer = SightingBuffer()

    observed(buffer, some_texts(*["你好"] * (2 * STRIDE), sender="+8617000000002"), score=0.0)
    observed(buffer, some_texts("你好", sender="+8617000000002"), score=1.0)

    assert buffer.take() == [
        Sighting(2 * STRIDE, True, ["+8617000000002"]),
        Sighting(1, False, ["+8617000000002"]),
    ]


def test_every_stride_th_row_is_sampled_across_batches() -> None:
    buffer = SightingBuffer()
    sizes = [1, 5, STRIDE, 3 * STRIDE + 1, 7, 2, STRIDE - 1]

    for size in sizes:
        observed(buffer, some_texts(*["你好"] * size), score=0.0)

    assert sum(one.events for one in buffer.take()) == -(-sum(sizes) // STRIDE) * STRIDE


def test_allowed_and_protected_rows_are_no_evidence() -> None:
    buffer = SightingBuffer()
    observed(buffer, some_texts("你好"), score=0.0)
    buffer.take()

    entry = an_entry("+8617000000002", Action.ALLOW)
    observed(buffer, some_texts("你好", sender="+8617000000002"), score=1.0, entries=[entry])
    observed(buffer, some_links("http://bureau.gov.cn/"), score=1.0)

    assert buffer.take() == []


def test_a_flood_is_dropped_and_counted() -> None:
    dropped: list[int] = []
    buffer = SightingBuffer(dropped=dropped.append, capacity=100)
    bodies = different(2 * BATCH_ROWS + 20)

    observed(buffer, some_texts(*bodies[: BATCH_ROWS + 10]), score=1.0)
    observed(buffer, some_texts(*bodies[BATCH_ROWS + 10 :]), score=1.0)

    assert len(buffer) == 100
    assert sum(dropped) == 20 + 2 * BATCH_ROWS - 100


class AwayStore:
    """A store that is away."""

    async def send(self, sightings: Any) -> None:
        raise Unavailable("away")


async def test_a_failed_write_drops_and_counts_its_sightings() -> None:
    dropped: list[int] = []
    buffer = SightingBuffer()
    observed(buffer, some_texts("你好"), score=1.0)
    writer = SightingWriter(buffer, AwayStore(), dropped=dropped.append)

    with pytest.raises(Unavailable):
        await writer.write()

    assert dropped == [1]


async def test_a_write_leaves_what_is_beyond_its_bound_for_the_next() -> None:
    buffer, store = SightingBuffer(), MemoryStore()
    writer = SightingWriter(buffer, store)
    bodies, most = different(WRITES * WRITE_ROWS + 5), WRITES * WRITE_ROWS
    for start in range(0, len(bodies), BATCH_ROWS):
        observed(buffer, some_texts(*bodies[start : start + BATCH_ROWS]), score=1.0)

    buffer.filled.clear()
    await writer.write()
    first, more_to_do = len(store.sightings), buffer.filled.is_set()
    buffer.filled.clear()
    await writer.write()

    assert (first, more_to_do) == (most, True)
    assert (len(store.sightings), buffer.filled.is_set()) == (most + 5, False)


def test_a_call_has_one_entity_and_is_no_sighting() -> None:
    buffer = SightingBuffer()

    observed(buffer, some_calls(*["+8617000000002"] * (2 * STRIDE)), score=1.0)

    assert buffer.take() == []


def test_the_reasons_that_mark_are_sightings() -> None:
    texts = some_texts("你好", sender="+8617000000002")
    decisions = an_engine().decide_texts(texts, NINE_O_CLOCK_S)
    decisions.reasons[0] = Reason.RELATED
    buffer = SightingBuffer()

    buffer.observe(texts, decisions)

    assert buffer.take() == [Sighting(1, False, ["+8617000000002"])]


def test_what_is_blocked_for_want_of_a_model_is_no_evidence() -> None:
    texts = some_texts("你好", sender="+8617000000002")
    decisions = an_engine().decide_texts(texts, NINE_O_CLOCK_S)
    decisions.actions[0], decisions.reasons[0] = Action.BLOCK, Reason.FAILED_CLOSED
    buffer = SightingBuffer()
    buffer.observe(some_texts("你好"), an_engine().decide_texts(some_texts("你好"), NINE_O_CLOCK_S))
    buffer.take()  # the first row of all is sampled

    buffer.observe(texts, decisions)

    assert buffer.take() == []


class CountingWriter(SightingWriter):
    """Counts its steps."""

    steps = 0

    async def write(self) -> None:
        self.steps += 1
        await super().write()


class MemoryStore:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sightings: list[Sighting] = []

    async def send(self, sightings: Sequence[Sighting]) -> None:
        self.sightings += sightings


async def test_a_writer_without_sightings_wakes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sightings, "INTERVAL_SECONDS", 0)
    buffer, store = SightingBuffer(), MemoryStore()
    writer = CountingWriter(buffer, store)
    running = asyncio.create_task(writer.run())
    for _ in range(50):
        await asyncio.sleep(0)
    idle = writer.steps

    observed(buffer, some_links("http://pay.evil.example/a"), score=1.0)
    for _ in range(50):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert (idle, writer.steps) == (1, 2)
    assert [one.entities for one in store.sightings] == [["link:evil.example"]]
