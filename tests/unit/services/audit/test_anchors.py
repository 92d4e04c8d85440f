"""The end of a cut log is noticed by the checkpoints in a second folder, without a store."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fanzha.errors import Unavailable
from services.audit import log_files, verifier
from services.audit.anchors import AnchorFolder, read_anchors
from services.audit.checkpoints import CheckpointReason
from services.audit.events import AuditKind
from services.audit.log import AuditLog, open_log
from services.auth import identity
from services.auth.identity import DEVELOPER
from tests.support.audit_logs import Clock, a_chain, lines_of, public_keys, records_of, write_lines


@pytest.fixture(autouse=True)
def _as_developer() -> None:
    identity.set_identity(DEVELOPER)


@asynccontextmanager
async def opened(folder: Path, anchors: Path) -> AsyncIterator[AuditLog]:
    log = open_log(
        folder,
        key_file=None,
        within=3,
        quiet_seconds=60,
        now_ms=Clock(),
        anchor_dir=anchors,
    )
    await log.open()
    try:
        yield log
    finally:
        await log.close()


async def record(log: AuditLog, count: int) -> None:
    for number in range(count):
        await log.record(AuditKind.REFUSED, subject=f"change:{number}", details={})


async def a_log(folder: Path, anchors: Path, count: int = 7) -> Path:
    async with opened(folder, anchors) as log:
        await record(log, count)
    return log_files.files(folder)[-1]


def kinds(file: Path) -> list[str]:
    return [one.kind for one in records_of(file)]


async def test_every_checkpoint_is_anchored_whole_and_private(tmp_path: Path) -> None:
    file = await a_log(tmp_path / "audit", tmp_path / "anchors")

    (anchors,) = (tmp_path / "anchors").iterdir()
    checkpoints = [line for line in lines_of(file) if b'"kind":"checkpoint"' in line]
    assert lines_of(anchors) == checkpoints
    assert len(checkpoints) >= 4
    assert anchors.stat().st_mode & 0o777 == 0o600


async def test_a_log_cut_at_a_checkpoint_verifies_alone_and_not_with_its_anchors(
    tmp_path: Path,
) -> None:
    folder, anchors = tmp_path / "audit", tmp_path / "anchors"
    file = await a_log(folder, anchors)
    checkpoints = [place for place, kind in enumerate(kinds(file)) if kind == "checkpoint"]
    write_lines(file, lines_of(file)[: checkpoints[-2] + 1])

    found = read_anchors(anchors, public_keys(folder))
    alone = verifier.verify(log_files.files(folder), public_keys(folder), whole=True)
    compared = verifier.verify(
        log_files.files(folder), public_keys(folder), copies=found.hashes, whole=True
    )

    assert alone.problems == []
    assert ["the end of the log was cut off" in one.words for one in compared.problems] == [True]


async def test_a_log_that_was_written_anew_with_its_own_key_differs_from_its_anchors(
    tmp_path: Path,
) -> None:
    folder, anchors = tmp_path / "audit", tmp_path / "anchors"
    file = await a_log(folder, anchors)
    file.unlink()
    chain = a_chain(folder, within=3)
    chain.open()
    chain.checkpoint(CheckpointReason.STOPPED)
    chain.close()

    found = read_anchors(anchors, public_keys(folder))
    report = verifier.verify(
        log_files.files(folder), public_keys(folder), copies=found.hashes, whole=True
    )

    assert not report.good


async def test_the_next_start_records_what_is_missing(tmp_path: Path) -> None:
    folder, anchors = tmp_path / "audit", tmp_path / "anchors"
    file = await a_log(folder, anchors)
    write_lines(file, lines_of(file)[:3])

    async with opened(folder, anchors):
        pass

    (mended,) = [one for one in records_of(file) if one.kind == "log_mended"]
    assert mended.details["kept_in"] == str(anchors)
    assert int(mended.details["missing_checkpoint"]) > int(mended.details["found_sequence"])


async def test_checkpoints_wait_for_a_second_place_that_is_away(tmp_path: Path) -> None:
    folder, anchors = tmp_path / "audit", tmp_path / "share" / "anchors"
    (tmp_path / "share").write_text("not mounted")
    async with opened(folder, anchors) as log:
        await record(log, 4)
        away = log.state().uncopied
        (tmp_path / "share").unlink()

    assert away >= 2
    assert len(read_anchors(anchors, public_keys(folder)).hashes) > away


def test_what_the_keys_of_the_log_have_not_signed_is_no_anchor(tmp_path: Path) -> None:
    for name in ("ours", "other"):
        chain = a_chain(tmp_path / name)
        chain.open()
        chain.close()
    (tmp_path / "anchors").mkdir()
    (tmp_path / "anchors" / "anchors-2026-11.jsonl").write_bytes(
        b"".join(path.read_bytes() for path in log_files.files(tmp_path / "other")) + b"torn\n"
    )

    found = read_anchors(tmp_path / "anchors", public_keys(tmp_path / "ours"))

    assert (found.hashes, found.unreadable) == ({}, 1)
    assert found.unsigned >= 1


async def test_an_anchor_after_a_torn_line_is_read(tmp_path: Path) -> None:
    folder, anchors = tmp_path / "audit", tmp_path / "anchors"
    await a_log(folder, anchors, 1)
    (file,) = anchors.iterdir()
    before = len(lines_of(file))
    with file.open("ab") as torn:
        torn.write(b'{"actor":"fanz')

    await a_log(folder, anchors, 1)

    found = read_anchors(anchors, public_keys(folder))
    assert found.unreadable == 1
    assert len(found.hashes) > before


async def test_a_folder_that_is_no_folder_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "anchors").write_text("")
    chain = a_chain(tmp_path / "audit")
    chain.open()
    (checkpoint,) = records_of(max((tmp_path / "audit").glob("audit-*.jsonl")))
    chain.close()
    anchors = AnchorFolder(tmp_path / "anchors", tmp_path / "audit" / "key.pub")

    with pytest.raises(Unavailable, match="anchors of the audit log"):
        await anchors.append(checkpoint)

    shutil.rmtree(tmp_path / "audit")
    with pytest.raises(Unavailable, match="anchors of the audit log"):
        await anchors.all()
