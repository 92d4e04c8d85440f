"""The CMPP relay between a client and a gateway written from the specification."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support import cmpp_peers, smpp_pair
from tests.support.adapters import RunningAdapter, adapter_up
from tests.support.cmpp_peers import CmppGateway, client, deliver, gateway
from tests.support.processes import LEAN, Running, fanzha_up
from tests.support.smpp_pair import SETTINGS, pdus_of
from tests.support.sms_traffic import (
    CMPP_KINDS,
    FRAUDSTER,
    HONEST,
    TrafficMessage,
    compare,
    receiver,
    split_link,
    submit,
    traffic,
)

REFUSED = 9
VERSIONS = pytest.mark.parametrize("version", [0x20, 0x30])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with fanzha_up(
        tmp_path_factory.mktemp("service"), workers=1, **LEAN, **smpp_pair.NO_HISTORY
    ) as running:
        smpp_pair.list_fraud(running)
        yield running


@asynccontextmanager
async def relayed(
    service: Running, folder: Path, running: CmppGateway, **settings: object
) -> AsyncIterator[RunningAdapter]:
    addresses = {"upstream": f"127.0.0.1:{running.port}", "targets": service.interception}
    chosen = addresses | SETTINGS | {"timeout_ms": 10_000} | settings
    with adapter_up("cmpp", folder, **chosen) as adapter:
        yield adapter


def in_smpp_terms(answers: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return answers with the status by which `compare` knows a refusal."""
    return [(at, 0x45 if result == REFUSED else result) for at, result in answers]


@VERSIONS
async def test_traffic_with_fraud_loses_nothing(
    service: Running, tmp_path: Path, version: int
) -> None:
    messages: list[TrafficMessage] = list(traffic(2000, 0.03, seed=version, kinds=CMPP_KINDS))

    async with (
        gateway(version=version, latency=0.005) as ismg,
        relayed(service, tmp_path, ismg) as adapter,
        client(adapter.port("cmpp"), version) as sp,
    ):
        await sp.connect()
        await sp.send(pdus_of(messages), window=50)

    found = compare(messages, in_smpp_terms(sp.answers), ismg.submitted)
    assert found.faults() == {}
    assert found.refused == sum(len(message.pdus) for message in messages if message.fraud) > 30


@VERSIONS
async def test_what_goes_up_and_down_is_judged_and_reports_are_not(
    service: Running, tmp_path: Path, version: int
) -> None:
    down = [
        deliver(HONEST[1:], "您好".encode("utf-16-be"), 8, version, report=False),
        deliver(FRAUDSTER[1:], "您好".encode("gbk"), 15, version, report=False),
        deliver(FRAUDSTER[1:], b"\1" * 60, 0, version, report=True),
    ]
    pdus = [*submit(1, "hi"), *submit(2, split_link()), *submit(3, "hi", FRAUDSTER)]

    async with (
        gateway(version=version, deliveries=down) as ismg,
        relayed(service, tmp_path, ismg) as adapter,
        client(adapter.port("cmpp"), version) as sp,
    ):
        await sp.connect()
        while len(sp.received) < 2:
            await sp.read_one()
        await sp.send(pdus)
        sp.writer.write(cmpp_peers.frame(cmpp_peers.QUERY, 7, bytes(27)))
        sp.writer.write(cmpp_peers.frame(cmpp_peers.CANCEL, 8, bytes(8)))
        operations = [await sp.read_one(), await sp.read_one()]

    assert [result for _, result in sorted(sp.answers)] == [0, REFUSED, REFUSED, REFUSED]
    assert ismg.submitted == [(receiver(1), 1)]
    assert sp.received == [down[0], down[2]]
    assert sorted(ismg.delivered) == [0, 0, REFUSED]
    assert operations == [0x80000006, 0x80000007]


async def test_dropped_messages_get_an_id_of_their_own(service: Running, tmp_path: Path) -> None:
    async with (
        gateway() as ismg,
        relayed(service, tmp_path, ismg, submit_policy="drop", gateway_code=77) as adapter,
        client(adapter.port("cmpp")) as sp,
    ):
        await sp.connect()
        await sp.send(submit(1, "hello", FRAUDSTER))

    assert sp.answers == [(0, 0)]
    assert int.from_bytes(sp.msg_ids[0], "big") >> 16 & 0x3FFFFF == 77
    assert ismg.submitted == []


async def test_the_secret_is_verified_by_the_gateway_alone(
    service: Running, tmp_path: Path
) -> None:
    async with (
        gateway() as ismg,
        relayed(service, tmp_path, ismg) as adapter,
        client(adapter.port("cmpp")) as sp,
    ):
        await sp.connect(b"wrong")
        refused = sp.status
        await sp.connect()

    assert (refused, sp.status, ismg.refused) == (3, 0, 1)


async def test_a_killed_relay_has_acknowledged_nothing_that_is_lost(
    service: Running, tmp_path: Path
) -> None:
    messages = list(traffic(2000, 0.03, seed=9, kinds=CMPP_KINDS))
    pdus = pdus_of(messages)

    async with (
        # However late the relay is killed, it still waits for some answers.
        gateway(latency=0.01, most_answers=800) as ismg,
        relayed(service, tmp_path, ismg) as adapter,
        client(adapter.port("cmpp")) as sp,
    ):
        await sp.connect()
        await sp.send(pdus[:500], window=100)
        for at, pdu in enumerate(pdus[500:900], 1500):
            sp.writer.write(cmpp_peers.frame(cmpp_peers.SUBMIT, at, cmpp_peers.submit(pdu, 0x20)))
        while len(sp.answers) < 700:
            await sp.read_one()
        adapter.process.kill()
        while await sp.read_one():
            pass

    found = compare(messages, in_smpp_terms(sp.answers), ismg.submitted)
    assert sp.closed
    assert found.faults(killed=True) == {}
    assert 700 <= len(sp.answers) < 900
