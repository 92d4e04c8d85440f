"""Sessions of the CMPP relay with peers that break the rules."""

from typing import Any

import pytest

from integrations.cmpp.settings import CmppSettings
from tests.support import cmpp_peers
from tests.support.cmpp_peers import ACTIVE_TEST, CONNECT, DELIVER, RESPONSE, SUBMIT, frame
from tests.support.raw_relay import RawPeer, RawRelay, raw_relay
from tests.support.sms_traffic import submit

VERSIONS = pytest.mark.parametrize("version", [0x20, 0x30])


async def bound(relay: RawRelay, version: int = 0x20) -> tuple[RawPeer, RawPeer]:
    """Return a client that is connected, and its gateway."""
    client = await relay.client()
    client.write(connect(version))
    gateway = await relay.centre()
    command, sequence, body = await cmpp_peers.read_frame(gateway.reader)
    assert (command, body) == (CONNECT, connect(version)[12:])
    status = bytes(4 if version >= 0x30 else 1)
    gateway.write(frame(CONNECT | RESPONSE, sequence, status + bytes(16) + bytes([version])))
    assert (await cmpp_peers.read_frame(client.reader))[:2] == (CONNECT | RESPONSE, 1)
    return client, gateway


def connect(version: int) -> bytes:
    return frame(CONNECT, 1, b"901234" + b"A" * 16 + bytes([version]) + b"\0\0\0\7")


def message(version: int, **others: Any) -> bytes:
    return cmpp_peers.submit(submit(1, "hello", **others)[0], version)


@VERSIONS
async def test_octets_are_kept_and_sequence_numbers_are_mapped(version: int) -> None:
    async with raw_relay(CmppSettings) as relay:
        client, gateway = await bound(relay, version)
        client.write(frame(SUBMIT, 4711, message(version)))

        command, sequence, body = await cmpp_peers.read_frame(gateway.reader)
        result = bytes(4 if version >= 0x30 else 1)
        gateway.write(frame(SUBMIT | RESPONSE, sequence, b"12345678" + result))

        assert (command, body) == (SUBMIT, message(version))
        answer = (SUBMIT | RESPONSE, 4711, b"12345678" + result)
        assert await cmpp_peers.read_frame(client.reader) == answer


@VERSIONS
async def test_a_malformed_submit_has_the_result_of_the_protocol(version: int) -> None:
    async with raw_relay(CmppSettings) as relay:
        client, gateway = await bound(relay, version)
        client.write(frame(SUBMIT, 5, message(version)[:-30]))
        client.write(frame(SUBMIT, 6, message(version) + b"more"))
        client.write(frame(SUBMIT, 7, message(version)))

        heard = [await cmpp_peers.read_frame(client.reader) for _ in range(2)]
        results = [(sequence, int.from_bytes(body[8:], "big")) for _, sequence, body in heard]
        assert results == [(5, 1), (6, 4)]
        assert (await cmpp_peers.read_frame(gateway.reader))[2] == message(version)


@pytest.mark.parametrize(
    "octets",
    [frame(0x77, 5), frame(DELIVER, 5, bytes(80)), b"\0\0\0\5" + bytes(20), b"\xff" * 12],
    ids=["unknown", "only from a gateway", "too short", "too long"],
)
async def test_what_the_protocol_has_no_answer_to_ends_the_session(octets: bytes) -> None:
    async with raw_relay(CmppSettings) as relay:
        client, gateway = await bound(relay)
        client.write(octets)

        assert await client.hear_end() == b""
        assert await gateway.hear_end() == b""


async def test_both_ends_are_answered_whether_the_relay_lives() -> None:
    async with raw_relay(CmppSettings) as relay:
        for peer in await bound(relay):
            peer.write(frame(ACTIVE_TEST, 9))

            answer = await cmpp_peers.read_frame(peer.reader)
            assert answer == (ACTIVE_TEST | RESPONSE, 9, b"\0")


async def test_a_submit_before_the_connect_is_refused() -> None:
    async with raw_relay(CmppSettings) as relay:
        client = await relay.client()
        client.write(frame(SUBMIT, 5, message(0x20)))

        assert (await cmpp_peers.read_frame(client.reader))[2] == bytes(8) + b"\x09"


@VERSIONS
async def test_without_a_gateway_the_connect_has_a_status(version: int) -> None:
    async with raw_relay(CmppSettings, upstream="127.0.0.1:1") as relay:
        client = await relay.client()
        client.write(connect(version))

        _, _, body = await cmpp_peers.read_frame(client.reader)
        assert int.from_bytes(body[:-17], "big") == 5
        assert await client.hear_end() == b""


async def test_more_than_the_window_is_told_to_slow_down() -> None:
    async with raw_relay(CmppSettings, window=2) as relay:
        client, gateway = await bound(relay)
        for sequence in range(8):
            client.write(frame(SUBMIT, sequence, message(0x20)))
        for _ in range(2):
            await cmpp_peers.read_frame(gateway.reader)
        body = cmpp_peers.deliver("8617000000001", b"hi", 0, 0x20, report=False)
        gateway.write(frame(DELIVER, 3, body))

        heard = [await cmpp_peers.read_frame(client.reader) for _ in range(5)]
        slowed = [sequence for command, sequence, body in heard if body[8:] == b"\x08"]
        assert slowed == [4, 5, 6, 7]
