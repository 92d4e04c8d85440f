"""Records of the store that somebody wrote who is not us."""

import json
import tracemalloc
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
from tests.support.bad_changes import BAD, Fields, a_pack
from tests.support.builders import a_change, an_entry
from tests.support.effort import examples
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
FEW_EXAMPLES = settings(max_examples=examples(200), deadline=None)


class NoStore:
    """A client of a store that holds nothing."""

    async def getrange(self, key: str, start: int, end: int) -> bytes:
        raise AssertionError(f"{key} is asked for")


async def read(record: Record) -> ListChange:
    return await ChangeReader(Chunks(NoStore(), "chunk"), None).read(7, record)  # type: ignore[arg-type]


def with_checksum(plain: bytes) -> bytes:
    body = zlib.compress(plain)
    return zlib.crc32(body).to_bytes(4, "little") + body


def packing_of(body: bytes) -> bytes:
    """Put the right checksum before bytes that are compressed already."""
    return zlib.crc32(body).to_bytes(4, "little") + body


def plain_of(packed: bytes) -> bytes:
    return zlib.decompress(packed[4:])


def a_record(fields: Fields) -> Record:
    """Return a record of the stream with these fields."""
    record = {name: GOOD[name] for name in (b"previous", b"commit", b"committed_at_ms")}
    for name, text in fields.items():
        record[name.encode()] = text if isinstance(text, bytes) else text.encode()
    return record


def repacked(**changed: Any) -> bytes:
    """Pack the columns of `GOOD` with some of them changed, or None of them left out."""
    plain = plain_of(GOOD[b"additions"])
    place = 4 + int.from_bytes(plain[:4], "little")
    columns = {}
    for name, dtype, rows in json.loads(plain[4:place]):
        columns[name] = np.frombuffer(plain, dtype, rows, place).copy()
        place += columns[name].nbytes
    for name, values in changed.items():
        if values is None:
            del columns[name]
        elif isinstance(values, tuple):
            row, value = values
            columns[name][row] = value
        else:
            columns[name] = np.array(values, columns[name].dtype)
    head = json.dumps([[name, column.dtype.str, len(column)] for name, column in columns.items()])
    body = b"".join(column.tobytes() for column in columns.values())
    return with_checksum(len(head).to_bytes(4, "little") + head.encode() + body)


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


REASONS = {
    "no fields": "additions is missing",
    "no additions": "additions is missing",
    "bad JSON": "the names of chunks are no JSON",
    "JSON of another sort": "the names of chunks are no list of texts",
    "names of chunks that are none": "names a chunk that is none",
    "bad header": "the head is no JSON",
    "header of another sort": "the head is no list",
    "nested header": "the head is no JSON",
    "negative length": "kinds is no number from 0",
    "huge length": "keys is no number from 0",
    "bad dtype": "kinds: is of another dtype",
    "dtype of another sort": "kinds: is of another dtype",
    "bad UTF-8": "author is not UTF-8",
    "bad time": "committed_at_ms is no time",
    "huge time": "committed_at_ms is no time",
    "bomb": "unpacks to more than",
    "no compression": "incorrect header check",
    "empty pack": "the head is longer than it may be",
    "unknown kind": "kinds: holds a value that this release does not know",
    "unknown field": "it has a field that this release does not know",
    "identities for entries": "identities, where entries were expected",
}


def test_every_bad_change_has_a_reason() -> None:
    assert BAD.keys() - REASONS.keys() == {"a chunk that is not there"}  # the store is away


