"""Records of the store that somebody wrote who is not us."""

import json
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocklists.entries import Entry
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot import delta, findings
from blocklists.snapshot.delta import ListSegments
from blocklists.store import packing
from blocklists.store.change_reader import ChangeReader, Record
from blocklists.store.changes import ListChange
from blocklists.store.chunks import Chunks
from blocklists.store.packing import DamagedPack, NewerPack, pack, unpack_entries, unpack_identities
from infra.redis.damaged_records import DamagedRecord, counts, readable, reading
from tests.support.builders import a_change, an_entry
from tests.support.list_strategies import entries

A_FEW = [
    an_entry("+8617000000001"),
    an_entry("+86170*"),
    an_entry("Prize-Office"),
    an_entry("prize.example"),
    an_entry("shop.example/pay/"),
    an_entry("fp1:" + "0123456789abcdef" * 4),
]
GOOD: dict[bytes, bytes] = {
    b"previous": b"a",
    b"commit": b"b",
    b"committed_at_ms": b"5",
    b"author": b"li",
    b"reason": b"weekly list",
    b"additions": pack(EntryTable.from_entries(A_FEW)),
    b"additions_chunks": b"[]",
    b"removals": pack(Identities.of([(A_FEW[0].kind, A_FEW[0].pattern, A_FEW[0].action)])),
    b"removals_chunks": b"[]",
}
FEW_EXAMPLES = settings(max_examples=300, deadline=None)


class NoStore:
    """A client of a store that holds nothing."""

    async def getrange(self, key: str, start: int, end: int) -> bytes:
        raise AssertionError(f"{key} is asked for")


async def read(record: Record) -> ListChange:
    return await ChangeReader(Chunks(NoStore(), "chunk"), None).read(7, record)  # type: ignore[arg-type]


def with_checksum(plain: bytes) -> bytes:
    body = zlib.compress(plain)
    return zlib.crc32(body).to_bytes(4, "little") + body


def plain_of(packed: bytes) -> bytes:
    return zlib.decompress(packed[4:])


def use(change: ListChange) -> None:
    """Do with a change what follows its being read."""
    checked, _ = findings.screen(change, refuse_unaudited=False)
    lists = delta.apply(ListSegments.nothing(), checked)
    table = lists.snapshot().table(lists.snapshot().live_rows())
    for one in table:
        [one.entry(row) for row in range(len(one))]


async def test_a_good_record_is_a_change() -> None:
    change = await read(GOOD)

    assert not change.skipped
    assert [change.additions.entry(row) for row in range(len(A_FEW))] == A_FEW
    use(change)


@FEW_EXAMPLES
@given(
    name=st.sampled_from(list(GOOD)),
    value=st.none()
    | st.binary(max_size=40)
    | st.sampled_from([b"[[", b"[1]", b"{}", b"null", b"-1", b"9" * 5000, b"[" * 100_000, b"\xff"])
    | st.sampled_from([b'["fanzha:other:1"]', b"1e5", "٣".encode(), b" 5"]),
)
async def test_any_field_may_be_anything(name: bytes, value: bytes | None) -> None:
    record = {key: text for key, text in GOOD.items() if key != name or value is not None}
    if value is not None:
        record[name] = value

    change = await read(record)

    assert change.version == 7
    assert not change.skipped or (len(change.additions), len(change.removals)) == (0, 0)
    use(change)


@FEW_EXAMPLES
@given(data=st.data())
async def test_a_pack_whose_checksum_is_right_may_hold_anything(data: st.DataObject) -> None:
    plain = bytearray(plain_of(GOOD[b"additions"]))
    for _ in range(data.draw(st.integers(1, 3))):
        plain[data.draw(st.integers(0, len(plain) - 1))] = data.draw(st.integers(0, 255))

    use(await read(GOOD | {b"additions": with_checksum(bytes(plain))}))


ODD: list[Any] = [None, True, -1, 0, 2**62, 10**30, 1.5, "x", "O", "|V8", "<f8", ">i8", [], {}]


