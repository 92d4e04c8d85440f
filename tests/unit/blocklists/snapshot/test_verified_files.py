"""A large list file is verified once on a host; a damaged one never counts as verified."""

import json
import os
from pathlib import Path

import pytest

from blocklists.entry_table import EntryTable
from blocklists.snapshot import publication, segment_file, verified_files
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.publication import Publisher
from blocklists.snapshot.replica import Replica
from blocklists.snapshot.segment_file import DamagedFile
from tests.support.builders import an_entry

LARGE = b"x" * verified_files.WORTH_BYTES


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "base-1.lists"
    file.write_bytes(LARGE)
    return file


def test_a_verified_file_is_trusted_until_it_changes(file: Path) -> None:
    assert not verified_files.noted(file)

    verified_files.note(file.parent, [file.name])

    assert verified_files.noted(file)
    with file.open("r+b") as written:
        written.write(b"y")
    assert not verified_files.noted(file)


def test_another_file_with_the_same_name_and_times_is_not_trusted(file: Path) -> None:
    verified_files.note(file.parent, [file.name])
    status = file.stat()
    other = file.with_name("other")
    other.write_bytes(LARGE)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.rename(file)

    assert not verified_files.noted(file)


def test_after_a_reboot_no_file_is_trusted(file: Path) -> None:
    verified_files.note(file.parent, [file.name])

    notes = json.loads((file.parent / verified_files.NOTES).read_text())
    (file.parent / verified_files.NOTES).write_text(json.dumps(notes | {"boot": "another"}))

    assert not verified_files.noted(file)


@pytest.mark.parametrize("text", ["", "[]", '{"boot": 1}', "\0"])
def test_an_unreadable_note_is_ignored(file: Path, text: str) -> None:
    (file.parent / verified_files.NOTES).write_text(text)

    assert not verified_files.noted(file)


def test_a_small_file_is_not_worth_a_note(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"x")

    verified_files.note(tmp_path, ["small"])

    assert not verified_files.noted(tmp_path / "small")
    assert not (tmp_path / verified_files.NOTES).exists()


def test_a_kept_note_is_not_renewed_for_a_changed_file(file: Path) -> None:
    other = file.with_name("shadows-1.lists")
    other.write_bytes(LARGE)
    verified_files.note(file.parent, [file.name])
    with file.open("r+b") as written:
        written.write(b"y")

    verified_files.note(file.parent, [other.name], keep=[file.name])

    assert verified_files.noted(other)
    assert not verified_files.noted(file), "nobody has verified what it is now"


@pytest.fixture(scope="module")
def lists() -> ListSegments:
    entries = [an_entry(f"+86170{number:08d}") for number in range(60_000)]
    return ListSegments.of_table(1, 5, EntryTable.from_entries(entries))


def test_readers_trust_only_files_that_the_writer_read_back(
    tmp_path: Path, lists: ListSegments
) -> None:
    publisher = Publisher(tmp_path)
    publisher.publish(lists)
    [base] = tmp_path.glob("base-*")
    assert verified_files.noted(base)
    assert Replica(tmp_path).refresh()

    content = bytearray(base.read_bytes())
    content[-20] ^= 1
    base.write_bytes(content)

    assert not Replica(tmp_path).refresh()
    with pytest.raises(DamagedFile, match="checksum"):
        segment_file.read(base)


def test_a_note_of_columns_does_not_vouch_for_another_header(
    tmp_path: Path, lists: ListSegments
) -> None:
    Publisher(tmp_path).publish(lists)
    [base] = tmp_path.glob("base-*")

    with pytest.raises(DamagedFile, match="another file"):
        segment_file.read(base, "0" * 64)


def test_a_start_from_files_writes_notes(tmp_path: Path, lists: ListSegments) -> None:
    first = Publisher(tmp_path)
    first.publish(lists)
    (tmp_path / verified_files.NOTES).unlink()
    replica = Replica(tmp_path)
    assert replica.refresh()

    found = publication.current(tmp_path)
    Publisher(tmp_path).adopt(found, replica.lists)

    assert verified_files.noted(tmp_path / found.base)
