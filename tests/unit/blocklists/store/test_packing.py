import json
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Entry, EntryMode
from blocklists.entry_table import EntryTable, Identities
from blocklists.store.packing import DamagedPack, pack, unpack_entries, unpack_identities
from tests.support.builders import an_entry
from tests.support.list_strategies import entries, mixed

A_FEW = [an_entry("+8617000000001"), an_entry("prize.example"), an_entry("+86170*")]


@given(st.lists(mixed, max_size=8))
def test_entries_round_trip(listed: list[Entry]) -> None:
    table = EntryTable.from_entries(listed)

    found = unpack_entries(pack(table))

    read = [found.entry(row) for row in range(len(found))]
    assert read == [table.entry(row) for row in range(len(table))]


@given(st.lists(entries, max_size=8))
def test_identities_round_trip(listed: list[Entry]) -> None:
    names = [(entry.kind, entry.pattern, entry.action) for entry in listed]

    found = unpack_identities(pack(Identities.of(names)))

    assert [found.pattern(row) for row in range(len(found))] == [name for _, name, _ in names]
    assert found.kinds.tolist() == [kind for kind, _, _ in names]
    assert found.actions.tolist() == [action for _, _, action in names]


def test_each_flipped_bit_is_detected() -> None:
    good = pack(EntryTable.from_entries(A_FEW))
    for place in range(len(good)):
        damaged = bytearray(good)
        damaged[place] ^= 1 << place % 8

        with pytest.raises(DamagedPack):
            unpack_entries(bytes(damaged))


@pytest.mark.parametrize("length", [0, 3, 4, 5, 40])
def test_a_truncated_pack_is_detected(length: int) -> None:
    good = pack(EntryTable.from_entries(A_FEW))

    with pytest.raises(DamagedPack):
        unpack_entries(good[:length])


def test_an_extended_pack_is_detected() -> None:
    good = pack(EntryTable.from_entries(A_FEW))

    with pytest.raises(DamagedPack):
        unpack_entries(good + b"\0")


def test_identities_are_not_mistaken_for_entries() -> None:
    with pytest.raises(DamagedPack, match="identities"):
        unpack_entries(pack(Identities.of([])))


Head = list[list[str | int]]


def with_head(packed: bytes, change: Callable[[Head], Head]) -> bytes:
    """Pack the same columns under another head; those that it leaves out come last."""
    plain = zlib.decompress(packed[4:])
    length = int.from_bytes(plain[:4], "little")
    head = json.dumps(change(json.loads(plain[4 : 4 + length]))).encode()
    body = zlib.compress(len(head).to_bytes(4, "little") + head + plain[4 + length :])
    return zlib.crc32(body).to_bytes(4, "little") + body


def test_a_pack_of_an_earlier_release_enforces() -> None:
    def before_modes(head: Head) -> Head:
        # Earlier releases wrote the columns that are left, in the same order, and no modes.
        assert head[-2][0] == "modes"
        return [column for column in head if column[0] != "modes"]

    table = EntryTable.from_entries(A_FEW)
    packed = pack(table)
    old = with_head(without_bytes_of_modes(packed, len(table)), before_modes)

    found = unpack_entries(old)

    assert [found.entry(row) for row in range(len(found))] == A_FEW


def without_bytes_of_modes(packed: bytes, rows: int) -> bytes:
    plain = zlib.decompress(packed[4:])
    length = int.from_bytes(plain[:4], "little")
    last = json.loads(plain[4 : 4 + length])[-1][2]  # bytes of the provenance
    end = len(plain) - last
    body = zlib.compress(plain[: end - rows] + plain[end:])
    return zlib.crc32(body).to_bytes(4, "little") + body


def test_an_earlier_release_refuses_a_pack_with_shadow_entries() -> None:
    """It knows a table by the name of its last column, and would let shadows block."""

    def columns(packed: bytes) -> list[str]:
        plain = zlib.decompress(packed[4:])
        length = int.from_bytes(plain[:4], "little")
        return [name for name, _, _ in json.loads(plain[4 : 4 + length])]

    shadow = replace(A_FEW[0], mode=EntryMode.SHADOW)

    assert "provenance_blob" in columns(pack(EntryTable.from_entries(A_FEW)))
    assert "provenance_blob" not in columns(pack(EntryTable.from_entries([*A_FEW, shadow])))
