"""What is cut out of a log proves where it stood, and shows nothing of others."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit import log_files
from services.audit.records import read
from services.evidence_package import chain_proof
from services.evidence_package.chain_proof import ChainExcerpt
from tests.support.audit_logs import a_log, lines_of, public_keys, records_of, write_lines

WITHIN = 4


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log")
    a_log(folder, [9, 11, 6], within=WITHIN)
    return folder


def cut_out(folder: Path, *ids: str) -> ChainExcerpt:
    newest = log_files.files(folder)[-1]
    return chain_proof.cut_out(folder, ids, until=(newest.name, newest.stat().st_size))


def faults(folder: Path, lines: list[bytes]) -> list[str]:
    return list(chain_proof.check(iter(lines), public_keys(folder)))


@given(st.sets(st.integers(1, 26), min_size=1, max_size=6))
def test_records_are_shown_with_a_proof_that_holds(log: Path, numbers: set[int]) -> None:
    cutting = cut_out(log, *(f"change:{number}" for number in numbers))

    assert {record.subject for record in cutting.records} == {f"change:{n}" for n in numbers}
    assert list(chain_proof.read_records(cutting.lines)) == cutting.records
    assert faults(log, cutting.lines) == []
    assert cutting.left_out == 0


def test_other_records_are_included_as_hashes_only(log: Path) -> None:
    cutting = cut_out(log, "change:7")

    shown = b"\n".join(cutting.lines)
    assert b"li-7" in shown
    assert b"li-6" not in shown
    assert b"li-8" not in shown


def test_ids_are_whole_words(log: Path) -> None:
    assert [record.subject for record in cut_out(log, "change:1").records] == ["change:1"]


def test_an_unknown_subject_has_no_records(log: Path) -> None:
    cutting = cut_out(log, "change:999")

    assert (cutting.lines, cutting.records) == ([], [])
    assert faults(log, cutting.lines) == []


@given(st.data())
def test_any_change_of_a_proof_is_detected(log: Path, data: st.DataObject) -> None:
    lines = cut_out(log, "change:3", "change:15").lines
    at = data.draw(st.integers(0, len(lines) - 1))
    match data.draw(st.sampled_from(["change", "remove", "double", "swap"])):
        case "change":
            place = data.draw(st.integers(0, len(lines[at]) - 1))
            byte = lines[at][place] ^ data.draw(st.integers(1, 255))
            lines[at] = lines[at][:place] + bytes([byte]) + lines[at][place + 1 :]
        case "remove":
            del lines[at]
        case "double":
            lines.insert(at, lines[at])
        case "swap":
            other = (at + 1) % len(lines)
            lines[at], lines[other] = lines[other], lines[at]

    assert faults(log, lines)


def test_a_damaged_log_is_shown_as_it_is(log: Path) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        paths = a_log(folder, [5], within=WITHIN)
        lines = lines_of(paths[0])
        lines[2] = lines[2].replace(b"li-2", b"wu-2")
        write_lines(paths[0], lines)

        cutting = cut_out(folder, "change:3")

        assert cutting.unreadable == 1
        assert any("does not fit its own hash" in fault for fault in faults(folder, cutting.lines))


def test_records_after_the_last_checkpoint_are_counted_not_shown(tmp_path: Path) -> None:
    (path,) = a_log(tmp_path, [3])
    write_lines(path, lines_of(path)[:-1])

    cutting = cut_out(tmp_path, "change:3")

    assert (cutting.records, cutting.left_out) == ([], 1)


def test_the_log_is_read_up_to_the_given_position_only(log: Path) -> None:
    first = log_files.files(log)[0]

    cutting = chain_proof.cut_out(log, ["change:15"], until=(first.name, first.stat().st_size))

    assert cutting.records == []
    assert read(lines_of(first)[-1]) == records_of(first)[-1]
