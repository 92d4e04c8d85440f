"""Whatever is done to a log is found, and told where; what cannot be found is told, too."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit import checkpoints, verifier
from services.audit.findings import ChainReport
from services.audit.records import read
from tests.support.audit_logs import (
    a_chain,
    a_log,
    an_event,
    lines_of,
    public_keys,
    rechained,
    records_of,
    rehashed,
    write_lines,
)

WITHIN = 4


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a log of three months; tests work on copies."""
    folder = tmp_path_factory.mktemp("log")
    a_log(folder, [9, 11, 6], within=WITHIN)
    return folder


def check(folder: Path, *, copies: Mapping[int, str] | None = None) -> ChainReport:
    paths = verifier.paths_of(folder)
    return verifier.verify(paths, public_keys(folder), copies=copies, whole=True)


def copied(original: Path, into: str) -> list[Path]:
    shutil.copytree(original, into, dirs_exist_ok=True)
    return verifier.paths_of(Path(into))


def copies_of(folder: Path) -> dict[int, str]:
    return {
        record.sequence: record.hash
        for path in verifier.paths_of(folder)
        for record in records_of(path)
        if checkpoints.is_checkpoint(record)
    }


def places(report: ChainReport) -> set[tuple[str, int]]:
    return {(problem.file, problem.line) for problem in report.problems}


def near(path: Path, line: int) -> set[tuple[str, int]]:
    """Return the places where a fault in a line (from 0) may be told: there and right after."""
    return {(path.name, line + 1), (path.name, line + 2)}


def test_an_untouched_log_is_intact(original: Path) -> None:
    report = check(original, copies=copies_of(original))

    assert report.problems == []
    assert report.uncovered == 0
    assert report.files == 3
    assert report.copies == report.checkpoints
    assert report.last_sequence == report.records


@given(st.data())
def test_any_changed_byte_is_found_in_its_line(original: Path, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = data.draw(st.sampled_from(copied(original, folder)))
        contents = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(contents) - 1))
        contents[at] ^= data.draw(st.integers(1, 255))
        line = path.read_bytes().count(b"\n", 0, at)
        path.write_bytes(contents)

        report = check(Path(folder))

    assert (path.name, line + 1) in places(report)


