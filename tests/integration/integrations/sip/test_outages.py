"""Whatever of us is down, phones ring: the service, the adapter, or all of it."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.adapters import RunningAdapter, adapter
from tests.support.processes import LEAN, Running, eventually, fanzha_up
from tests.support.sip_switch import (
    RunningSwitch,
    callee,
    calls_of,
    dial,
    dialling,
    statuses,
    switch,
)

LISTED = "+8617000000911"
CALLEE = "+8619900000001"
PARTIES = [(LISTED, CALLEE), *((f"+861700000{number:04}", CALLEE) for number in range(1, 10))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """All that stands between a caller and a callee."""

    service: Running
    adapter: RunningAdapter
    switch: RunningSwitch


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """Run what the test kills: a network for each."""
    with ExitStack() as stack:
        service = stack.enter_context(fanzha_up(tmp_path, workers=1, **LEAN))
        service.fanzha("blocklist", "add", LISTED, "--source", "province", "--reason", "test")
        check = ("check", "call", "--from", LISTED, "--to", CALLEE)
        eventually(lambda: "blocklisted" in service.fanzha(*check, check=False).stdout)
        asked = stack.enter_context(
            adapter(
                "sip",
                tmp_path,
                FANZHA_SIP_LISTEN="127.0.0.1:0",
                FANZHA_SIP_TARGETS=service.interception,
                FANZHA_SIP_DRAIN_SECONDS="0",
            )
        )
        next_hop = stack.enter_context(callee(tmp_path))
        folder = tmp_path / "switch"
        folder.mkdir()
        kamailio = stack.enter_context(
            switch(folder, next_hop=next_hop, adapters=[asked.port("sip")])
        )
        yield Network(service=service, adapter=asked, switch=kamailio)


def test_with_the_service_killed_amid_calls_and_then_the_adapter_all_phones_ring(
    network: Network, tmp_path: Path
) -> None:
    with dialling(tmp_path / "a", network.switch.port, PARTIES, rate=100, calls=300) as caller:
        eventually(lambda: len(_begun(tmp_path / "a")) > 100)
        network.service.process.kill()
        caller.wait(60)
    during = calls_of(tmp_path / "a")
    unlisted = [call for call in during if call.caller != LISTED]
    assert len(during) == 300
    assert set(statuses(unlisted)) == {180}

    after = dial(tmp_path / "b", network.switch.port, PARTIES, rate=100, calls=100)
    assert statuses(after) == {180: 100}

    with dialling(tmp_path / "c", network.switch.port, PARTIES, rate=100, calls=200) as caller:
        eventually(lambda: len(_begun(tmp_path / "c")) > 50)
        network.adapter.process.kill()
        caller.wait(60)
    assert statuses(calls_of(tmp_path / "c")) == {180: 200}


def test_an_adapter_that_hangs_delays_the_first_calls_alone(
    network: Network, tmp_path: Path
) -> None:
    os.kill(network.adapter.process.pid, signal.SIGSTOP)
    try:
        first = dial(tmp_path / "a", network.switch.port, PARTIES, rate=10, calls=10)
        later = dial(tmp_path / "b", network.switch.port, PARTIES, rate=50, calls=50)
    finally:
        os.kill(network.adapter.process.pid, signal.SIGCONT)

    assert statuses([*first, *later]) == {180: 60}
    # Marked as down, it is not asked: its INVITEs would come out of its socket now.
    assert min(call.seconds for call in later) < min(call.seconds for call in first[:1])


def _begun(folder: Path) -> list[str]:
    log = folder / "calls.log"
    return log.read_text().splitlines() if log.exists() else []
