"""Values that processes share: found by all, forgotten in time, never mixed up."""

import itertools
import mmap
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.mapped.shared_table import (
    MAX_VALUE_BYTES,
    PROBES,
    SLOT_BYTES,
    FoundValue,
    PutOutcome,
    SharedTable,
)

NOW_MS = 1_780_000_000_000
HOLDS_MS = 60_000
NOTHING = FoundValue(value=None)


def key(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table"


def opened(path: Path, slots: int = 64) -> SharedTable:
    return SharedTable.on_file(path, slots=slots, holds_ms=HOLDS_MS)


def test_a_value_is_shared_between_processes_until_it_expires(path: Path) -> None:
    writer, reader = opened(path), opened(path)
    writer.put(key("a"), key("x"), b"value", NOW_MS)

    assert reader.find(key("a"), key("x"), NOW_MS + HOLDS_MS).value == b"value"
    assert reader.find(key("a"), key("x"), NOW_MS + HOLDS_MS + 1) == NOTHING
    assert reader.find(key("b"), key("x"), NOW_MS) == NOTHING


def test_setting_the_clock_back_extends_no_value(path: Path) -> None:
    table = opened(path)
    table.put(key("a"), key("x"), b"value", NOW_MS)

    assert table.find(key("a"), key("x"), NOW_MS - HOLDS_MS - 1) == NOTHING


def test_a_key_with_other_contents_is_distinguished(path: Path) -> None:
    table = opened(path)
    table.put(key("a"), key("x"), b"1", NOW_MS)

    assert table.find(key("a"), key("y"), NOW_MS) == FoundValue(value=None, other_contents=True)

    table.put(key("a"), key("y"), b"2", NOW_MS)

    assert table.find(key("a"), key("x"), NOW_MS).value == b"1"
    assert table.find(key("a"), key("y"), NOW_MS).value == b"2"


def test_a_full_table_evicts_the_oldest_and_counts_it(path: Path) -> None:
    table = opened(path, slots=PROBES)
    outcomes = [
        table.put(key(str(number)), key("x"), b"value", NOW_MS + number)
        for number in range(PROBES + 1)
    ]

    assert outcomes == [*[PutOutcome.FREE] * PROBES, PutOutcome.EVICTED]
    assert table.find(key("0"), key("x"), NOW_MS) == NOTHING
    assert table.find(key("1"), key("x"), NOW_MS).value == b"value"


def test_a_slot_that_two_processes_wrote_at_once_is_empty(path: Path) -> None:
    table = opened(path)
    table.put(key("a"), key("x"), b"the first value", NOW_MS)
    with path.open("r+b") as file:
        data = mmap.mmap(file.fileno(), 0)
        at = data.find(b"the first")
        data[at : at + 3] = b"THE"
        data.close()

    assert table.find(key("a"), key("x"), NOW_MS) == NOTHING


def test_a_file_of_another_size_is_made_new(path: Path) -> None:
    path.write_bytes(b"left over")

    assert opened(path).find(key("a"), key("x"), NOW_MS) == NOTHING
    assert path.stat().st_size == 64 * SLOT_BYTES


def test_a_value_that_is_too_long_is_refused(path: Path) -> None:
    opened(path).put(key("a"), key("x"), bytes(MAX_VALUE_BYTES), NOW_MS)

    with pytest.raises(ValueError, match="value: "):
        opened(path).put(key("a"), key("x"), bytes(MAX_VALUE_BYTES + 1), NOW_MS)


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 2), st.integers(0, HOLDS_MS // 4)),
        max_size=120,
    )
)
def test_a_found_value_is_always_the_last_that_was_put(
    steps: list[tuple[int, int, int]],
) -> None:
    table = SharedTable.in_memory(slots=16, holds_ms=HOLDS_MS)
    known: dict[tuple[int, int], tuple[bytes, int]] = {}
    now = NOW_MS
    for count, (name, contents, later) in zip(itertools.count(), steps, strict=False):
        now += later
        names = key(str(name)), key(str(contents))
        found = table.find(*names, now).value
        if found is not None:
            value, put_ms = known[name, contents]
            assert (found, now - put_ms <= HOLDS_MS) == (value, True)
        value = str(count).encode() * (1 + count % 7)
        table.put(*names, value, now)
        known[name, contents] = value, now

        assert table.find(*names, now).value == value