@given(st.data())
def test_a_removed_line_is_found_where_it_was(original: Path, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        paths = copied(original, folder)
        path = data.draw(st.sampled_from(paths))
        lines = lines_of(path)
        last = len(lines) - 1
        # Of the very last record nothing in the log itself can tell.
        at = data.draw(st.integers(0, last - 1 if path == paths[-1] else last))
        write_lines(path, lines[:at] + lines[at + 1 :])

        report = check(Path(folder))

    assert places(report) & {(path.name, at), *near(path, at)}
    if 0 < at < last:
        gone = read(lines[at]).sequence
        assert f"record {gone} is missing before this one" in {p.words for p in report.problems}


@given(st.data())
def test_a_doubled_or_moved_line_is_found(original: Path, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = data.draw(st.sampled_from(copied(original, folder)))
        lines = lines_of(path)
        source = data.draw(st.integers(0, len(lines) - 1))
        at = data.draw(st.integers(0, len(lines) - 1))
        moved = lines[source]
        if data.draw(st.booleans()) or source == at:
            lines.insert(at, moved)
        else:
            lines[source], lines[at] = lines[at], moved
            at = min(source, at)
        write_lines(path, lines)

        report = check(Path(folder))

    assert places(report) & near(path, at)


@given(st.data())
def test_a_record_changed_with_its_hash_is_found_at_the_next(
    original: Path, data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        paths = copied(original, folder)
        path = data.draw(st.sampled_from(paths[:-1]))
        lines = lines_of(path)
        at = data.draw(st.integers(0, len(lines) - 2))
        lines[at] = rehashed(lines[at], actor="somebody else")
        write_lines(path, lines)

        report = check(Path(folder))

    assert places(report) & near(path, at)


@given(st.data())
def test_a_forged_record_put_in_is_found_right_after(original: Path, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = data.draw(st.sampled_from(copied(original, folder)[:-1]))
        lines = lines_of(path)
        at = data.draw(st.integers(1, len(lines) - 1))
        before = read(lines[at - 1])
        forged = rehashed(
            lines[at], sequence=before.sequence + 1, previous=before.hash,
            kind="change_applied", details={},
        )  # fmt: skip
        lines.insert(at, forged)
        write_lines(path, lines)

        report = check(Path(folder))

    assert places(report) & near(path, at)


@given(st.data())
def test_a_log_whose_hashes_were_all_made_anew_fails_at_the_next_checkpoint(
    original: Path, data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        path = data.draw(st.sampled_from(copied(original, folder)[:-1]))
        lines = lines_of(path)
        at = data.draw(st.integers(1, len(lines) - 2))
        lines[at] = rehashed(lines[at], actor="somebody else")
        made = rechained(lines, at + 1)
        write_lines(path, made)

        report = check(Path(folder))

    signed = [n for n, line in enumerate(made) if checkpoints.is_checkpoint(read(line))]
    first = next(n for n in signed if n >= at)
    assert (path.name, first + 1) in places(report)
    assert any("signature is wrong" in problem.words for problem in report.problems)


@given(st.data())
def test_removed_checkpoints_are_missed(original: Path, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = data.draw(st.sampled_from(copied(original, folder)[:-1]))
        lines = lines_of(path)
        keep = [n for n, line in enumerate(lines) if not checkpoints.is_checkpoint(read(line))]
        made = rechained([lines[0], *(lines[n] for n in keep)], 1)
        write_lines(path, made)

        report = check(Path(folder))

    assert any("a checkpoint was promised" in problem.words for problem in report.problems)
    assert (path.name, WITHIN + 2) in places(report)


@given(st.data())
def test_a_truncated_file_is_found_and_with_copies_a_truncated_log(
    original: Path, data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        paths = copied(original, folder)
        copies = copies_of(Path(folder))
        path = data.draw(st.sampled_from(paths))
        contents = path.read_bytes()
        path.write_bytes(contents[: data.draw(st.integers(0, len(contents) - 1))])

        report = check(Path(folder), copies=copies)

    assert not report.good
    assert path.name in {problem.file for problem in report.problems}


@given(st.integers(1, 8))
def test_without_copies_a_truncation_at_a_line_end_is_reported_as_uncovered(
    original: Path, cut: int
) -> None:
    with TemporaryDirectory() as folder:
        *_, path = copied(original, folder)
        lines = lines_of(path)
        chain = a_chain(Path(folder), within=WITHIN)
        chain.open()
        chain.append([an_event()] * 3)
        chain.close()
        remaining = lines_of(path)[: len(lines) + 4 - cut]
        write_lines(path, remaining or lines[:1])

        report = check(Path(folder))
        with_copies = check(Path(folder), copies=copies_of(original))

    assert report.good
    signed = max(n for n, line in enumerate(remaining) if checkpoints.is_checkpoint(read(line)))
    assert report.uncovered == len(remaining) - 1 - signed
    assert with_copies.good == (len(remaining) >= len(lines))


@pytest.mark.parametrize("gone", [0, 1])
def test_a_removed_file_is_found(original: Path, tmp_path: Path, gone: int) -> None:
    paths = copied(original, str(tmp_path))
    paths[gone].unlink()

    report = check(tmp_path)

    assert any("missing before this one" in problem.words for problem in report.problems)
    assert {file for file, _ in places(report)} <= {paths[gone - 1].name, paths[gone + 1].name}


def test_a_removed_newest_file_is_found_with_copies_only(original: Path, tmp_path: Path) -> None:
    paths = copied(original, str(tmp_path))
    copies = copies_of(tmp_path)
    paths[-1].unlink()

    assert check(tmp_path).good
    (problem,) = check(tmp_path, copies=copies).problems
    assert "the end of the log was cut off" in problem.words


def test_a_single_file_is_intact_from_its_first_record(original: Path) -> None:
    second = verifier.paths_of(original)[1]

    report = verifier.verify([second], public_keys(original))

    assert report.good
    assert report.first_sequence > 1


def test_a_renamed_file_is_found(original: Path, tmp_path: Path) -> None:
    paths = copied(original, str(tmp_path))
    paths[-1].rename(paths[-1].with_name("audit-2027-01.jsonl"))

    (problem,) = check(tmp_path).problems

    assert problem.line == 1
    assert "renamed" in problem.words


def test_a_log_signed_with_another_key_is_found(original: Path, tmp_path: Path) -> None:
    a_log(tmp_path / "other", [3])

    report = verifier.verify(
        verifier.paths_of(original), public_keys(tmp_path / "other"), whole=True
    )

    assert all("unknown key" in problem.words for problem in report.problems)
    assert len(report.problems) == report.checkpoints


def test_another_log_is_not_the_one_that_copies_are_of(original: Path, tmp_path: Path) -> None:
    a_log(tmp_path, [9, 11, 6], within=WITHIN)

    report = check(tmp_path, copies=copies_of(original))

    assert report.problems
    assert all("not the checkpoint" in problem.words for problem in report.problems)


def test_without_keys_hashes_are_checked_and_nothing_counts_as_covered(original: Path) -> None:
    report = verifier.verify(verifier.paths_of(original), None, whole=True)

    assert report.good
    assert report.uncovered == report.records


def test_problems_beyond_the_hundredth_are_counted(tmp_path: Path) -> None:
    (path,) = a_log(tmp_path, [150], within=1000)
    write_lines(path, [line.replace(b"li-", b"wu-") for line in lines_of(path)])

    report = check(tmp_path)

    assert (len(report.problems), report.more_problems) == (100, 50)


def test_progress_adds_up_to_the_bytes_of_the_log(original: Path) -> None:
    found: list[int] = []
    paths: Sequence[Path] = verifier.paths_of(original)

    verifier.verify(paths, None, progress=found.append)

    assert sum(found) == sum(path.stat().st_size for path in paths)
