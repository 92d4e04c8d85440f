"""The page of metrics names what a running service serves, where it serves it."""

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from fanzha.v1 import interception_pb2 as pb
from fanzha.v1 import interception_pb2_grpc
from tests.support.processes import PATIENCE_SECONDS, fanzha_up
from tools.reference import metrics

ENDPOINTS = {
    "metrics": "metrics_port",
    "admin_metrics": "admin_metrics_port",
    "warning_metrics": "warning_metrics_port",
}

WHERE_SET = re.compile(
    "fanzha_(decision_log_archive|hits_kafka|warning_(replies|stop_payments|voice_calls))"
)
"""Families of what is served where the settings name it: an archive, Kafka, a message centre, a
desk that stops payments, a trunk."""


def served(address: str) -> set[tuple[str, str]]:
    with urllib.request.urlopen(address, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
        page = answer.read().decode()
    found = re.findall(r"^# TYPE (fanzha_\w+) (\w+)$", page, re.MULTILINE)
    return {(name.removesuffix("_total"), kind) for name, kind in found if "_created" not in name}


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("up")
    with fanzha_up(folder, workers=1, FANZHA_CASCADE_SHARE="0"):
        yield json.loads((folder / "endpoints.json").read_text())


def test_each_metrics_endpoint_serves_the_families_of_the_reference(
    endpoints: dict[str, str],
) -> None:
    pages = {port: served(endpoints[name]) for name, port in ENDPOINTS.items()}

    listed = {
        port: {(one.name, one.kind) for one in found if not WHERE_SET.match(one.name)}
        for port, found in metrics.by_port().items()
    }

    assert pages == listed


def test_truncated_rows_are_counted_in_the_metrics(endpoints: dict[str, str]) -> None:
    parties: dict[str, Any] = {"sender": "+8617000000001", "receiver": "+8619900000001"}
    with grpc.insecure_channel(endpoints["interception"]) as channel:
        stub: Any = interception_pb2_grpc.InterceptionServiceStub(channel)
        cut = stub.DecideText(
            pb.DecideTextRequest(text=pb.Text(body="好" * 3000, **parties)),
            timeout=PATIENCE_SECONDS,
        )
        long = [pb.Text(body="您好" * 1300, **parties)] * 280
        answer = stub.DecideTexts(pb.DecideTextsRequest(texts=long), timeout=PATIENCE_SECONDS)
        callers = ["sip:alice@ims.example", "tel:+8617000000001", "sip:bob@ims.example"]
        calls = [pb.Call(caller=caller, callee="<tel:110>") for caller in callers]
        heard = stub.DecideCalls(pb.DecideCallsRequest(calls=calls), timeout=PATIENCE_SECONDS)

    with urllib.request.urlopen(endpoints["metrics"], timeout=PATIENCE_SECONDS) as page:  # noqa: S310
        lines = page.read().decode().splitlines()

    errors = {detail.row: detail.error for detail in heard.decisions.details if detail.error}
    assert errors == {
        0: "caller: an address without a number: 'sip:alice@ims.example'",
        2: "caller: an address without a number: 'sip:bob@ims.example'",
    }
    assert 'fanzha_rows_unreadable_total{channel="call",field="caller"} 2.0' in lines
    assert sum(detail.read_bytes > 0 for detail in answer.decisions.details) == 280
    assert (cut.decision.truncated, cut.decision.read_bytes) == (True, 8190)
    assert all(detail.truncated for detail in answer.decisions.details)
    assert 'fanzha_rows_cut_total{channel="text"} 281.0' in lines
