import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Entry, EntryMode
from blocklists.entry_table import EntryTable
from blocklists.snapshot import segment_file
from blocklists.snapshot.segment import Segment, empty
from blocklists.snapshot.segment_file import DamagedFile
from tests.support.builders import an_entry
from tests.support.list_strategies import entries, latest

A_FEW = [
    an_entry("+8617000000001"),
    an_entry("+86170*"),
    an_entry("Prize-Office"),
    an_entry("prize.example"),
    an_entry("shop.example/pay/"),
    an_entry("fp1:" + "0123456789abcdef" * 4),
    an_entry("fp1:" + "0123456789abcdef" * 3 + "f" * 16),
]


def a_segment(listed: list[Entry]) -> Segment:
    return Segment.build(EntryTable.from_entries(listed))


def read_back(segment: Segment) -> list[Entry]:
    return [segment.entry(row) for row in range(len(segment))]


@given(listed=st.lists(entries, max_size=10).map(latest))
def test_entries_round_trip(tmp_path_factory: pytest.TempPathFactory, listed: list[Entry]) -> None:
    path = tmp_path_factory.mktemp("lists") / "a.lists"
    written = a_segment(listed)

    digest = segment_file.write(path, written)

    assert read_back(segment_file.read(path, digest)) == read_back(written)


def test_look_ups_work_on_a_mapped_file(tmp_path: Path) -> None:
    path = tmp_path / "a.lists"
    written = a_segment(A_FEW)
    segment_file.write(path, written)

    mapped = segment_file.read(path)

    for group, original in zip(mapped.groups, written.groups, strict=True):
        assert group.index.find(original.index.slots).positions.tolist() == list(range(len(group)))
    assert mapped.prefix_hosts is not None
    assert mapped.bands is not None
    assert written.bands is not None
    near = mapped.bands.find(written.bands.values)
    assert near.rows.tolist() == written.bands.find(written.bands.values).rows.tolist()
    assert len(near.rows) == 4  # each is near itself and the other


def test_a_file_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    now = a_segment(A_FEW)
    groups = [replace(group, index=replace(group.index, marks=None)) for group in now.groups]
    segment_file.write(tmp_path / "a.lists", replace(now, groups=tuple(groups)))

    mapped = segment_file.read(tmp_path / "a.lists")

    assert read_back(mapped) == read_back(now)
    for group in mapped.groups:
        assert group.index.find(group.index.slots).positions.tolist() == list(range(len(group)))


def test_an_empty_list_can_be_written(tmp_path: Path) -> None:
    segment_file.write(tmp_path / "a.lists", empty())

    assert len(segment_file.read(tmp_path / "a.lists")) == 0


def test_a_mapped_list_cannot_be_changed(tmp_path: Path) -> None:
    segment_file.write(tmp_path / "a.lists", a_segment(A_FEW))
    mapped = segment_file.read(tmp_path / "a.lists")

    with pytest.raises(ValueError, match="read-only"):
        mapped.actions[0] = 1


def test_a_mapped_list_outlives_its_file(tmp_path: Path) -> None:
    segment_file.write(tmp_path / "a.lists", a_segment(A_FEW))
    mapped = segment_file.read(tmp_path / "a.lists")

    (tmp_path / "a.lists").unlink()

    assert len(read_back(mapped)) == len(A_FEW)


def test_a_flipped_bit_is_detected_in_every_section(tmp_path: Path) -> None:
    path = tmp_path / "a.lists"
    digest = segment_file.write(path, a_segment(A_FEW))
    good = path.read_bytes()
    for place in range(0, len(good), 3):  # no section is shorter
        damaged = bytearray(good)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)

        with pytest.raises(DamagedFile):
            segment_file.read(path, digest)


