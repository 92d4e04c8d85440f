"""One decision's spans, from the adapter to the warning, as a collector receives them."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from opentelemetry import trace

from fanzha.client import Call, Client, Options
from fanzha.tracing.trace_context import TraceContext
from fanzha.v1 import interception_pb2 as pb
from fanzha.v1 import interception_pb2_grpc as pb_grpc
from integrations.common.adapter_metrics import AdapterMetrics
from integrations.common.decider import TrafficDecider
from integrations.common.settings import AdapterSettings
from tests.support.processes import (
    NO_CASCADE,
    NO_CONSOLE,
    PATIENCE_SECONDS,
    Running,
    eventually,
    fanzha_up,
)
from tests.support.trace_collector import CollectedSpan, Collector, collector

VICTIM = "+8619900000001"
FRAUD, HONEST = "+8617000000123", "+8617000000555"
SERVER = "fanzha.v1.InterceptionService/DecideCalls"
SINGLE = "fanzha.v1.InterceptionService/DecideCall"
SETTINGS = {
    "FANZHA_WARNING_TEST_MODE": "true",
    "FANZHA_WARNING_QUIET_FROM": "00:00",
    "FANZHA_WARNING_QUIET_UNTIL": "00:00",
    "FANZHA_TRACE_MOST_PER_SECOND": "20",
    **NO_CASCADE,
    **NO_CONSOLE,
}


@pytest.fixture(scope="module")
def collected() -> Iterator[Collector]:
    with collector() as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, collected: Collector) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("traced")
    with fanzha_up(folder, workers=1, FANZHA_TRACE_ENDPOINT=collected.endpoint, **SETTINGS) as up:
        add = ("blocklist", "add", FRAUD, "--source", "bureau", "--reason", "test")
        up.fanzha(*add, "--fraud-type", "impersonate_authority")
        check = ("check", "call", "--from", FRAUD, "--to", VICTIM)
        eventually(lambda: "blocklisted" in up.fanzha(*check, check=False).stdout)
        yield up


def ask(service: Running, header: str, caller: str = HONEST, times: int = 1) -> None:
    """Ask for decisions as a gateway that sends *header*."""
    request = pb.DecideCallRequest(call=pb.Call(caller=caller, callee=VICTIM))
    with grpc.insecure_channel(service.interception) as channel:
        stub = pb_grpc.InterceptionServiceStub(channel)
        for _ in range(times):
            metadata = (("traceparent", header),)
            stub.DecideCall(request, timeout=PATIENCE_SECONDS, metadata=metadata)


def of_trace(collected: Collector, context: TraceContext) -> list[CollectedSpan]:
    return [span for span in collected.spans if span.trace == f"{context.trace_id:032x}"]


async def ask_as_an_adapter(service: Running, collected: Collector, caller: str) -> bool:
    settings = AdapterSettings(
        targets=service.interception,
        timeout_ms=10_000,
        trace_endpoint=collected.endpoint,
        trace_share=1.0,
    )
    async with TrafficDecider(settings, AdapterMetrics("test")) as decider:
        await decider.wait_until_ready(PATIENCE_SECONDS)
        return decider.refuses(await decider.call(Call(caller=caller, callee=VICTIM)))


def test_a_blocked_call_is_followed_from_the_adapter_to_the_warning(
    service: Running, collected: Collector
) -> None:
    # Other tests ask for more traces than a second has room for; after two it has again.
    time.sleep(2)
    blocked = asyncio.run(ask_as_an_adapter(service, collected, FRAUD))

    path = ["ask about a call", SERVER, "decide calls", "write hit", "ingest hit", "send warning"]
    (root,) = (span for span in collected.spans if span.name == path[0])

    def of_this_call() -> dict[str, CollectedSpan]:
        return {span.name: span for span in collected.spans if span.trace == root.trace}

    eventually(lambda: set(path) <= set(of_this_call()))
    spans = of_this_call()
    assert blocked
    assert [spans[name].role for name in path] == [
        *("adapter", "worker", "worker", "worker", "warn", "warn"),
    ]
    assert [spans[name].parent for name in path] == ["", *(spans[name].id for name in path[:-1])]
    assert not any(spans[name].failed for name in path)
    assert spans["ask about a call"].attributes["fanzha.result"] == "blocked"
    assert spans[SERVER].attributes["rpc.grpc.status_code"] == 0
    assert spans["ingest hit"].attributes["fanzha.result"] == "accepted"
    decision = spans["decide calls"].attributes["fanzha.decision_id"]
    assert spans["write hit"].attributes["fanzha.decision_id"] == decision
    assert spans["ingest hit"].attributes["fanzha.decision_id"] == decision
    # The request was read before its batch was decided, and answered after.
    assert spans[SERVER].start_ns <= spans["decide calls"].start_ns
    assert spans["decide calls"].end_ns <= spans[SERVER].end_ns
    told = repr([span.attributes for span in collected.spans])
    assert FRAUD[1:] not in told
    assert VICTIM[1:] not in told


def test_the_caller_decides_whether_its_request_is_traced(
    service: Running, collected: Collector
) -> None:
    recorded, not_recorded = (
        TraceContext(0xA1, 0xB1, sampled=True),
        TraceContext(0xA2, 0xB2, sampled=False),
    )

    for header in (not_recorded.header(), "00-nonsense", ""):
        ask(service, header)

    def asked_until_traced() -> bool:
        ask(service, recorded.header())
        return SINGLE in {span.name for span in of_trace(collected, recorded)}

    eventually(asked_until_traced)
    spans = {span.name: span for span in of_trace(collected, recorded)}
    assert spans[SINGLE].parent == f"{recorded.span_id:016x}"
    assert of_trace(collected, not_recorded) == []
    # `trace_share` is 0: whoever tells nothing, or nonsense, is not traced.
    assert "" not in {span.parent for span in collected.spans if span.name == SINGLE}


def test_one_caller_cannot_have_all_of_its_requests_traced(
    service: Running, collected: Collector
) -> None:
    greedy, last = TraceContext(0xC1, 0xD1, sampled=True), TraceContext(0xC2, 0xD2, sampled=True)

    def asked_until_traced(context: TraceContext) -> bool:
        ask(service, context.header())
        return bool(of_trace(collected, context))

    # Until the second has room for it, whatever was traced before.
    eventually(lambda: asked_until_traced(greedy))
    ask(service, greedy.header(), times=200)
    eventually(lambda: asked_until_traced(last))

    found = [span for span in of_trace(collected, greedy) if span.name == SINGLE]
    seconds = (max(s.end_ns for s in found) - min(s.start_ns for s in found)) / 1e9
    assert len(found) <= 20 * (seconds + 2)


def test_a_program_with_opentelemetry_of_its_own_is_followed(
    service: Running, collected: Collector
) -> None:
    outside = trace.SpanContext(0xE1, 0xF1, is_remote=False, trace_flags=trace.TraceFlags(1))
    context = TraceContext(0xE1, 0xF1, sampled=True)
    with Client(service.interception, Options(timeout=PATIENCE_SECONDS)) as client:

        def asked_until_traced() -> bool:
            with trace.use_span(trace.NonRecordingSpan(outside)):
                client.decide_call(Call(caller=HONEST, callee=VICTIM))
                client.decide_calls([Call(caller=HONEST, callee=VICTIM)] * 2)
            rows = [span.attributes.get("fanzha.rows") for span in of_trace(collected, context)]
            return {1, 2} <= set(rows)

        # Until the second has room for them, whatever was traced before.
        eventually(asked_until_traced)

    servers = [span for span in of_trace(collected, context) if span.name == SERVER]
    assert {span.parent for span in servers} == {f"{context.span_id:016x}"}


def test_a_collector_that_is_away_costs_no_decision_and_no_end(tmp_path: Path) -> None:
    settings = {
        "FANZHA_TRACE_ENDPOINT": "http://127.0.0.1:9",
        "FANZHA_TRACE_SHARE": "1",
        "FANZHA_WARNING_ENABLED": "false",
        **NO_CASCADE,
        **NO_CONSOLE,
    }
    with (
        fanzha_up(tmp_path, workers=1, **settings) as up,
        Client(up.interception, Options(timeout=PATIENCE_SECONDS)) as client,
    ):
        answers = [client.decide_call(Call(caller=HONEST, callee=VICTIM)) for _ in range(30)]

    assert not any(answer.failed_open for answer in answers)
