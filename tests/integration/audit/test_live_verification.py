"""The service verifies its own log: with the copies in the store, for auditors, on record."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from fanzha.errors import Unavailable
from fanzha.v1 import audit_pb2 as pb
from fanzha.v1 import audit_pb2_grpc as pb_grpc
from infra.redis.client import Client, connect
from services.audit.checkpoint_copies import STREAM, CheckpointCopies
from services.audit.events import AuditKind
from services.audit.live_verification import LiveVerification
from services.audit.log import AuditLog, open_log
from services.audit.records import read
from services.auth import identity
from services.auth.identity import DEVELOPER, Role
from services.rpc import security
from services.rpc.audit.handler import AuditServicer
from services.rpc.server import RpcServer
from tests.support.audit_logs import Clock, lines_of, records_of, write_lines
from tests.support.identities import Issuer
from tests.support.rpc_server import rpc_server

DEADLINE = 60


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@asynccontextmanager
async def opened(folder: Path, copies: CheckpointCopies) -> AsyncIterator[AuditLog]:
    log = open_log(folder, key_file=None, within=3, quiet_seconds=60, now_ms=Clock(), copies=copies)
    await log.open()
    yield log
    await log.close()


@pytest.fixture
async def log(tmp_path: Path, client: Client) -> AsyncIterator[AuditLog]:
    async with opened(tmp_path, CheckpointCopies(client)) as log:
        for number in range(5):
            await log.record(AuditKind.REFUSED, subject=f"change:{number}", details={})
        yield log


@pytest.fixture
def verification(log: AuditLog, client: Client) -> LiveVerification:
    identity.set_identity(DEVELOPER)
    return LiveVerification(log, CheckpointCopies(client))


def newest_file(log: AuditLog) -> Path:
    return max(log.folder.glob("*.jsonl"))


async def test_an_intact_log_is_covered_to_its_end_and_the_result_is_recorded(
    log: AuditLog, verification: LiveVerification
) -> None:
    report = await verification.verify(said_author="wang")

    record = records_of(newest_file(log))[-1]
    assert report.problems == []
    assert (report.uncovered, report.last_sequence) == (0, record.sequence - 1)
    assert (record.kind, record.actor) == ("log_verified", "wang")
    assert record.details["result"] == "whole"
    assert record.details["records"] == str(report.records)


async def test_a_later_checkpoint_in_the_store_reveals_a_truncation(
    client: Client, verification: LiveVerification
) -> None:
    await client.xadd(STREAM, {"sequence": "900", "hash": "0" * 64, "line": ""})

    report = await verification.verify(said_author="")

    assert ["sequence 900" in one.words for one in report.problems] == [True]


@pytest.mark.parametrize("kept", [2, -1])
async def test_a_truncation_while_the_service_runs_is_found(
    kept: int, log: AuditLog, verification: LiveVerification
) -> None:
    write_lines(newest_file(log), lines_of(newest_file(log))[:kept])

    report = await verification.verify(said_author="")

    assert any("while the service ran" in one.words for one in report.problems) or any(
        "missing" in one.words for one in report.problems
    )
    last = read(lines_of(newest_file(log))[-1])
    assert (last.kind, last.details["result"]) == ("log_verified", "damaged")


async def test_a_log_that_continued_after_a_truncation_is_found(
    tmp_path: Path, client: Client
) -> None:
    copies = CheckpointCopies(client)
    identity.set_identity(DEVELOPER)
    async with opened(tmp_path, copies) as log:
        await log.record(AuditKind.REFUSED, subject="change:1", details={})
    file = newest_file(log)
    # At the next start as many records follow as were cut off, and their checkpoint is copied.
    write_lines(file, lines_of(file)[:2])
    async with opened(tmp_path, copies):
        pass
    async with opened(tmp_path, copies) as log:
        report = await LiveVerification(log, copies).verify(said_author="")

    assert [one.words.partition(":")[0] for one in report.problems] == [
        "is not the checkpoint of which a copy was kept"
    ]


async def test_records_written_during_verification_are_left_out(
    log: AuditLog, verification: LiveVerification
) -> None:
    async def write() -> None:
        for number in range(50):
            await log.record(AuditKind.REFUSED, subject=f"change:{number}", details={})

    first, second, _ = await asyncio.gather(
        verification.verify(said_author=""), verification.verify(said_author=""), write()
    )

    assert (first.problems, second.problems) == ([], [])


async def test_without_the_store_no_record_counts_as_covered(log: AuditLog, tmp_path: Path) -> None:
    identity.set_identity(DEVELOPER)
    away = connect("redis://127.0.0.1:1")
    before = log.head.sequence

    with pytest.raises(Unavailable):
        await LiveVerification(log, CheckpointCopies(away)).verify(said_author="")

    assert log.head.sequence == before
    await away.aclose()


async def test_a_cancelled_request_stops_its_thread_and_then_frees_the_next(
    log: AuditLog, verification: LiveVerification
) -> None:
    pipe = log.folder / "audit-2000-01.jsonl"
    os.mkfifo(pipe)
    request = asyncio.create_task(verification.verify(said_author=""))
    writer = await asyncio.to_thread(pipe.open, "wb")  # returns once the thread reads it
    request.cancel()
    await asyncio.sleep(0)
    waited = not request.done()
    writer.close()
    with pytest.raises(asyncio.CancelledError):
        await request
    pipe.unlink()

    assert waited
    assert (await verification.verify(said_author="")).good
    kinds = [record.kind for record in records_of(newest_file(log))]
    assert kinds.count("log_verified") == 1


async def test_only_auditors_may_verify_the_log(
    log: AuditLog, verification: LiveVerification, tmp_path_factory: pytest.TempPathFactory
) -> None:
    issuer = Issuer(tmp_path_factory.mktemp("keys") / "jwks.json")
    evidence: Any = None
    server = RpcServer(
        {"audit": AuditServicer(log, evidence, verification)},
        max_message_bytes=2**20,
        security=security.of(issuer.settings(), "admin"),
    )
    port = await server.start("127.0.0.1", 0)
    answers: dict[Role, pb.VerifyLogResponse] = {}
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = pb_grpc.AuditServiceStub(channel)
        for role in Role:
            metadata = (("authorization", f"Bearer {issuer.token(role.value, sub='wang')}"),)
            request = pb.VerifyLogRequest(author="somebody else")
            try:
                answers[role] = await stub.VerifyLog(request, metadata=metadata, timeout=DEADLINE)
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.PERMISSION_DENIED  # noqa: PT017
    await server.drain(1)

    assert answers.keys() == {Role.AUDITOR}
    assert list(answers[Role.AUDITOR].problems) == []
    verified = [one for one in records_of(newest_file(log)) if one.kind == "log_verified"]
    assert [one.actor for one in verified] == ["wang"]


async def test_a_verification_tells_how_far_it_is_and_then_the_result(
    log: AuditLog, verification: LiveVerification
) -> None:
    evidence: Any = None
    servicers = {"audit": AuditServicer(log, evidence, verification)}
    async with (
        rpc_server(servicers) as target,
        grpc.aio.insecure_channel(target) as channel,
    ):
        stub: Any = pb_grpc.AuditServiceStub(channel)
        request = pb.FollowVerificationRequest(author="zhao")
        told = [one async for one in stub.FollowVerification(request, timeout=DEADLINE)]

    *_, last = told
    assert last.HasField("result")
    assert not any(one.HasField("result") for one in told[:-1])
    assert last.result.records == log.head.sequence - 1
    assert not last.result.problems
    assert last.bytes_read == last.bytes_total > 0


async def test_checkpoints_of_another_host_s_log_count_for_nothing(
    tmp_path: Path, client: Client
) -> None:
    identity.set_identity(DEVELOPER)
    here = CheckpointCopies(client, tmp_path / "here" / "key.pub")
    there = CheckpointCopies(client, tmp_path / "there" / "key.pub")
    async with opened(tmp_path / "here", here) as log:
        async with opened(tmp_path / "there", there) as other:
            for number in range(30):
                await other.record(AuditKind.REFUSED, subject=f"change:{number}", details={})

        report = await LiveVerification(log, here).verify(said_author="")

    newest = await here.newest()
    assert report.problems == []
    assert newest is not None
    assert newest.hash in {one.hash for one in records_of(newest_file(log))}
