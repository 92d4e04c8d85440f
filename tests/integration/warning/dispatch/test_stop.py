"""The kill switch on a whole service: what is stopped waits, and goes out once it may."""

import asyncio
import json
from pathlib import Path
from typing import Any

import grpc

from fanzha.v1 import decision_pb2, warning_pb2_grpc
from fanzha.v1 import warning_pb2 as pb
from infra.clock import now_ms
from infra.redis.client import connect
from infra.redis.delay_queue import DelayQueue
from services.warning.channels import sink
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.messages.linter import faults
from tests.support.processes import NO_CASCADE, Running, eventually, fanzha_up

NO_QUIET_HOURS = {"FANZHA_WARNING_QUIET_FROM": "00:00", "FANZHA_WARNING_QUIET_UNTIL": "00:00"}


def submit(target: str) -> None:
    warning = pb.Warning(
        source=decision_pb2.SOURCE_CARRIER,
        source_name="carrier.example",
        reference="1",
        victim="+8655500000001",
        means_kind=pb.MEANS_KIND_SENDER,
        means="evil.test",
        occurred_at_ms=now_ms() - 1000,
    )
    with grpc.insecure_channel(target) as channel:
        stub = warning_pb2_grpc.WarningServiceStub(channel)
        (answer,) = stub.SubmitWarnings(
            iter([pb.SubmitWarningsRequest(warning=warning)]), timeout=60
        )
    assert answer.taken == pb.TAKEN_ACCEPTED


def in_store(up: Running) -> tuple[int, list[dict[str, str]]]:
    """Return how many messages wait until later, and those that reached the sink."""

    async def read() -> tuple[int, list[dict[str, str]]]:
        client: Any = connect(up.redis_url)
        try:
            sent = await client.xrange(sink.STREAM)
            waiting = await DelayQueue(client, send_stream("sms")).count()
            return waiting, [fields for _, fields in sent]
        finally:
            await client.aclose()

    return asyncio.run(read())


def test_a_stopped_warning_waits_until_warnings_are_resumed(tmp_path: Path) -> None:
    settings = {"FANZHA_WARNING_TEST_MODE": "true", **NO_QUIET_HOURS, **NO_CASCADE}
    with fanzha_up(tmp_path, workers=1, **settings) as up:
        target = json.loads((tmp_path / "endpoints.json").read_text())["warning"]

        up.fanzha("warnings", "stop", "--reason", "trial", "--by", "li")
        eventually(lambda: up.fanzha("warnings", "status", check=False).returncode == 1)
        # The process that warns reads the switch before the first message, and not earlier.
        submit(target)
        eventually(lambda: in_store(up)[0] == 1)
        _, before = in_store(up)
        up.fanzha("warnings", "start", "--reason", "trial over", "--by", "li")
        eventually(lambda: len(in_store(up)[1]) == 1)

        _, (message,) = in_store(up)
        assert before == []
        assert message["to"] == "+8655500000001"
        assert faults(message["text"]) == []
        assert "evil" not in message["text"]
        audited = up.fanzha("audit", "list", "--kind", "warnings_stopped").stdout
        assert "warnings" in audited
