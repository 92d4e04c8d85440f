"""Calls through a real Kamailio that asks the adapter."""

import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.support.adapters import RunningAdapter, adapter
from tests.support.processes import LEAN, Running, eventually, fanzha_up
from tests.support.sip_switch import (
    RunningSwitch,
    callee,
    decision_id,
    dial,
    statuses,
    switch,
)

LISTED = "+8617000000911"
CALLEE = "+8619900000001"
OTHERS = [f"+861700000{number:04}" for number in range(1, 10)]
PARTIES = [(caller, CALLEE) for caller in [LISTED, *OTHERS]]
REDRESS = "https://appeal.example/calls"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    with fanzha_up(folder, workers=1, FANZHA_REDRESS_URL=REDRESS, **LEAN) as running:
        running.fanzha("blocklist", "add", LISTED, "--source", "province", "--reason", "test")
        check = ("check", "call", "--from", LISTED, "--to", CALLEE)
        eventually(lambda: "blocklisted" in running.fanzha(*check, check=False).stdout)
        yield running


@pytest.fixture(scope="module")
def network(service: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSwitch]:
    """Run a switch that waits for as long as a busy machine may need."""
    folder = tmp_path_factory.mktemp("network")
    with (
        callee(folder) as next_hop,
        sip_adapter(folder, service) as running,
        switch(
            folder, next_hop=next_hop, adapters=[running.port("sip")], patience_ms=10_000
        ) as found,
    ):
        yield found


def sip_adapter(folder: Path, service: Running) -> AbstractContextManager[RunningAdapter]:
    return adapter(
        "sip",
        folder,
        FANZHA_SIP_LISTEN="127.0.0.1:0",
        FANZHA_SIP_TARGETS=service.interception,
        FANZHA_SIP_TIMEOUT_MS="5000",
        FANZHA_SIP_STALL_MS="5000",
    )


def test_listed_callers_get_603_plus_with_an_id_to_appeal_with_and_others_ring(
    network: RunningSwitch, service: Running, tmp_path: Path
) -> None:
    written = ends_written(network)
    calls = dial(tmp_path, network.port, PARTIES, rate=100, calls=200)
    # Kamailio writes them a moment later; whoever follows the file must not take them for new ones.
    eventually(lambda: ends_written(network) == written + 180)

    blocked = [call for call in calls if call.status == 603]
    assert statuses(calls) == {603: 20, 180: 180}
    assert {call.caller for call in blocked} == {LISTED}
    assert f"url={REDRESS}" in blocked[0].reason
    assert len({decision_id(call) for call in blocked}) == 20
    appeal = ("appeals", "open", str(decision_id(blocked[0])), "--name", "Zhang San")
    grounds = ("--contact", "zhang@mail.example", "--grounds", "it is my own number")
    eventually(lambda: service.fanzha(*appeal, *grounds, check=False).returncode == 0)


def test_over_tcp_calls_are_asked_about_alike(service: Running, tmp_path: Path) -> None:
    with (
        callee(tmp_path) as next_hop,
        sip_adapter(tmp_path, service) as running,
        switch(
            tmp_path / "switch",
            next_hop=next_hop,
            adapters=[running.port("sip")],
            patience_ms=10_000,
            transport="tcp",
        ) as found,
    ):
        calls = dial(tmp_path / "calls", found.port, PARTIES, rate=50, calls=20)

    assert statuses(calls) == {603: 2, 180: 18}


def test_ended_calls_reach_the_service_and_blocked_ones_do_not(
    network: RunningSwitch, service: Running, tmp_path: Path
) -> None:
    with adapter(
        "call-ends",
        tmp_path,
        FANZHA_CALL_ENDS_FILES=str(network.call_ends / "*.jsonl"),
        FANZHA_CALL_ENDS_STATE=str(tmp_path / "state.json"),
        FANZHA_CALL_ENDS_TARGETS=service.interception,
        FANZHA_CALL_ENDS_EVERY_SECONDS="0.1",
        FANZHA_CALL_ENDS_METRICS_LISTEN="127.0.0.1:0",
    ) as follower:
        calls = dial(tmp_path / "calls", network.port, PARTIES, rate=50, calls=20)
        ended = 'fanzha_call_ends_read_total{result="%s"}'
        metrics = follower.addresses["metrics"]
        eventually(lambda: metric(metrics, ended % "accepted") == 18)

        assert statuses(calls) == {603: 2, 180: 18}
        assert metric(metrics, ended % "refused") == 0
        assert metric(metrics, ended % "malformed") == 0


def ends_written(network: RunningSwitch) -> int:
    """Return how many ends of calls there are for adapters to read."""
    files = network.call_ends.glob("*.jsonl")
    return sum(len(file.read_bytes().splitlines()) for file in files)


def metric(port: str, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        page = answer.read().decode()
    lines = [line for line in page.splitlines() if line.startswith(name)]
    return float(lines[0].rpartition(" ")[2]) if lines else -1.0