@pytest.mark.parametrize(("name", "why"), REASONS.items())
async def test_a_bad_change_is_skipped_with_its_reason(name: str, why: str) -> None:
    change = await read(a_record(BAD[name]))

    assert why in change.skipped
    assert change.newer is ("unknown" in name)
    assert (len(change.additions), len(change.removals)) == (0, 0)
    assert (change.version, change.commit) == (7, "b")
    use(change)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("author", b"a" * 10_001, "author is too long"),
        ("removals_chunks", json.dumps(["x"] * 10_001).encode(), "more than 10000 chunks"),
        ("removals_chunks", b"[1]", "no list of texts"),
        ("additions", b"", ""),
        ("additions", GOOD[b"additions"][:-1] + b"?", "checksum is wrong"),
        ("additions", packing_of(GOOD[b"additions"][4:] + b"?"), "end too early or too late"),
        ("additions", packing_of(GOOD[b"additions"][4:-9]), "end too early or too late"),
        ("additions", with_checksum(plain_of(GOOD[b"additions"]) + b"?"), "followed by something"),
        ("additions", a_pack([["kinds", "|u1", 0]] * 2), "kinds: is there twice"),
        ("additions", a_pack([["kinds", "|u1"]]), "otherwise than by name, dtype and rows"),
        ("additions", a_pack(["kinds"]), "otherwise than by name, dtype and rows"),
        ("additions", a_pack([["odd", "|u1", 0]]), "a column that this release does not know"),
        ("additions", a_pack([[7, "|u1", 0]]), "a column that this release does not know"),
        ("additions", a_pack([["keys", "<i8", 5]]), "keys: is longer than what there is"),
        ("additions", repacked(actions=None), "actions: is missing"),
        ("additions", repacked(expires_s=[1]), "columns differ in length"),
        ("additions", repacked(modes=[1]), "modes: their number is not that of the keys"),
        ("additions", repacked(keys=(0, 0)), "keys: a number is none"),
        ("additions", repacked(keys=(0, 2**62)), "keys: a number is none"),
        ("additions", repacked(keys=(1, 8617)), "keys: a range has other digits than it says"),
        ("additions", repacked(digits=(0, 3)), "digits: do not fit the kind"),
        ("additions", repacked(offsets=(0, 1)), "patterns: offsets are not ascending"),
        ("additions", repacked(offsets=(3, 2**31)), "patterns: offsets are not ascending"),
        ("additions", repacked(offsets=[0]), "patterns: 1 offsets for 6 rows"),
        ("additions", repacked(blob=(0, 255)), "patterns: is not UTF-8"),
        ("additions", repacked(blob=(-1, ord("z"))), "patterns: a fingerprint is none"),
        ("additions", repacked(provenances=(0, 200)), "provenances: names a place beyond"),
        ("additions", repacked(provenance_blob=(0, ord("x"))), "provenance: is no JSON"),
        (
            "additions",
            repacked(provenance_blob=list(b"[]"), provenance_offsets=[0, 2]),
            "provenance: is no JSON object",
        ),
        (
            "additions",
            repacked(provenance_blob=list(b"{}"), provenance_offsets=[0, 2]),
            "provenance: lacks a text",
        ),
        ("additions", repacked(provenance_offsets=[]), "provenance: has no offsets"),
        ("additions", repacked(actions=(0, 99)), "actions: holds a value"),
        ("additions", repacked(directions=(0, 99)), "directions: holds a value"),
        ("additions", repacked(fraud_types=(0, 99)), "fraud_types: holds a value"),
        ("additions", repacked(modes=(0, 99)), "modes: holds a value"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_each_kind_of_damage_has_its_own_reason(field: str, value: bytes, why: str) -> None:
    change = await read(GOOD | {field.encode(): value})

    assert why in change.skipped
    assert bool(change.skipped) is bool(why)
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


def test_a_bomb_takes_no_more_memory_than_its_bound() -> None:
    bomb = with_checksum(bytes(2**27))
    tracemalloc.start()
    try:
        with pytest.raises(DamagedPack, match="unpacks to more than"):
            unpack_entries(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 2**26


def test_highly_compressible_entries_are_packed_so_that_they_are_accepted() -> None:
    reason = "x" * 2**21
    table = EntryTable.from_entries([an_entry("+8617000000001", reason=reason)])

    assert unpack_entries(pack(table)).entry(0).reason == reason


def test_contents_too_large_for_one_pack_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_PLAIN_BYTES", 100)

    with pytest.raises(packing.TooLarge):
        pack(EntryTable.from_entries(A_FEW))


def test_a_kind_of_a_newer_release_has_its_own_reason() -> None:
    plain = bytearray(plain_of(GOOD[b"additions"]))
    plain[4 + int.from_bytes(plain[:4], "little")] = 77

    with pytest.raises(NewerPack):
        unpack_entries(with_checksum(bytes(plain)))


async def test_a_field_of_a_newer_release_has_its_own_reason() -> None:
    change = await read(GOOD | {b"of_tomorrow": b"1"})

    assert change.newer
    assert change.commit == "b"


PROTECTED = [an_entry("110"), an_entry("agency.gov.cn"), an_entry("+861*"), an_entry("95588")]


def test_rows_refused_by_the_guard_are_omitted_and_reported() -> None:
    change = a_change(3, *A_FEW, *PROTECTED)

    checked, found = findings.screen(change, refuse_unaudited=False)

    left = [checked.additions.entry(row) for row in range(len(checked.additions))]
    assert left == A_FEW
    assert [(one.version, one.kind, one.rows, one.skipped) for one in found] == [
        (3, findings.FindingKind.GUARDED, len(PROTECTED), False)
    ]


@pytest.mark.parametrize("refuse", [False, True])
def test_an_unaudited_change_is_reported_and_refused_where_set(refuse: bool) -> None:
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
def test_rows_accepted_by_the_guard_are_unchanged(listed: list[Entry]) -> None:
    table = EntryTable.from_entries(listed)

    left, found = findings.drop_refused(table, 1)

    assert len(left) == len(table) - sum(one.rows for one in found)
    assert findings.drop_refused(left, 1)[1] == []


def test_findings_of_skipped_changes_outlive_others_at_the_limit() -> None:
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


def test_an_unreadable_record_is_reported_like_an_unavailable_store(what: str) -> None:
    with pytest.raises(DamagedRecord, match="cannot be read"), reading(what):
        np.zeros(1)[9]
