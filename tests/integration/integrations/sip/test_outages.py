"""Whatever of us is down, phones ring: the service, the adapter, or all of it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.adapters import RunningAdapter, adapter
from tests.support.processes import LEAN, eventually, fanzha_up
from tests.support.sip_switch import (
    RunningSwitch,
    callee,
    calls_of,
    dial,
    dialling,
    kill_service,
    statuses,
    switch,
)

LISTED = "+8617000000911"
CALLEE = "+8619900000001"
PARTIES = [(LISTED, CALLEE), *((f"+861700000{number:04}", CALLEE) for number in range(1, 10))]


@contextmanager
def network(folder: Path, target: str) -> Iterator[tuple[RunningSwitch, RunningAdapter]]:
    """Run a switch that asks an adapter, which asks *target*."""
    with (
        adapter(
            "sip",
            folder,
            FANZHA_SIP_LISTEN="127.0.0.1:0",
            FANZHA_SIP_TARGETS=target,
            FANZHA_SIP_DRAIN_SECONDS="0",
        ) as asked,
        callee(folder) as next_hop,
        switch(folder / "switch", next_hop=next_hop, adapters=[asked.port("sip")]) as found,
    ):
        yield found, asked


def test_with_the_service_killed_amid_calls_and_then_the_adapter_all_phones_ring(
    tmp_path: Path,
) -> None:
    with (
        fanzha_up(tmp_path, workers=1, **LEAN) as service,
        network(tmp_path, service.interception) as (found, asked),
    ):
        service.fanzha("blocklist", "add", LISTED, "--source", "province", "--reason", "test")
        check = ("check", "call", "--from", LISTED, "--to", CALLEE)
        eventually(lambda: "blocklisted" in service.fanzha(*check, check=False).stdout)

        with dialling(tmp_path / "a", found.port, PARTIES, rate=100, calls=200) as caller:
            eventually(lambda: len(_begun(tmp_path / "a")) > 100)
            kill_service(service)
            caller.wait(60)
        during = calls_of(tmp_path / "a")
        assert len(during) == 200
        assert set(statuses([call for call in during if call.caller != LISTED])) == {180}

        after = dial(tmp_path / "b", found.port, PARTIES, rate=100, calls=50)
        assert statuses(after) == {180: 50}

        with dialling(tmp_path / "c", found.port, PARTIES, rate=100, calls=100) as caller:
            eventually(lambda: len(_begun(tmp_path / "c")) > 50)
            asked.process.kill()
            caller.wait(60)
        assert statuses(calls_of(tmp_path / "c")) == {180: 100}


def test_an_adapter_that_hangs_delays_the_first_calls_alone(tmp_path: Path) -> None:
    with network(tmp_path, "127.0.0.1:1") as (found, asked):
        os.kill(asked.process.pid, signal.SIGSTOP)
        try:
            first = dial(tmp_path / "a", found.port, PARTIES, rate=10, calls=5)
            later = dial(tmp_path / "b", found.port, PARTIES, rate=50, calls=25)
        finally:
            os.kill(asked.process.pid, signal.SIGCONT)

    assert statuses([*first, *later]) == {180: 30}
    # Marked as down, it is not asked again.
    assert min(call.seconds for call in later) < first[0].seconds


def _begun(folder: Path) -> list[str]:
    log = folder / "calls.log"
    return log.read_text().splitlines() if log.exists() else []
