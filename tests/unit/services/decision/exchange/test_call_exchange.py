"""Workers tell each other of calls: bounded, in time, and by memories as they decide with."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.caller.activity import ActivityTable
from fanzha.errors import Unavailable
from fanzha.tables import Calls
from services.decision.exchange.call_exchange import NEAR_MS, CallExchange
from services.decision.exchange.call_outbox import CallOutbox
from services.decision.exchange.store import HeardCalls
from services.decision.exchange.told_calls import ToldCalls, unpacked
from tests.support.builders import NINE_O_CLOCK_MS, some_calls

RING = "+8617000000001"
OTHERS = [f"+861710000{number:04}" for number in range(40)]


class Line:
    """What workers tell, in order; away while *down*."""

    def __init__(self) -> None:
        self.told = list[HeardCalls]()
        self.down = False


@dataclass
class End:
    """One worker's end of a line."""

    line: Line
    worker: str
    host: str
    at: int = 0

    async def tell(self, told: ToldCalls) -> None:
        if self.line.down:
            raise Unavailable("away")
        fields = {name.encode(): part for name, part in told.packed().items()}
        self.line.told.append(HeardCalls(worker=self.worker, host=self.host, told=unpacked(fields)))

    async def hear(self) -> list[HeardCalls]:
        if self.line.down:
            raise Unavailable("away")
        heard, self.at = self.line.told[self.at :], len(self.line.told)
        return [one for one in heard if one.worker != self.worker]

    def skip(self) -> None:
        self.at = len(self.line.told)


@dataclass
class WorkerSeen:
    """A worker with a memory of callers."""

    line: Line
    name: str
    host: str = "host"
    a_second: int = 1000
    clock: int = NINE_O_CLOCK_MS
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.memory = ActivityTable(1024)
        self.ends = 0
        self.outbox = CallOutbox(left_out=lambda rows: self.count("left_out", rows))
        self.exchange = CallExchange(
            self.outbox,
            End(self.line, self.name, self.host),
            observe=self.memory.observe,
            record_ends=self.end,
            workers=self.workers,
            host=self.host,
            calls_a_second=self.a_second,
            now_ms=lambda: self.clock,
            counted=self.count,
        )

    async def workers(self) -> int:
        return 2

    def end(self, callers: object, *_: object) -> None:
        self.ends += len(callers)  # type: ignore[arg-type]

    def count(self, what: str, rows: int) -> None:
        self.counts[what] = self.counts.get(what, 0) + rows

    def decides(self, calls: Calls) -> None:
        self.memory.observe(calls)
        self.outbox.decided(calls)

    def knows(self, caller: str) -> tuple[float, float]:
        """Return how many calls a caller has made, and to how many people, the next included."""
        found = self.memory.peek(calls_of(caller, 1, callee=99))
        return float(found.outgoing_calls[0]), float(found.counterparts[0])


def calls_of(caller: str, count: int, *, callee: int = 0) -> Calls:
    calls = some_calls(*[caller] * count)
    callees = np.arange(count, dtype=np.int64) * 1_000_003 + 8_619_900_000_000 + callee * 7_919
    times = np.full(count, NINE_O_CLOCK_MS, np.int64)
    return replace(calls, callees=callees, attempted_at_ms=times)


@pytest.fixture
async def pair() -> tuple[WorkerSeen, WorkerSeen]:
    line = Line()
    workers = WorkerSeen(line, "a"), WorkerSeen(line, "b")
    for worker in workers:
        await worker.exchange.look()
    return workers


async def test_a_ring_over_two_workers_is_seen_whole_by_both(
    pair: tuple[WorkerSeen, WorkerSeen],
) -> None:
    one, other = pair
    together = ActivityTable(1024)
    for nth, worker in enumerate([one, other, one, other]):
        worker.decides(calls_of(RING, 5, callee=nth))
        together.observe(calls_of(RING, 5, callee=nth))
    alone = one.knows(RING)

    for worker in pair:
        await worker.exchange.tell()
    for worker in pair:
        await worker.exchange.hear()

    whole = together.peek(calls_of(RING, 1, callee=99))
    expected = float(whole.outgoing_calls[0]), float(whole.counterparts[0])
    assert one.knows(RING) == pytest.approx(expected)
    assert other.knows(RING) == pytest.approx(expected)
    assert alone[0] == pytest.approx(11)


