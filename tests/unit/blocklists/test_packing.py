import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Entry
from blocklists.entry_table import EntryTable, Identities
from blocklists.packing import DamagedPack, pack, unpack_entries, unpack_identities
from tests.builders import an_entry
from tests.lists import entries

A_FEW = [an_entry("+8617000000001"), an_entry("prize.example"), an_entry("+86170*")]


@given(st.lists(entries, max_size=8))
def test_entries_come_back(listed: list[Entry]) -> None:
    table = EntryTable.from_entries(listed)

    found = unpack_entries(pack(table))

    read = [found.entry(row) for row in range(len(found))]
    assert read == [table.entry(row) for row in range(len(table))]


@given(st.lists(entries, max_size=8))
def test_identities_come_back(listed: list[Entry]) -> None:
    names = [(entry.kind, entry.pattern, entry.action) for entry in listed]

    found = unpack_identities(pack(Identities.of(names)))

    assert [found.pattern(row) for row in range(len(found))] == [name for _, name, _ in names]
    assert found.kinds.tolist() == [kind for kind, _, _ in names]
    assert found.actions.tolist() == [action for _, _, action in names]


def test_each_flipped_bit_is_noticed() -> None:
    good = pack(EntryTable.from_entries(A_FEW))
    for place in range(len(good)):
        damaged = bytearray(good)
        damaged[place] ^= 1 << place % 8

        with pytest.raises(DamagedPack):
            unpack_entries(bytes(damaged))


@pytest.mark.parametrize("length", [0, 3, 4, 5, 40])
def test_a_truncated_pack_is_noticed(length: int) -> None:
    good = pack(EntryTable.from_entries(A_FEW))

    with pytest.raises(DamagedPack):
        unpack_entries(good[:length])


def test_a_longer_pack_is_noticed() -> None:
    good = pack(EntryTable.from_entries(A_FEW))

    with pytest.raises(DamagedPack):
        unpack_entries(good + b"\0")


def test_identities_are_not_taken_for_entries() -> None:
    with pytest.raises(DamagedPack, match="identities"):
        unpack_entries(pack(Identities.of([])))
