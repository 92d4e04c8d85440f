from pathlib import Path

import pytest

from services.audit import verifier
from services.audit.checkpoints import CheckpointReason, is_checkpoint, reason_of
from tests.support.audit_logs import (
    MONTH_MS,
    Clock,
    a_chain,
    a_log,
    an_event,
    lines_of,
    no_file_beyond,
    public_keys,
    records_of,
)


def is_whole(folder: Path) -> bool:
    report = verifier.verify(verifier.paths_of(folder), public_keys(folder), whole=True)
    assert report.problems == []
    return report.good


def reasons(path: Path) -> list[str]:
    return [reason_of(record) for record in records_of(path) if is_checkpoint(record)]


def test_records_follow_each_other_from_the_first(tmp_path: Path) -> None:
    (path,) = a_log(tmp_path, [3])

    sequences = [record.sequence for record in records_of(path)]

    assert sequences == [1, 2, 3, 4, 5]
    assert reasons(path) == ["file_opened", "stopped"]
    assert is_whole(tmp_path)


def test_a_checkpoint_comes_after_so_many_records(tmp_path: Path) -> None:
    (path,) = a_log(tmp_path, [7], within=3)

    assert reasons(path) == ["file_opened", "full", "full", "stopped"]
    assert is_whole(tmp_path)


def test_records_written_together_get_their_checkpoints_between(tmp_path: Path) -> None:
    chain = a_chain(tmp_path, within=3)
    chain.open()

    chain.append([an_event()] * 8)
    chain.close()

    (path,) = tmp_path.glob("*.jsonl")
    assert reasons(path) == ["file_opened", "full", "full"]
    assert is_whole(tmp_path)


def test_a_month_has_a_file_and_the_chain_goes_on(tmp_path: Path) -> None:
    paths = a_log(tmp_path, [2, 2, 0, 1])

    assert [path.name for path in paths] == [
        "audit-2026-01.jsonl", "audit-2026-02.jsonl", "audit-2026-03.jsonl", "audit-2026-04.jsonl",
    ]  # fmt: skip
    assert reasons(paths[0]) == ["file_opened", "file_closed"]
    assert is_whole(tmp_path)


def test_a_clock_that_goes_back_opens_no_older_file(tmp_path: Path) -> None:
    clock = Clock()
    chain = a_chain(tmp_path, clock=clock)
    chain.open()

    clock.now_ms -= MONTH_MS
    chain.append([an_event()])
    chain.close()

    assert len(list(tmp_path.glob("*.jsonl"))) == 1
    assert is_whole(tmp_path)


def test_after_a_month_is_closed_records_go_to_the_next_even_if_the_clock_is_set_back(
    tmp_path: Path,
) -> None:
    clock = Clock()
    chain = a_chain(tmp_path, clock=clock)
    chain.open()
    chain.append([an_event()])
    clock.now_ms += MONTH_MS
    in_the_way = tmp_path / "audit-2026-02.jsonl"
    in_the_way.mkdir()
    with pytest.raises(IsADirectoryError):
        chain.append([an_event()])
    chain.close()
    in_the_way.rmdir()
    clock.now_ms -= MONTH_MS

    again = a_chain(tmp_path, clock=clock)
    again.open()
    again.append([an_event()])
    again.close()

    assert is_whole(tmp_path)


def test_a_log_goes_on_after_its_process_was_killed(tmp_path: Path) -> None:
    chain = a_chain(tmp_path, within=2)
    chain.open()
    chain.append([an_event()])
    chain.close()  # no checkpoint: as if killed

    again = a_chain(tmp_path, within=2)
    end = again.open()
    again.append([an_event()])
    again.close()

    (path,) = tmp_path.glob("*.jsonl")
    assert (end.sequence, end.since, end.torn) == (2, 1, ())
    assert reasons(path) == ["file_opened", "started"]
    assert is_whole(tmp_path)


def test_one_process_at_a_time_keeps_the_log(tmp_path: Path) -> None:
    chain = a_chain(tmp_path)
    chain.open()

    with pytest.raises(RuntimeError, match="another process"):
        a_chain(tmp_path).open()
    chain.close()


@pytest.mark.parametrize("keep", [0, 1, 50, -1])
def test_a_torn_end_is_set_aside_and_nothing_before_it_is_lost(tmp_path: Path, keep: int) -> None:
    (path,) = a_log(tmp_path, [3])
    *whole, last = lines_of(path)
    path.write_bytes(b"".join(line + b"\n" for line in whole) + last[:keep])

    chain = a_chain(tmp_path)
    end = chain.open()
    chain.close()

    torn = sorted(tmp_path.glob("*.torn"))
    assert [piece.read_bytes() for piece in torn] == ([last[:keep]] if keep else [])
    assert [one.size for one in end.torn] == [len(last[:keep])] * len(torn)
    assert lines_of(path)[:4] == whole
    assert is_whole(tmp_path)


def test_zeros_that_a_crash_left_are_set_aside(tmp_path: Path) -> None:
    (path,) = a_log(tmp_path, [3])
    with path.open("ab") as file:
        file.write(b"\0" * 5000 + b"\n" + b"\0" * 10)

    chain = a_chain(tmp_path)
    end = chain.open()
    chain.close()

    assert [(torn.size, torn.lines) for torn in end.torn] == [(5011, 1)]
    assert is_whole(tmp_path)


def test_a_file_that_a_crash_left_empty_is_begun_anew(tmp_path: Path) -> None:
    (path,) = a_log(tmp_path, [3])
    chain = a_chain(tmp_path, clock=Clock())
    path.with_name("audit-2026-02.jsonl").touch()

    end = chain.open()
    chain.close()

    assert end.path == path
    assert is_whole(tmp_path)


def test_a_log_with_an_unrepairable_end_is_not_written(tmp_path: Path) -> None:
    (path,) = a_log(tmp_path, [3])
    with path.open("ab") as file:
        file.write(b"x" * 5_000_000 + b"\n")

    chain = a_chain(tmp_path)
    with pytest.raises(ValueError, match="fanzha audit verify"):
        chain.open()
    chain.close()


def test_a_failed_write_leaves_no_record_and_the_next_one_succeeds(tmp_path: Path) -> None:
    chain = a_chain(tmp_path)
    chain.open()
    chain.append([an_event("change:1")])
    (path,) = tmp_path.glob("*.jsonl")

    with no_file_beyond(path.stat().st_size + 100), pytest.raises(OSError, match="too large"):
        chain.append([an_event("change:2")])
    chain.append([an_event("change:3")])
    chain.checkpoint(CheckpointReason.STOPPED)
    chain.close()

    subjects = [record.subject for record in records_of(path)]
    assert subjects == ["audit", "change:1", "change:3", "audit"]
    assert is_whole(tmp_path)


def test_a_new_key_continues_the_chain_of_the_old_one(tmp_path: Path) -> None:
    a_log(tmp_path, [3])
    (tmp_path / "key").unlink()

    chain = a_chain(tmp_path)
    chain.open()
    chain.append([an_event()])
    chain.close()

    assert is_whole(tmp_path)
