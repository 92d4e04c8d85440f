"""List files that somebody wrote who is not us, with every checksum right."""

import json
from copy import deepcopy
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocklists.entry_table import EntryTable
from blocklists.snapshot import segment_file
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.publication import CURRENT, Publisher
from blocklists.snapshot.replica import Replica
from blocklists.snapshot.segment import Segment
from blocklists.snapshot.segment_file import DamagedFile
from fanzha.fingerprint import BatchSketches
from tests.support.builders import NINE_O_CLOCK_S
from tests.support.effort import examples
from tests.unit.blocklists.snapshot.test_segment_file import A_FEW, a_segment

ODD: list[Any] = [
    *(None, True, -1, 2**31, 2**63, 10**400, 1.5, float("nan"), float("inf"), "", "x", "../../x"),
    *("/etc/passwd", "base-0.lists/../x", "\x00", "0" * 7, "zz", [], [[]], [1], {}, {"a": 1}),
    *(["keys", "O", 0, 1], [["findings"]], "ab" * 8, "ff" * 8, "00" * 16),
]
"""What JSON can hold in the place of anything else."""
odd = st.sampled_from(ODD) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
FAST = settings(max_examples=examples(200), deadline=None, suppress_health_check=list(HealthCheck))


def places(value: Any, path: tuple[Any, ...] = ()) -> "list[tuple[Any, ...]]":
    """Return the way to everything within *value*."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(found for name, one in inner for found in places(one, (*path, name)))]


def forged(value: Any, path: tuple[Any, ...], what: Any, *, drop: bool) -> Any:
    """Return *value* with something else at *path*, or with nothing there."""
    if not path:
        return what
    whole = deepcopy(value)
    at = whole
    for name in path[:-1]:
        at = at[name]
    if drop:
        del at[path[-1]]
    else:
        at[path[-1]] = what
    return whole


def write_current(folder: Path, said: Any) -> None:
    text = said if isinstance(said, str) else json.dumps(said)
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    beside = folder / "current.new"
    beside.write_text(json.dumps({"publication": text, "sha256": digest}))
    beside.rename(folder / CURRENT)


def published(folder: Path) -> tuple[Replica, dict[str, Any]]:
    """Publish lists, with dead rows; return who follows, and what ``current.json`` says."""
    first = ListSegments.of_table(1, 5, EntryTable.from_entries(A_FEW), commit="a")
    lists = Publisher(folder).publish(replace(first, dead=np.array([1])))
    assert len(lists.dead) == 1
    replica = Replica(folder)
    assert replica.refresh()
    publication_text: dict[str, Any] = json.loads(
        json.loads((folder / CURRENT).read_text())["publication"]
    )
    return replica, publication_text


@pytest.mark.slow
@FAST
@given(data=st.data())
def test_a_forged_pointer_leaves_the_lists_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("lists")
    replica, result = published(folder)
    result |= {"findings": [[1, "guarded", "why", 2, False]]}
    before = replica.current
    path = data.draw(st.sampled_from(places(result)))
    what = data.draw(odd)
    write_current(folder, forged(result, path, what, drop=data.draw(st.booleans())))

    taken = replica.refresh()

    assert taken or replica.current is before
    assert replica.refused == (not taken)
    ask_everything(replica.lists.base)


@pytest.mark.parametrize("field", ["version", "committed_at_ms"])
@pytest.mark.parametrize("value", [None, True, "1", [1], 1.5, -1, 2**63, 10**400])
def test_a_pointer_with_an_invalid_number_is_refused(
    tmp_path: Path, field: str, value: object
) -> None:
    replica, result = published(tmp_path)
    before = replica.current
    write_current(tmp_path, result | {field: value})

    assert not replica.refresh()
    assert (replica.current, replica.refused) == (before, 1)


@pytest.mark.parametrize("dead", ["x", "0", "00", "ff" * 8, "63" + "00" * 7, "00" * 16])
def test_a_pointer_with_invalid_dead_rows_is_refused(tmp_path: Path, dead: str) -> None:
    replica, result = published(tmp_path)
    write_current(tmp_path, result | {"dead": dead})

    assert not replica.refresh()
    assert replica.refused == 1


@pytest.mark.parametrize("name", ["base", "overlay"])
def test_a_pointer_that_leads_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    replica, result = published(tmp_path / "lists")
    (tmp_path / "lists" / result[name]).rename(tmp_path / result[name])  # whole, and elsewhere
    write_current(tmp_path / "lists", result | {name: f"../{result[name]}"})

    assert not replica.refresh()
    assert replica.refused == 1


@pytest.mark.parametrize(
    "text", ["", "[" * 100_000, "\ud800", "NaN", '{"version": ' + "9" * 5000 + "}"]
)
def test_a_pointer_with_invalid_json_is_refused(tmp_path: Path, text: str) -> None:
    replica, _ = published(tmp_path)
    write_current(tmp_path, text)

    assert not replica.refresh()
    assert replica.refused == 1


@pytest.mark.parametrize(
    "whole", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"publication": 1, "sha256": 2}']
)
def test_a_file_that_is_no_pointer_is_refused(tmp_path: Path, whole: bytes) -> None:
    replica, _ = published(tmp_path)
    (tmp_path / "new").write_bytes(whole)
    (tmp_path / "new").rename(tmp_path / CURRENT)

    assert not replica.refresh()


def parts(path: Path) -> tuple[dict[str, Any], bytes]:
    text = path.read_bytes()
    length = int.from_bytes(text[8:12], "little")
    return json.loads(text[44 : 44 + length]), text[44 + length + -(44 + length) % 64 :]


def write_file(path: Path, header: Any, body: bytes) -> None:
    """Write a list file whose checksums are right wherever there are places for them."""
    if isinstance(header, dict) and isinstance(header.get("sha256"), str):
        header = header | {"sha256": sha256(body).hexdigest()}
    written = json.dumps(header).encode()
    front = b"FANZHA01" + len(written).to_bytes(4, "little") + sha256(written).digest() + written
    path.write_bytes(front + bytes(-len(front) % 64) + body)


def ask_everything(segment: Segment) -> None:
    """Do what decisions and administrators do with lists; raises where a column is forged."""
    lists = replace(ListSegments.nothing(), base=segment)
    snapshot = lists.snapshot()
    keys = np.array([8617000000001, 8617099999999, -110, 2**62 + 5], np.int64)
    snapshot.find_both(keys, keys[::-1].copy(), NINE_O_CLOCK_S, senders=True)
    snapshot.find_urls(["http://a.prize.example/x", "http://shop.example/pay/now"], NINE_O_CLOCK_S)
    snapshot.find_texts(BatchSketches(["恭喜您中奖了，请点击链接领取奖品" * 3]), NINE_O_CLOCK_S)
    for group in segment.groups:
        group.index.find(group.index.slots)
    if segment.bands is not None:
        segment.bands.find(segment.bands.values)
    for row in snapshot.live_rows().tolist():
        snapshot.identity_of(row)
        snapshot.entry(row)
    segment.table()


def test_intact_lists_answer_the_queries_of_these_tests() -> None:
    ask_everything(a_segment(A_FEW))


@pytest.mark.slow
@FAST
@given(data=st.data())
def test_a_forged_header_is_refused_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("lists") / "a.lists"
    segment_file.write(path, a_segment(A_FEW))
    header, body = parts(path)
    at = data.draw(st.sampled_from(places(header)))
    write_file(path, forged(header, at, data.draw(odd), drop=data.draw(st.booleans())), body)

    try:
        segment = segment_file.read(path)
    except DamagedFile:
        return
    ask_everything(segment)


@pytest.mark.slow
@FAST
@given(data=st.data())
def test_forged_contents_are_refused_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("lists") / "a.lists"
    segment_file.write(path, a_segment(A_FEW))
    header, body = parts(path)
    _, dtype, at, length = data.draw(st.sampled_from([one for one in header["sections"] if one[3]]))
    size = np.dtype(dtype).itemsize
    place = at + size * data.draw(st.integers(0, length - 1))
    number = data.draw(st.sampled_from([0, 1, 2, 9, 255, 2**31, 2**32 - 1, 2**63, 2**64 - 1]))
    number = number % 2 ** (8 * size)
    write_file(path, header, body[:place] + number.to_bytes(size, "little") + body[place + size :])

    try:
        segment = segment_file.read(path)
    except DamagedFile:
        return
    ask_everything(segment)


def test_sections_that_overlap_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.lists"
    segment_file.write(path, a_segment(A_FEW))
    header, body = parts(path)
    header["sections"][1][2] = header["sections"][0][2]
    write_file(path, header, body)

    with pytest.raises(DamagedFile, match="where none can be"):
        segment_file.read(path)


def test_shadow_entries_are_not_mistaken_for_blocks(tmp_path: Path) -> None:
    replica, result = published(tmp_path)
    header, body = parts(tmp_path / result["base"])
    write_file(tmp_path / "base-1.lists", header | {"mode": 2}, body)
    digest = sha256((tmp_path / "base-1.lists").read_bytes()[44:][: _header_length(tmp_path)])
    write_current(tmp_path, result | {"base": "base-1.lists", "base_sha256": digest.hexdigest()})

    assert not replica.refresh()


def _header_length(folder: Path) -> int:
    return int.from_bytes((folder / "base-1.lists").read_bytes()[8:12], "little")