async def test_beyond_the_share_busy_callers_go_first_and_the_rest_is_counted() -> None:
    one = WorkerSeen(Line(), "a", a_second=40)
    await one.exchange.look()
    for number, stranger in enumerate(OTHERS):
        one.decides(calls_of(stranger, 1, callee=number))
        one.decides(calls_of(RING, 1, callee=100 + number))

    await one.exchange.tell()

    # Half a second's half of forty.
    [heard] = one.line.told
    assert heard.told is not None
    assert set(heard.told.attempts[0].tolist()) == {int(RING[1:])}
    assert heard.told.rows == 10
    assert one.counts == {"left_out": 70, "told": 10}


async def test_alone_a_worker_keeps_nothing_to_tell() -> None:
    outbox = CallOutbox()

    outbox.decided(calls_of(RING, 3))

    assert len(outbox) == 0


async def test_more_than_a_flood_may_bring_is_left_out(
    pair: tuple[WorkerSeen, WorkerSeen],
) -> None:
    one, other = pair
    flood = ToldCalls(attempts=np.full((3, 5000), NINE_O_CLOCK_MS, np.int64))
    await End(one.line, "x", "x").tell(flood)

    await other.exchange.hear()

    assert other.counts == {"left_out": 5000}


async def test_calls_with_a_wrong_time_age_no_memory(pair: tuple[WorkerSeen, WorkerSeen]) -> None:
    one, other = pair
    other.decides(calls_of(RING, 5))
    before = other.knows(RING)
    later = calls_of(RING, 1)
    one.decides(replace(later, attempted_at_ms=later.attempted_at_ms + NEAR_MS + 1))
    await one.exchange.tell()

    await other.exchange.hear()

    assert other.knows(RING) == before
    assert other.counts == {"left_out": 1, "heard": 0}


async def test_an_outage_costs_what_was_to_be_told_and_no_more(
    pair: tuple[WorkerSeen, WorkerSeen],
) -> None:
    one, other = pair
    one.decides(calls_of(RING, 5))
    one.line.down = True
    with pytest.raises(Unavailable):
        await one.exchange.tell()
    with pytest.raises(Unavailable):
        await other.exchange.hear()
    one.line.down = False

    one.decides(calls_of(RING, 2, callee=50))
    await one.exchange.tell()
    await other.exchange.hear()

    assert one.counts == {"left_out": 5, "told": 2}
    assert other.counts == {"left_out": 0, "heard": 2}


@pytest.mark.parametrize(("host", "counted"), [("host", 0), ("elsewhere", 3)])
async def test_ends_are_heard_of_other_hosts_only(host: str, counted: int) -> None:
    line = Line()
    one, other = WorkerSeen(line, "a", host=host), WorkerSeen(line, "b")
    await one.exchange.look()
    rows = np.full(3, NINE_O_CLOCK_MS, np.int64)
    one.outbox.ended(rows, rows, np.ones(3, np.bool_), rows, rows)
    await one.exchange.tell()

    await other.exchange.hear()

    assert other.ends == counted


@given(st.dictionaries(st.sampled_from([b"attempts", b"places", b"ends"]), st.binary(max_size=96)))
def test_any_bytes_are_read_or_refused(fields: dict[bytes, bytes]) -> None:
    try:
        told = unpacked(fields)
    except ValueError:
        return
    again = {name.encode(): part for name, part in told.packed().items()}

    assert {name: part for name, part in fields.items() if part} == again


async def test_places_are_told_with_their_calls(pair: tuple[WorkerSeen, WorkerSeen]) -> None:
    one, other = pair
    handsets = np.arange(1, 6, dtype=np.uint32)
    one.decides(calls_of(OTHERS[0], 1))
    one.decides(replace(calls_of(RING, 5), handsets=handsets))
    await one.exchange.tell()

    await other.exchange.hear()

    known = other.memory.peek(calls_of(RING, 1, callee=9))
    assert known.handsets[0] > 4
