"""The zone on disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fanzha.client import MirroredLists
from fanzha.edge.entry import EdgeKind
from fanzha.edge.sorted_lines import SortedLines
from integrations.dns.zone_store import SavedStep, ZoneStore
from tests.unit.integrations.dns.conftest import Host

STEP = SavedStep(at_s=5.0, version=8, token="8.x", edits={"host\tb.example\tblock\t": None})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ZoneStore]:
    made = ZoneStore(tmp_path)
    yield made
    made.close()


@pytest.fixture
def copy(host: Host) -> MirroredLists:
    lines = SortedLines.of([host("a.example"), host("b.example")])
    return MirroredLists("7.x", 7, {EdgeKind.HOST: lines})


def test_what_was_written_is_read(tmp_path: Path, store: ZoneStore, copy: MirroredLists) -> None:
    store.begin(copy, 7, 4.0, "rules")
    store.append(STEP)

    saved = ZoneStore(tmp_path).load()

    assert saved is not None
    assert (saved.serial, saved.at_s, saved.rules, saved.steps) == (7, 4.0, "rules", [STEP])
    assert saved.copy.token == "7.x"
    assert list(saved.copy.lists[EdgeKind.HOST]) == list(copy.lists[EdgeKind.HOST])


def test_a_step_torn_off_by_a_crash_is_cut_away(
    tmp_path: Path, store: ZoneStore, copy: MirroredLists
) -> None:
    store.begin(copy, 7, 4.0, "rules")
    store.append(STEP)
    store.close()
    with (tmp_path / "7.steps").open("ab") as file:
        file.write(b'{"at_s": 6.0, "ver')

    after = ZoneStore(tmp_path)
    saved = after.load()
    assert saved is not None
    after.resume(saved)
    after.append(STEP)
    after.close()

    again = ZoneStore(tmp_path).load()
    assert again is not None
    assert again.steps == [STEP, STEP]


@pytest.mark.parametrize("name", ["current", "7.lists", "7.steps"])
def test_damage_elsewhere_begins_anew(
    tmp_path: Path, store: ZoneStore, copy: MirroredLists, name: str
) -> None:
    store.begin(copy, 7, 4.0, "rules")
    store.append(STEP)
    store.append(STEP)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(b"x" + content[1:])

    assert ZoneStore(tmp_path).load() is None


def test_a_zone_that_begins_anew_leaves_nothing_of_the_old_one(
    tmp_path: Path, store: ZoneStore, copy: MirroredLists
) -> None:
    store.begin(copy, 7, 4.0, "rules")
    store.append(STEP)

    store.begin(copy, 9, 6.0, "rules")

    assert {file.name for file in tmp_path.iterdir()} == {"current", "9.lists", "9.steps"}
    saved = store.load()
    assert saved is not None
    assert saved.steps == []
