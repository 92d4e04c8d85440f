"""The part that all adapters share, against a real service, and against none."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from fanzha.client import Call, Link, Text
from integrations.common.adapter_metrics import AdapterMetrics
from integrations.common.decider import TrafficDecider
from integrations.common.settings import AdapterSettings, FailPolicy
from tests.support.processes import LEAN, PATIENCE_SECONDS, Running, eventually, fanzha_up

LISTED = "+8617000000911"
CALL = Call(caller=LISTED, callee="+8619900000001")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with fanzha_up(tmp_path_factory.mktemp("service"), workers=1, **LEAN) as running:
        running.fanzha("blocklist", "add", LISTED, "--source", "province", "--reason", "test")
        check = ("check", "call", "--from", LISTED, "--to", "+8619900000001")
        eventually(lambda: "blocklisted" in running.fanzha(*check, check=False).stdout)
        yield running


def settings(targets: str, **others: object) -> AdapterSettings:
    return AdapterSettings(targets=targets, timeout_ms=10_000, **others)  # type: ignore[arg-type]


async def test_a_listed_caller_is_refused_with_the_answer_of_its_protocol(
    service: Running,
) -> None:
    metrics = AdapterMetrics("test")
    async with TrafficDecider(settings(service.interception), metrics) as decider:
        await decider.wait_until_ready(PATIENCE_SECONDS)
        answer = await decider.call(CALL)

    assert decider.refuses(answer)
    assert answer.protocol_answer is not None
    assert answer.protocol_answer.sip.status == 603
    labels = {"adapter": "test", "channel": "call", "result": "blocked"}
    assert metrics.registry.get_sample_value("fanzha_adapter_decisions_total", labels) == 1


async def test_what_no_list_names_passes_on_every_channel(service: Running) -> None:
    async with TrafficDecider(settings(service.interception), AdapterMetrics("test")) as decider:
        await decider.wait_until_ready(PATIENCE_SECONDS)
        text = Text(sender="+8617000000001", receiver="+8619900000001", body="晚上一起吃饭吗")
        answers = [
            await decider.text(text),
            await decider.link(Link(url="https://shop.example/")),
        ]

    assert [(one.failed_open, decider.refuses(one)) for one in answers] == [(False, False)] * 2


@pytest.mark.parametrize("policy", list(FailPolicy))
async def test_without_a_service_the_policy_answers_and_the_breaker_opens(
    policy: FailPolicy,
) -> None:
    metrics = AdapterMetrics("test")
    nowhere = AdapterSettings(
        targets="127.0.0.1:1",
        timeout_ms=20,
        fail_policy=policy,
        breaker_failures=2,
        breaker_seconds=3600,
    )
    async with TrafficDecider(nowhere, metrics) as decider:
        answers = [await decider.call(CALL) for _ in range(5)]

    assert {decider.refuses(answer) for answer in answers} == {policy is FailPolicy.REFUSE}
    withheld = {"adapter": "test", "channel": "call", "result": "withheld"}
    assert metrics.registry.get_sample_value("fanzha_adapter_decisions_total", withheld) == 3


async def test_after_the_pause_one_request_alone_finds_out_whether_the_service_is_back() -> None:
    metrics = AdapterMetrics("test")
    with socket.socket() as silent:
        # A listener that never answers: each request waits for its deadline.
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        hung = AdapterSettings(
            targets=f"127.0.0.1:{silent.getsockname()[1]}",
            timeout_ms=100,
            breaker_failures=1,
            breaker_seconds=0.2,
        )
        async with TrafficDecider(hung, metrics) as decider:
            await decider.call(CALL)
            await asyncio.sleep(0.3)
            answers = await asyncio.gather(*(decider.call(CALL) for _ in range(20)))

    def counted(result: str) -> float | None:
        labels = {"adapter": "test", "channel": "call", "result": result}
        return metrics.registry.get_sample_value("fanzha_adapter_decisions_total", labels)

    assert all(answer.failed_open for answer in answers)
    assert (counted("failed"), counted("withheld")) == (2, 19)