def test_the_bit_flip_test_covers_every_column(tmp_path: Path) -> None:
    path = tmp_path / "a.lists"
    segment_file.write(path, a_segment(A_FEW))
    text = path.read_bytes()
    header, _ = json.JSONDecoder().raw_decode(text[text.index(b"{") :].decode("latin-1"))

    names = {name.rstrip("0123456789") for name, _, _, length in header["sections"] if length}
    assert names == {
        "slots", "directory", "prefix_slots", "prefix_directory", "actions", "directions",
        "fraud_types", "expires_s", "provenances", "patterns_offsets", "patterns_blob",
        "provenance_offsets", "provenance_blob",
        "marks", "prefix_marks", "band_marks",
            "band_slots", "band_directory", "band_places", "fingerprints",
    }  # fmt: skip


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_detected(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.lists"
    segment_file.write(path, a_segment(A_FEW))
    text = path.read_bytes()
    path.write_bytes(text[: int(len(text) * share)])

    with pytest.raises(DamagedFile):
        segment_file.read(path)


def test_an_extended_file_is_detected(tmp_path: Path) -> None:
    path = tmp_path / "a.lists"
    segment_file.write(path, a_segment(A_FEW))
    path.write_bytes(path.read_bytes() + b"\0")

    with pytest.raises(DamagedFile):
        segment_file.read(path)


def test_another_valid_file_is_not_accepted(tmp_path: Path) -> None:
    digest = segment_file.write(tmp_path / "a.lists", a_segment(A_FEW))
    segment_file.write(tmp_path / "a.lists", a_segment(A_FEW[:2]))

    with pytest.raises(DamagedFile, match="another file"):
        segment_file.read(tmp_path / "a.lists", digest)


def test_a_missing_file_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile):
        segment_file.read(tmp_path / "none.lists")


def test_a_number_costs_at_most_24_bytes(tmp_path: Path) -> None:
    rows = 20_000
    table = EntryTable.from_entries([an_entry("+8617000000001")]).take(np.zeros(rows, np.int64))
    keys = 8_617_000_000_000 + np.arange(rows)

    segment_file.write(tmp_path / "a.lists", Segment.build(replace(table, keys=keys)))

    assert (tmp_path / "a.lists").stat().st_size / rows <= 24


def rewrite_header(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Write the same columns under another header."""
    text = path.read_bytes()
    length = int.from_bytes(text[8:12], "little")
    header = json.loads(text[44 : 44 + length])
    body = text[44 + length + -(44 + length) % 64 :]
    change(header)
    written = json.dumps(header).encode()
    front = text[:8] + len(written).to_bytes(4, "little") + sha256(written).digest() + written
    path.write_bytes(front + bytes(-len(front) % 64) + body)


def test_shadow_entries_round_trip(tmp_path: Path) -> None:
    path, listed = tmp_path / "a.lists", [replace(one, mode=EntryMode.SHADOW) for one in A_FEW]
    segment_file.write(path, a_segment(listed))

    mapped = segment_file.read(path)

    assert mapped.mode is EntryMode.SHADOW
    assert {entry.mode for entry in read_back(mapped)} == {EntryMode.SHADOW}


def test_a_file_from_before_there_were_shadow_entries_enforces(tmp_path: Path) -> None:
    path = tmp_path / "a.lists"
    segment_file.write(path, a_segment(A_FEW))
    rewrite_header(path, lambda header: header.pop("mode"))

    mapped = segment_file.read(path)

    assert mapped.mode is EntryMode.ENFORCE
    assert read_back(mapped) == read_back(a_segment(A_FEW))


def test_a_segment_has_one_mode() -> None:
    with pytest.raises(ValueError, match="cannot share"):
        a_segment([A_FEW[0], replace(A_FEW[1], mode=EntryMode.SHADOW)])


@pytest.mark.parametrize(("grounds", "width"), [(1, 1), (256, 1), (257, 2)])
def test_the_place_of_a_ground_takes_the_bytes_it_needs(
    tmp_path: Path, grounds: int, width: int
) -> None:
    listed = [
        an_entry(f"+86170{number:08}", reason=f"case {number % grounds}") for number in range(300)
    ]
    written = a_segment(listed)
    segment_file.write(tmp_path / "a.lists", written)

    mapped = segment_file.read(tmp_path / "a.lists")

    assert mapped.provenances.dtype.itemsize == width
    assert {entry.pattern: entry.reason for entry in read_back(mapped)} == {
        entry.pattern: entry.reason for entry in listed
    }


def test_files_of_earlier_releases_with_four_bytes_for_each_ground_are_read(tmp_path: Path) -> None:
    written = a_segment(A_FEW)
    wide = replace(written, provenances=written.provenances.astype(np.uint32))
    segment_file.write(tmp_path / "a.lists", wide)

    mapped = segment_file.read(tmp_path / "a.lists")

    assert mapped.provenances.dtype == np.uint32
    assert read_back(mapped) == read_back(written)
    assert mapped.table().provenances.tolist() == written.table().provenances.tolist()
