"""What is remembered of numbers equals a count of all that happened."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.caller.activity import DAY_MS, HALF_LIFE_MS, ActivityTable
from fanzha.phone import HomePlan
from fanzha.tables import Calls, Int64s, Texts
from tests.support.builders import NINE_O_CLOCK_MS, some_calls

NUMBERS = tuple(f"+861700000000{digit}" for digit in range(6))
KEYS = HomePlan().number_keys(NUMBERS)


@dataclass(frozen=True)
class Event:
    """A call, its end, or a text, between two numbers."""

    kind: str
    one: int
    other: int
    minute: int
    seconds: int


events = st.lists(
    st.builds(
        Event,
        kind=st.sampled_from(["call", "end", "missed", "text"]),
        one=st.integers(0, 5),
        other=st.integers(0, 5),
        minute=st.integers(0, 14 * 24 * 60),
        seconds=st.integers(1, 600),
    ),
    max_size=40,
)


@given(events, st.integers(1, 9))
def test_counters_equal_a_count_of_all_events(happened: list[Event], size: int) -> None:
    table = ActivityTable(slots=2**16)
    table.observe(some_calls(*NUMBERS, callees=[*NUMBERS[1:], NUMBERS[0]]))
    start = [Event("call", row, (row + 1) % 6, 0, 0) for row in range(6)]
    for first in range(0, len(happened), size):
        _feed(table, happened[first : first + size])
    last = Event("call", 0, 1, 14 * 24 * 60, 0)

    known = _known(table, last)

    expected = _counted([*start, *happened, last], now=last.minute)
    assert {name: known[name] for name in expected} == pytest.approx(expected, rel=1e-4, abs=1e-4)
    met = {e.other for e in [*start, *happened] if e.kind == "call" and e.one == 0}
    met |= {e.one for e in [*start, *happened] if e.kind == "call" and e.other == 0}
    assert known["counterparts"] <= len(met) * 1.1


@given(events)
def test_hours_and_text_counterparts_equal_a_count_of_what_has_not_started_over(
    happened: list[Event],
) -> None:
    table = ActivityTable(slots=2**16)
    happened = sorted(happened, key=lambda event: event.minute)
    start, last = Event("call", 0, 1, 0, 0), Event("call", 0, 1, 14 * 24 * 60, 0)
    for event in [start, *happened]:
        _feed(table, [event])

    known = _known(table, last)

    seen = [event for event in [start, *happened, last] if 0 in (event.one, event.other)]
    hours = {_hour(event) for event in seen if event.kind == "call" and _kept(event, last)}
    assert known["active_hours"] == len(hours)
    texts = [event for event in seen if event.kind == "text"]
    # Each period clears a quarter of the bits, so only what lies within the last is all there.
    recent = _at_ms(last) // DAY_MS // 5 * 5 * DAY_MS
    least, most = (
        len({event.one + event.other for event in texts if _at_ms(event) >= since})
        for since in (recent, 0)
    )
    assert least * 0.8 <= known["text_counterparts"] <= most * 1.1


def _hour(event: Event) -> int:
    return (_at_ms(event) // 3_600_000) % 24


def _kept(event: Event, last: Event) -> bool:
    periods = range(_at_ms(event) // DAY_MS // 5 + 1, _at_ms(last) // DAY_MS // 5 + 1)
    return all(period % 4 != _hour(event) % 4 for period in periods)


def _feed(table: ActivityTable, batch: list[Event]) -> None:
    calls = [event for event in batch if event.kind == "call"]
    texts = [event for event in batch if event.kind == "text"]
    ends = [event for event in batch if event.kind in ("end", "missed")]
    table.observe(_calls(calls))
    table.observe_texts(
        Texts(
            senders=_ones(texts),
            receivers=_others(texts),
            bodies=["好"] * len(texts),
            submitted_at_ms=_times(texts),
            ingress=np.ones(len(texts), np.uint8),
            trunks=[""] * len(texts),
            names={},
            errors={},
        )
    )
    table.record_ends(
        _ones(ends),
        _others(ends),
        np.array([event.kind == "end" for event in ends], np.bool_),
        np.array([event.seconds * 1000 for event in ends], np.int64),
        _times(ends),
    )


def _known(table: ActivityTable, event: Event) -> dict[str, float]:
    activity = table.observe(_calls([event]))
    return {name: float(getattr(activity, name)[0]) for name in activity.__slots__}


def _counted(happened: Sequence[Event], now: int) -> dict[str, float]:
    def total(kinds: str, side: str, worth: str = "") -> float:
        return sum(
            float(0.5 ** ((now - event.minute) * 60_000 / HALF_LIFE_MS))
            * float(getattr(event, worth) if worth else 1)
            for event in happened
            if event.kind in kinds.split() and getattr(event, side) == 0
        )

    return {
        "outgoing_calls": total("call", "one"),
        "incoming_calls": total("call", "other"),
        "ended_calls": total("end missed", "one"),
        "answered_calls": total("end", "one"),
        "connected_calls": total("end", "one") + total("end", "other"),
        "connected_seconds": total("end", "one", "seconds") + total("end", "other", "seconds"),
        "texts_sent": total("text", "one"),
        "texts_received": total("text", "other"),
    }


def _calls(happened: list[Event]) -> Calls:
    rows = len(happened)
    return Calls(
        callers=_ones(happened),
        callees=_others(happened),
        attempted_at_ms=_times(happened),
        ingress=np.ones(rows, np.uint8),
        attestations=np.zeros(rows, np.uint8),
        trunks=[""] * rows,
        names={},
        errors={},
    )


def _ones(happened: list[Event]) -> Int64s:
    return KEYS[[event.one for event in happened]] if happened else np.empty(0, np.int64)


def _others(happened: list[Event]) -> Int64s:
    return KEYS[[event.other for event in happened]] if happened else np.empty(0, np.int64)


def _times(happened: list[Event]) -> Int64s:
    return np.array([_at_ms(event) for event in happened], np.int64)


def _at_ms(event: Event) -> int:
    return NINE_O_CLOCK_MS + event.minute * 60_000
