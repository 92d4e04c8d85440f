"""Malformed PDUs against a running relay: whatever either peer sends, it answers and lives on.

PDUs are changed at random: bits flipped, cut, lengthened, lengths and commands replaced, octets
inserted, two joined. Each connection sends a few, from the client's or the message centre's side,
then ends. Afterwards a session must work as before, with nothing of the others left.
"""

import asyncio
import gc
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from integrations.cmpp.settings import CmppSettings
from integrations.messages.relay_settings import RelaySettings
from integrations.smpp import codec
from integrations.smpp.settings import SmppSettings
from tests.support import cmpp_peers, sms_traffic
from tests.support.raw_relay import BIND, TEXT, RawPeer, RawRelay, part, raw_relay

PDUS_OF_A_CONNECTION = 200
_MOST_POLLS = 50
_SETTINGS: dict[str, Any] = {
    "segment_hold_ms": 20, "timeout_ms": 5, "breaker_failures": 1, "breaker_seconds": 3600,
    "connect_seconds": 30, "drain_seconds": 0, "log_level": "error",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FuzzOutcome:
    """What became of the PDUs."""

    sent: int
    connections: int
    faults: dict[str, int]
    """PDUs that could not be read, by kind."""
    ends: dict[str, int]
    """Ends of sessions, by reason."""
    crashes: tuple[str, ...]
    """Exceptions that reached the event loop."""
    tasks_left: int
    objects_grown: int
    """Objects of the relay alive after the last connections, beyond those after the first."""


async def fuzz(protocol: str, count: int, seed: int) -> FuzzOutcome:
    """Send *count* malformed PDUs of ``smpp`` or ``cmpp`` from both sides."""
    chosen = random.Random(seed)
    kind: type[RelaySettings] = SmppSettings if protocol == "smpp" else CmppSettings
    bases = _smpp_bases() if protocol == "smpp" else _cmpp_bases()
    crashes: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: crashes.append(repr(context)))
    connections = -(-count // PDUS_OF_A_CONNECTION)
    async with raw_relay(kind, **_SETTINGS) as relay:
        await _attack(relay, protocol, chosen, bases, PDUS_OF_A_CONNECTION)
        before, tasks = await _quiet(relay)
        left = count - PDUS_OF_A_CONNECTION
        while left > 0:
            await _attack(relay, protocol, chosen, bases, min(left, PDUS_OF_A_CONNECTION))
            left -= PDUS_OF_A_CONNECTION
        after, tasks_after = await _quiet(relay)
        await _bind(relay, protocol)
        return FuzzOutcome(
            sent=count,
            connections=connections,
            faults=_counts(relay, "fanzha_adapter_peer_faults", "kind"),
            ends=_counts(relay, "fanzha_relay_session_ends", "reason"),
            crashes=tuple(crashes),
            tasks_left=max(0, tasks_after - tasks),
            objects_grown=max(0, after - before),
        )


async def _attack(
    relay: RawRelay, protocol: str, chosen: random.Random, bases: Sequence[bytes], count: int
) -> None:
    sent = 0
    while sent < count:
        client, centre = await _bind(relay, protocol)
        attacker, other = (client, centre) if chosen.random() < 0.7 else (centre, client)
        readers = [asyncio.create_task(peer.hear_end()) for peer in (attacker, other)]
        while sent < count and not attacker.writer.is_closing() and not readers[0].done():
            attacker.write(mutated(chosen, bases))
            sent += 1
            for _ in range(chosen.randrange(4)):
                await asyncio.sleep(0)
        attacker.writer.close()
        await asyncio.gather(*readers)
        other.writer.close()


async def _bind(relay: RawRelay, protocol: str) -> tuple[RawPeer, RawPeer]:
    if protocol == "smpp":
        return await relay.bound()
    client = await relay.client()
    sp = cmpp_peers.CmppClient(client.reader, client.writer, 0x20)
    connecting = asyncio.create_task(sp.connect())
    centre = await relay.centre()
    _, sequence, body = await cmpp_peers.read_frame(centre.reader)
    answer = cmpp_peers.frame(
        cmpp_peers.CONNECT | cmpp_peers.RESPONSE, sequence, bytes(17) + body[22:23]
    )
    centre.write(answer)
    await connecting
    return client, centre


async def _quiet(relay: RawRelay) -> tuple[int, int]:
    """Wait until no session is left; return the relay's objects and the tasks alive."""
    for _ in range(_MOST_POLLS):
        # Aborts of closed connections hold them for a second.
        await asyncio.sleep(1.2)
        if not relay.counted("fanzha_relay_sessions"):
            break
    gc.collect()
    own = sum(str(type(one).__module__).startswith("integrations.") for one in gc.get_objects())
    return own, len(asyncio.all_tasks())


def mutated(chosen: random.Random, bases: Sequence[bytes]) -> bytes:
    """Return a PDU that was changed at random, one to three times."""
    octets = bytearray(chosen.choice(bases))
    keep_length = chosen.random() < 0.7
    for _ in range(chosen.randint(1, 3)):
        at = chosen.randrange(4, len(octets)) if len(octets) > 4 else 0
        match chosen.randrange(6):
            case 0:
                octets[at:at] = chosen.randbytes(chosen.randint(1, 30))
            case 1:
                del octets[at : at + chosen.randint(1, 20)]
            case 2 if len(octets) > at:
                octets[at] ^= 1 << chosen.randrange(8)
            case 3 if len(octets) > at:
                octets[at] = chosen.choice((0, 1, 0x7F, 0x80, 0xFF))
            case 4:
                octets[4:8] = chosen.choice((b"\0\0\0\4", b"\0\0\0\5", b"\x80\0\0\0", b"\0\0\1\3"))
            case _:
                octets[8:] = octets[8:] + chosen.choice(bases)[12:]
    if keep_length:
        # Without this, most PDUs would only be read as a wrong length.
        octets[:4] = max(len(octets), 16).to_bytes(4, "big")
        octets += bytes(max(0, 16 - len(octets)))
    return bytes(octets)


def _smpp_bases() -> list[bytes]:
    payload = bytes.fromhex("0424 0003") + b"abc"
    sar = bytes.fromhex("020c 0002 0001 020e 0001 02 020f 0001 01")
    bodies = {
        codec.SUBMIT_SM: (TEXT, TEXT + payload, TEXT + sar, part(1), part(2), part(1, 255, 9)),
        codec.DELIVER_SM: (TEXT, part(1)),
        codec.DATA_SM: (b"\0\1\1123\0\1\1456\0\0\0\x08" + payload,),
        codec.SUBMIT_MULTI: (b"\0\1\1123\0\1\1\1\1456\0" + bytes(9) + b"\x02hi",),
        codec.QUERY_SM: (b"id\0\0\0\0",),
        codec.ENQUIRE_LINK: (b"",),
        codec.UNBIND: (b"",),
        codec.BIND_TRANSCEIVER: (BIND,),
        codec.SUBMIT_SM | codec.RESPONSE: (b"id\0",),
        codec.GENERIC_NACK: (b"",),
        codec.ALERT_NOTIFICATION: (b"\1\1123\0\1\1456\0",),
    }
    return [codec.pdu(command, 0, 5, body) for command, some in bodies.items() for body in some]


def _cmpp_bases() -> list[bytes]:
    submits = [
        cmpp_peers.submit(fields, version)
        for version in (0x20, 0x30)
        for message in sms_traffic.traffic(20, 0.1, kinds=sms_traffic.CMPP_KINDS)
        for fields in message.pdus
    ]
    deliver = cmpp_peers.deliver("8617000000001", b"hello", 0, 0x20, report=False)
    others = {
        cmpp_peers.QUERY: bytes(27), cmpp_peers.CANCEL: bytes(8), cmpp_peers.ACTIVE_TEST: b"",
        cmpp_peers.TERMINATE: b"", cmpp_peers.CONNECT: bytes(27), cmpp_peers.DELIVER: deliver,
        cmpp_peers.SUBMIT | cmpp_peers.RESPONSE: bytes(9),
    }  # fmt: skip
    return [
        *(cmpp_peers.frame(cmpp_peers.SUBMIT, 5, body) for body in submits),
        *(cmpp_peers.frame(command, 5, body) for command, body in others.items()),
    ]


def _counts(relay: RawRelay, name: str, label: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for family in relay.metrics.registry.collect():
        if family.name == name:
            for sample in family.samples:
                if sample.name.endswith("_total"):
                    found[sample.labels[label]] += int(sample.value)
    return dict(found)
