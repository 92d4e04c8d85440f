"""The files of a host, from the one who writes them to the ones who read."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from blocklists.entries import Entry, EntryMode
from blocklists.entry_table import EntryTable
from blocklists.snapshot import delta
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.publication import CURRENT, Publisher
from blocklists.snapshot.replica import Replica
from tests.support.builders import a_change, an_entry


@pytest.fixture
def lists() -> ListSegments:
    return ListSegments.of_table(
        1, 5, EntryTable.from_entries([an_entry("+8617000000001")]), commit="a"
    )


@pytest.fixture
def published(tmp_path: Path, lists: ListSegments) -> tuple[Publisher, ListSegments]:
    publisher = Publisher(tmp_path)
    return publisher, publisher.publish(lists)


Published = tuple[Publisher, ListSegments]


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_without_files_there_is_an_empty_list(tmp_path: Path) -> None:
    replica = Replica(tmp_path)

    assert not replica.changed
    assert not replica.refresh()
    assert not replica.loaded
    assert len(replica.current) == 0


def test_a_publication_is_loaded(tmp_path: Path, published: Published) -> None:
    replica = Replica(tmp_path)

    assert replica.changed
    assert replica.refresh()

    assert replica.loaded
    assert (replica.current.version, replica.current.committed_at_ms) == (1, 5)
    assert replica.current.entry(0).pattern == "+8617000000001"
    assert replica.lists.commit == "a"
    assert not replica.changed


def test_a_change_keeps_the_mapped_base(tmp_path: Path, published: Published) -> None:
    publisher, lists = published
    replica = Replica(tmp_path)
    replica.refresh()
    base, before = replica.lists.base, replica.current

    publisher.publish(delta.apply(lists, a_change(2, an_entry("+8617000000002"))))

    assert replica.changed
    assert replica.refresh()
    assert replica.lists.base is base
    assert len(replica.current) == 2
    assert (before.version, len(before)) == (1, 1), "a decision in progress keeps the old lists"


def test_the_writer_continues_with_the_mapped_base(
    published: Published, lists: ListSegments
) -> None:
    _, mapped = published

    assert mapped.base is not lists.base
    assert not mapped.base.actions.flags.owndata


def test_old_files_are_removed(tmp_path: Path, published: Published) -> None:
    publisher, lists = published
    replica = Replica(tmp_path)
    replica.refresh()

    changed = delta.apply(lists, a_change(2, an_entry("+8617000000002")))
    publisher.publish(delta.merged(changed))

    assert len(files(tmp_path)) == 3
    assert replica.current.entry(0).pattern == "+8617000000001", "though its file is gone"


def test_a_dead_row_stays_dead_in_the_file(tmp_path: Path, published: Published) -> None:
    publisher, lists = published
    changed = delta.apply(lists, a_change(2, an_entry("+8617000000001", reason="ordered")))
    publisher.publish(changed)
    replica = Replica(tmp_path)

    replica.refresh()

    assert replica.lists.dead.tolist() == [0]
    assert len(replica.current) == 1


@pytest.mark.parametrize("which", ["base-*", "overlay-*", CURRENT])
@pytest.mark.parametrize("how", ["damaged", "truncated", "gone"])
def test_a_bad_file_leaves_the_lists_as_they_are(
    tmp_path: Path, published: Published, which: str, how: str
) -> None:
    publisher, lists = published
    replica = Replica(tmp_path)
    replica.refresh()
    changed = delta.apply(lists, a_change(2, an_entry("+8617000000002")))
    publisher.publish(delta.merged(changed))
    [path] = tmp_path.glob(which)
    _spoil(path, how)

    assert not replica.refresh()

    assert replica.current.version == 1
    assert replica.current.entry(0).pattern == "+8617000000001"


def test_the_next_good_publication_is_loaded(tmp_path: Path, published: Published) -> None:
    publisher, lists = published
    replica = Replica(tmp_path)
    _spoil(next(tmp_path.glob("overlay-*")), "damaged")
    assert not replica.refresh()

    publisher.publish(delta.apply(lists, a_change(2, an_entry("+8617000000002"))))

    assert replica.refresh()
    assert replica.current.version == 2


def test_a_publication_names_versions_and_checksums(tmp_path: Path, published: Published) -> None:
    written = json.loads(json.loads((tmp_path / CURRENT).read_text())["publication"])

    assert written["version"] == 1
    assert files(tmp_path) == {CURRENT, written["base"], written["overlay"]}
    assert np.all([len(written[name]) == 64 for name in ("base_sha256", "overlay_sha256")])


def _spoil(path: Path, how: str) -> None:
    text = path.read_bytes()
    path.unlink()
    if how == "damaged":
        path.write_bytes(text[:-20] + bytes([text[-20] ^ 1]) + text[-19:])
    elif how == "truncated":
        path.write_bytes(text[: len(text) // 2])


SHADOW = replace(an_entry("+8617000000002"), mode=EntryMode.SHADOW)


def listed(replica: Replica) -> list[tuple[str, EntryMode]]:
    snapshot = replica.current
    entries: list[Entry] = [snapshot.entry(row) for row in snapshot.live_rows().tolist()]
    return [(entry.pattern, entry.mode) for entry in entries]


def test_shadow_entries_travel_in_a_file_of_their_own(tmp_path: Path, published: Published) -> None:
    publisher, lists = published
    replica = Replica(tmp_path)

    with_shadow = publisher.publish(delta.apply(lists, a_change(2, SHADOW)))
    replica.refresh()

    assert len(files(tmp_path)) == 4
    assert listed(replica) == [
        ("+8617000000001", EntryMode.ENFORCE),
        (SHADOW.pattern, EntryMode.SHADOW),
    ]
    assert with_shadow.shadows.mode is EntryMode.SHADOW


def test_the_file_of_shadow_entries_is_mapped_once_and_goes_with_the_last(
    tmp_path: Path, published: Published
) -> None:
    publisher, lists = published
    replica = Replica(tmp_path)
    lists = publisher.publish(delta.apply(lists, a_change(2, SHADOW)))
    replica.refresh()
    before = replica.lists.shadows

    lists = publisher.publish(delta.apply(lists, a_change(3, an_entry("+8617000000003"))))
    replica.refresh()
    assert replica.lists.shadows is before

    publisher.publish(delta.apply(lists, a_change(4, replace(SHADOW, mode=EntryMode.ENFORCE))))
    replica.refresh()
    assert replica.current.shadows is None
    assert len(files(tmp_path)) == 3


def test_a_publication_of_an_earlier_release_is_loaded(
    tmp_path: Path, published: Published
) -> None:
    written = json.loads((tmp_path / CURRENT).read_text())
    known = json.loads(written["publication"])
    text = json.dumps({name: known[name] for name in known if not name.startswith("shadows")})
    digest = sha256(text.encode()).hexdigest()
    (tmp_path / CURRENT).write_text(json.dumps({"publication": text, "sha256": digest}))
    replica = Replica(tmp_path)

    assert replica.refresh()

    assert listed(replica) == [("+8617000000001", EntryMode.ENFORCE)]
