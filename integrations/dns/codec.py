"""Bytes of DNS messages that are too many to be made as objects: those of a transfer.

In a transfer every owner ends with the name of the zone, which stands in the question of each
message at offset 12: a record is its own labels and a pointer there (RFC 1035, 4.1.4), the same
bytes in every message.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from integrations.dns.names import PolicyRecord
from integrations.dns.policies import TARGETS, PolicyAction

MESSAGE_BYTES = 60_000
"""Of a message of a transfer, without its signature."""
HEADER = struct.Struct(">6H")
RESPONSE, AUTHORITATIVE = 0x8000, 0x0400
_CNAME, _SOA, _NS, _IN = 5, 6, 2, 1
_ZONE = b"\xc0\x0c"
_RETRY_SECONDS = 10
_LENGTHS = {length: bytes((length,)) for length in range(1, 64)}
"""Of a label, as RFC 1035 has it."""


def name_bytes(name: str) -> bytes:
    """Write a name with its root, without compression; ValueError for one that is none."""
    return _labels(name) + b"\0"


def _labels(name: str) -> bytes:
    if not name:
        return b""
    labels = name.encode("ascii").split(b".")
    try:
        return b"".join([_LENGTHS[len(label)] + label for label in labels])
    except KeyError:
        raise ValueError(f"{name} is no name") from None


@dataclass(frozen=True)
class ZoneCodec:
    """Writes records of one zone."""

    zone: str
    ttl: int = 60
    refresh_seconds: int = 60
    expire_seconds: int = 604_800
    block_page: str = ""
    _targets: dict[PolicyAction, bytes] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._targets.update({action: name_bytes(name) for action, name in TARGETS.items()})
        self._targets[PolicyAction.PAGE] = name_bytes(self.block_page.rstrip("."))

    @cached_property
    def zone_bytes(self) -> bytes:
        """The name of the zone."""
        return name_bytes(self.zone)

    def record(self, record: PolicyRecord) -> bytes:
        """Write a record of the list."""
        target = self._targets[record.action]
        head = struct.pack(">HHIH", _CNAME, _IN, self.ttl, len(target))
        return _labels(record.owner) + _ZONE + head + target

    def soa(self, serial: int) -> bytes:
        """Write the start of authority at a serial."""
        times = (serial, self.refresh_seconds, _RETRY_SECONDS, self.expire_seconds, self.ttl)
        data = name_bytes("localhost") + name_bytes("hostmaster.localhost")
        data += struct.pack(">5I", *times)
        return _ZONE + struct.pack(">HHIH", _SOA, _IN, self.ttl, len(data)) + data

    def name_server(self) -> bytes:
        """Write the record that every zone must have: nobody delegates to this one."""
        data = name_bytes("localhost")
        return _ZONE + struct.pack(">HHIH", _NS, _IN, self.ttl, len(data)) + data

    def messages(self, query_id: int, query_type: int, records: Iterable[bytes]) -> Iterator[bytes]:
        """Write answers of a transfer: as many messages as *records* need."""
        question = self.zone_bytes + struct.pack(">HH", query_type, _IN)
        part: list[bytes] = []
        size = 0
        for record in records:
            if size + len(record) > MESSAGE_BYTES:
                yield self._message(query_id, question, part)
                part, size = [], 0
            part.append(record)
            size += len(record)
        yield self._message(query_id, question, part)

    @staticmethod
    def _message(query_id: int, question: bytes, records: list[bytes]) -> bytes:
        flags = RESPONSE | AUTHORITATIVE
        head = HEADER.pack(query_id, flags, 1, len(records), 0, 0)
        return head + question + b"".join(records)


def error(wire: bytes, code: int) -> bytes:
    """Answer a message that cannot be read, or may not be answered: its header, and why."""
    query_id, flags = struct.unpack_from(">HH", wire)
    # The opcode and the wish for recursion come back, as RFC 1035 has it.
    return HEADER.pack(query_id, RESPONSE | flags & 0x7900 | code, 0, 0, 0, 0)
