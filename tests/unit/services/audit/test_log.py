"""The log as administration uses it: whoever records waits for the disk, or is told no."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from blocklists.entries import Source
from fanzha.errors import Unavailable
from services.audit import verifier
from services.audit.events import AuditKind
from services.audit.group_commit import GroupCommit
from services.audit.log import AuditLog, open_log
from services.audit.metrics import AuditMetrics
from services.auth import identity
from services.auth.identity import Identity, Role
from tests.support.audit_logs import (
    Clock,
    a_chain,
    an_event,
    no_file_beyond,
    public_keys,
    records_of,
)
from tests.support.builders import NINE_O_CLOCK_MS
from tests.support.processes import eventually

WANG = Identity(name="wang", roles=frozenset({Role.EDITOR}), sources=frozenset({Source.BUREAU}))


def a_new_log(folder: Path, *, within: int = 100, quiet_seconds: float = 60) -> AuditLog:
    return open_log(
        folder / "audit",
        key_file=None,
        within=within,
        quiet_seconds=quiet_seconds,
        now_ms=Clock(),
    )


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[AuditLog]:
    log = a_new_log(tmp_path)
    await log.open()
    yield log
    await log.close()


def newest_file(log: AuditLog) -> Path:
    return max(log.folder.glob("*.jsonl"))


async def test_a_record_is_on_the_disk_when_record_returns(log: AuditLog) -> None:
    await log.record(AuditKind.EXPORTED, subject="lists:7", details={"kind": "all"}, actor="li")

    record = records_of(newest_file(log))[-1]
    assert (record.kind, record.actor, record.subject) == ("exported", "li", "lists:7")
    assert record.details == {"kind": "all"}
    assert log.head.sequence == record.sequence
    assert log.head.hash == record.hash


async def test_the_actor_is_the_authenticated_identity_unless_named(log: AuditLog) -> None:
    with identity.acting_as(WANG):
        await log.record(AuditKind.EXPORTED, subject="lists:7", details={})

    assert records_of(newest_file(log))[-1].actor == "wang"


async def test_concurrent_records_are_all_written_in_order(log: AuditLog) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(700):
            group.create_task(log.record(AuditKind.REFUSED, subject=f"change:{number}", details={}))

    refused = [r for r in records_of(newest_file(log)) if r.kind == "refused"]
    assert [record.subject for record in refused] == [f"change:{n}" for n in range(700)]
    report = verifier.verify([newest_file(log)], public_keys(log.folder), whole=True)
    assert report.problems == []


async def test_a_cancelled_write_does_not_block_others(log: AuditLog) -> None:
    gone = asyncio.create_task(log.record(AuditKind.REFUSED, subject="a", details={}))
    stays = asyncio.create_task(log.record(AuditKind.REFUSED, subject="b", details={}))
    await asyncio.sleep(0)
    gone.cancel()

    await stays

    assert [r.subject for r in records_of(newest_file(log))][-2:] == ["a", "b"]


async def test_a_disk_failure_is_an_error_and_is_recorded_after_recovery(log: AuditLog) -> None:
    await log.record(AuditKind.EXPORTED, subject="lists:1", details={})
    with no_file_beyond(newest_file(log).stat().st_size):
        for number in (2, 3):
            with pytest.raises(Unavailable, match="cannot be written"):
                await log.record(AuditKind.EXPORTED, subject=f"lists:{number}", details={})

    await log.record(AuditKind.EXPORTED, subject="lists:4", details={})

    *_, one, mended, four = records_of(newest_file(log))
    assert (one.subject, four.subject) == ("lists:1", "lists:4")
    assert mended.kind == AuditKind.LOG_MENDED
    assert mended.details["refused_by_disk"] == "2"


async def test_a_quiet_log_gets_a_checkpoint(tmp_path: Path) -> None:
    log = a_new_log(tmp_path, quiet_seconds=0.01)
    await log.open()
    await log.record(AuditKind.EXPORTED, subject="lists:1", details={})
    running = asyncio.create_task(log.run())

    # The loop hears of a checkpoint a little after the thread that wrote it.
    await asyncio.to_thread(eventually, lambda: log.head.checkpoint.details["reason"] == "quiet")

    running.cancel()
    assert log.head.uncovered == 0
    await log.close()


async def test_a_closed_log_ends_with_a_checkpoint_and_refuses_records(tmp_path: Path) -> None:
    log = a_new_log(tmp_path)
    await log.open()
    await log.record(AuditKind.EXPORTED, subject="lists:1", details={})

    await log.close()

    assert records_of(newest_file(log))[-1].details["reason"] == "stopped"
    with pytest.raises(Unavailable):
        await log.record(AuditKind.EXPORTED, subject="lists:2", details={})


async def test_a_torn_end_is_reported_in_a_record(tmp_path: Path) -> None:
    log = a_new_log(tmp_path)
    await log.open()
    await log.close()
    with newest_file(log).open("ab") as file:
        file.write(b'{"actor":"li","det')

    again = a_new_log(tmp_path)
    await again.open()

    record = records_of(newest_file(log))[-1]
    assert record.kind == AuditKind.LOG_MENDED
    assert (record.details["set_aside_bytes"], record.details["set_aside_lines"]) == ("18", "0")
    await again.close()


async def test_metrics_count_waiting_and_refused_records(log: AuditLog) -> None:
    registry = CollectorRegistry()
    registry.register(AuditMetrics(log))
    await log.record(AuditKind.EXPORTED, subject="lists:1", details={})
    with no_file_beyond(newest_file(log).stat().st_size), pytest.raises(Unavailable):
        await log.record(AuditKind.EXPORTED, subject="lists:2", details={})

    assert registry.get_sample_value("fanzha_audit_sequence") == 2
    assert registry.get_sample_value("fanzha_audit_uncovered_records") == 1
    assert registry.get_sample_value("fanzha_audit_write_failures_total") == 1


class BrokenClock:
    """A clock that fails when it is told to."""

    broken = False

    def __call__(self) -> int:
        if self.broken:
            raise ValueError("no time")
        return NINE_O_CLOCK_MS


async def test_an_unexpected_error_fails_all_waiting_writes(tmp_path: Path) -> None:
    chain_clock = BrokenClock()
    folder = tmp_path / "audit"
    chain = a_chain(folder, clock=chain_clock)  # type: ignore[arg-type]
    writer = GroupCommit(chain, now_ms=Clock(), on_write=lambda: None)
    await writer.open()
    chain_clock.broken = True

    with pytest.raises(Unavailable):
        await writer.write(an_event())

    await writer.flush()
    await writer.close()