@FEW_EXAMPLES
@given(data=st.data())
def test_a_head_may_say_anything(data: st.DataObject) -> None:
    plain = plain_of(GOOD[b"additions"])
    length = int.from_bytes(plain[:4], "little")
    head = json.loads(plain[4 : 4 + length])
    column = data.draw(st.integers(0, len(head) - 1))
    if data.draw(st.booleans()):
        head[column][data.draw(st.integers(0, 2))] = data.draw(st.sampled_from(ODD))
    else:
        head[column] = data.draw(st.sampled_from(ODD))
    text = json.dumps(head).encode()

    with pytest.raises(DamagedPack):
        unpack_entries(
            with_checksum(len(text).to_bytes(4, "little") + text + plain[4 + length :])
            if json.loads(plain[4 : 4 + length]) != head
            else b""
        )


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(plain: bytes) -> None:
    for unpack in (unpack_entries, unpack_identities):
        with pytest.raises(DamagedPack):
            unpack(with_checksum(plain))


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(DamagedPack, match="unpacks to more than"):
        unpack_entries(with_checksum(bytes(2**27)))


def test_what_shrinks_as_well_as_a_bomb_is_packed_so_that_it_is_read() -> None:
    reason = "x" * 2**21
    table = EntryTable.from_entries([an_entry("+8617000000001", reason=reason)])

    assert unpack_entries(pack(table)).entry(0).reason == reason


def test_what_is_too_large_for_one_pack_is_not_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_PLAIN_BYTES", 100)

    with pytest.raises(packing.TooLarge):
        pack(EntryTable.from_entries(A_FEW))


def test_a_kind_of_a_newer_release_is_told_apart() -> None:
    plain = bytearray(plain_of(GOOD[b"additions"]))
    plain[4 + int.from_bytes(plain[:4], "little")] = 77

    with pytest.raises(NewerPack):
        unpack_entries(with_checksum(bytes(plain)))


async def test_a_field_of_a_newer_release_is_told_apart() -> None:
    change = await read(GOOD | {b"of_tomorrow": b"1"})

    assert change.newer
    assert change.commit == "b"


PROTECTED = [an_entry("110"), an_entry("agency.gov.cn"), an_entry("+861*"), an_entry("95588")]


def test_rows_that_the_guard_refuses_are_left_out_and_said() -> None:
    change = a_change(3, *A_FEW, *PROTECTED)

    checked, found = findings.screen(change, refuse_unaudited=False)

    left = [checked.additions.entry(row) for row in range(len(checked.additions))]
    assert left == A_FEW
    assert [(one.version, one.kind, one.rows, one.skipped) for one in found] == [
        (3, findings.FindingKind.GUARDED, len(PROTECTED), False)
    ]


@pytest.mark.parametrize("refuse", [False, True])
def test_a_change_that_was_not_audited_is_said_and_refused_by_the_setting(refuse: bool) -> None:
    change = replace(a_change(3, *A_FEW), audited=False)

    checked, found = findings.screen(change, refuse_unaudited=refuse)

    assert len(checked.additions) == (0 if refuse else len(A_FEW))
    assert bool(checked.skipped) is refuse
    assert [(one.version, one.kind, one.skipped) for one in found] == [
        (3, findings.FindingKind.UNAUDITED, refuse)
    ]


@pytest.mark.parametrize("audited", [True, None])
def test_a_change_that_was_audited_or_cannot_be_checked_is_applied(audited: bool | None) -> None:
    change = replace(a_change(3, *A_FEW), audited=audited)

    assert findings.screen(change, refuse_unaudited=True) == (change, [])


@given(st.lists(entries, max_size=6))
def test_what_the_guard_lets_through_is_untouched(listed: list[Entry]) -> None:
    table = EntryTable.from_entries(listed)

    left, found = findings.drop_refused(table, 1)

    assert len(left) == len(table) - sum(one.rows for one in found)
    assert findings.drop_refused(left, 1)[1] == []


def test_findings_of_skipped_changes_stay_when_there_are_too_many() -> None:
    kind = findings.FindingKind
    skipped = findings.Finding(version=1, kind=kind.UNREADABLE, why="x", skipped=True)
    many = [findings.Finding(version=v, kind=kind.GUARDED, why="x", rows=1) for v in range(2, 900)]

    left = findings.retained([skipped, *many])

    assert len(left) == findings.MAX_FINDINGS
    assert left[0] == skipped
    assert left[-1].version == 899
    assert findings.read([one.written() for one in left]) == left


@pytest.fixture
def what(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


def test_records_that_cannot_be_read_are_counted_and_left_out(what: str) -> None:
    texts = ["1", "x", "[", '{"a": 1}', "[" * 100_000, "2"]

    assert readable(what, lambda text: int(json.loads(text)), texts) == [1, 2]
    assert counts()[what] == 4


def test_a_record_that_cannot_be_read_is_as_if_the_store_were_away(what: str) -> None:
    with pytest.raises(DamagedRecord, match="cannot be read"), reading(what):
        np.zeros(1)[9]
