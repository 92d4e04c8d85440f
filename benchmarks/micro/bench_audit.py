"""Cost of verifying an audit log, of searching it, and of writing a record to disk."""

import asyncio
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from infra.clock import now_ms
from services.audit import keys, tail_reader, verifier
from services.audit.chain import Chain
from services.audit.events import AuditKind
from services.audit.log import AuditLog, open_log
from services.audit.records import AuditEvent
from services.audit.tail_reader import LogPosition, RecordFilter

RECORDS = 10_000
_BATCH = 250


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("audit")
    chain = Chain(folder, keys.open_key(folder / keys.KEY_FILE), within=100, now_ms=now_ms)
    chain.open()
    for start in range(0, RECORDS, _BATCH):
        chain.append([_event(start + number) for number in range(_BATCH)])
    chain.close()
    return folder


def bench_verifying_ten_thousand_records(benchmark: BenchmarkFixture, folder: Path) -> None:
    public = keys.public_path(folder / keys.KEY_FILE)
    known = keys.read_public(public.read_text(), public.name)

    report = benchmark(verifier.verify, verifier.paths_of(folder), known, whole=True)

    assert report.good
    assert report.records > RECORDS


def bench_looking_for_a_subject_in_ten_thousand(benchmark: BenchmarkFixture, folder: Path) -> None:
    (path,) = verifier.paths_of(folder)
    end = LogPosition(file=path.name, offset=path.stat().st_size)

    page = benchmark(tail_reader.page, folder, end, RecordFilter(subject="change:0"), 100)

    assert len(page.records) == 1


def bench_one_record_on_the_disk(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        log = runner.run(_opened(tmp_path / "audit"))

        benchmark(lambda: runner.run(_record(log)))

        runner.run(log.close())


async def _opened(folder: Path) -> AuditLog:
    log = open_log(folder, key_file=None, within=100, quiet_seconds=60, now_ms=now_ms)
    await log.open()
    return log


async def _record(log: AuditLog) -> None:
    await log.record(AuditKind.EXPORTED, subject="lists:7", details={"kind": "all"})


def _event(number: int) -> AuditEvent:
    return AuditEvent(
        time_ms=now_ms(),
        kind=AuditKind.CHANGE_APPLIED,
        actor="li",
        subject=f"change:{number}",
        details={"rows": "3", "reason": "三名受害人举报", "version": str(number)},
    )
