"""Answers the questions of secondaries: SOA, AXFR and IXFR of one zone, and nothing else.

What cannot be read gets FORMERR, a signature that does not hold NOTAUTH (RFC 8945), a transfer of
another zone NOTAUTH (RFC 5936), and everything else REFUSED: this is no resolver, and tells
strangers nothing.
"""

import struct
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.opcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig

from integrations.dns import serials, tsig
from integrations.dns.codec import ZoneCodec, error
from integrations.dns.metrics import DnsMetrics
from integrations.dns.zone import PolicyZone, ZoneVersion

HEADER_BYTES = 12
_FORMAT_ERROR, _SERVER_FAILURE, _NOT_IMPLEMENTED, _REFUSED = 1, 2, 4, 5
_TRANSFERS = (dns.rdatatype.AXFR, dns.rdatatype.IXFR)
_ANSWERED = (*_TRANSFERS, dns.rdatatype.SOA, dns.rdatatype.NS)
_RESPONSE_BIT = 0x80


class ZoneResponder:
    """Answers one message after another, of any peer."""

    def __init__(
        self,
        zone: PolicyZone,
        codec: ZoneCodec,
        metrics: DnsMetrics,
        *,
        keys: tsig.Keys,
        unsigned_peers: str,
    ) -> None:
        self._zone = zone
        self._codec = codec
        self._metrics = metrics
        self._keys = dict(keys)
        self._name = dns.name.from_text(codec.zone)
        networks = filter(None, unsigned_peers.split(","))
        self._unsigned = [ip_network(one.strip()) for one in networks]

    def respond(self, wire: bytes, peer: str, *, stream: bool) -> Iterator[bytes]:
        """Return the messages that answer *wire*; none for what must not be answered.

        *peer* is the address of who asks; *stream* says that it asks over TCP.
        """
        if len(wire) < HEADER_BYTES or wire[2] & _RESPONSE_BIT:
            self._metrics.count_fault("no_question")
            return
        try:
            query = dns.message.from_wire(wire, keyring=self._keys)
        except (dns.message.UnknownTSIGKey, dns.tsig.BadSignature, dns.tsig.BadTime,
                dns.tsig.BadKey, dns.tsig.BadAlgorithm, dns.tsig.PeerError) as fault:  # fmt: skip
            yield self._not_authentic(wire, fault)
        except (dns.exception.DNSException, ValueError, struct.error):
            self._metrics.count_fault("unreadable")
            yield error(wire, _FORMAT_ERROR)
        else:
            yield from self._answers(wire, query, peer, stream=stream)

    def _answers(
        self, wire: bytes, query: dns.message.Message, peer: str, *, stream: bool
    ) -> Iterator[bytes]:
        sign = (
            tsig.Signer(query.keyring, query.id, query.mac or b"").sign if query.had_tsig else bytes
        )
        code = self._refusal(query, peer, stream=stream)
        if code:
            self._metrics.count_fault({1: "unreadable", 2: "no_zone"}.get(code, "refused"))
            yield sign(error(wire, code))
            return
        question = query.question[0]
        now = self._zone.current
        if now is None:
            raise AssertionError("refused without a zone")
        kind, records = self._records(question.rdtype, query, now, stream=stream)
        self._metrics.count_answer(kind)
        for message in self._codec.messages(query.id, question.rdtype, records):
            yield sign(message)

    def _refusal(self, query: dns.message.Message, peer: str, *, stream: bool) -> int:
        """Return why a question is not answered; 0: it is."""
        if query.opcode() != dns.opcode.QUERY:
            return _NOT_IMPLEMENTED
        if len(query.question) != 1:
            return _FORMAT_ERROR
        question = query.question[0]
        kind = question.rdtype
        reasons = (
            (question.rdclass != dns.rdataclass.IN or not self._may_ask(query, peer), _REFUSED),
            (
                question.name != self._name,
                tsig.NOT_AUTHENTIC if kind in _TRANSFERS else _REFUSED,
            ),
            (kind == dns.rdatatype.AXFR and not stream, _REFUSED),
            (kind not in _ANSWERED, _REFUSED),
            (kind == dns.rdatatype.IXFR and _serial_of(query) is None, _FORMAT_ERROR),
            (self._zone.current is None, _SERVER_FAILURE),
        )
        return next((code for holds, code in reasons if holds), 0)

    def _may_ask(self, query: dns.message.Message, peer: str) -> bool:
        if query.had_tsig:
            return True
        address = ip_address(peer.partition("%")[0])
        return any(address in network for network in self._unsigned)

    def _records(
        self, kind: int, query: dns.message.Message, now: ZoneVersion, *, stream: bool
    ) -> tuple[str, Iterable[bytes]]:
        soa = self._codec.soa(now.serial)
        if kind == dns.rdatatype.SOA:
            return "soa", [soa]
        if kind == dns.rdatatype.NS:
            return "ns", [self._codec.name_server()]
        if kind == dns.rdatatype.AXFR:
            return "axfr", self._whole(now)
        serial = _serial_of(query)
        if serial is None or not serials.is_newer(now.serial, serial) or not stream:
            # Up to date; or over UDP, where this answer sends it to TCP (RFC 1995, 2).
            return "ixfr_none", [soa]
        steps = self._zone.steps_since(serial)
        if steps is None:
            return "ixfr_whole", self._whole(now)
        return "ixfr", self._changes(now, steps)

    def _whole(self, now: ZoneVersion) -> Iterator[bytes]:
        yield self._codec.soa(now.serial)
        yield self._codec.name_server()
        for record in now.names.records():
            yield self._codec.record(record)
        yield self._codec.soa(now.serial)

    def _changes(self, now: ZoneVersion, steps: Iterable[Any]) -> Iterator[bytes]:
        """Write differences: of each step what goes, then what comes (RFC 1995, 4)."""
        yield self._codec.soa(now.serial)
        for step in steps:
            if step.to_serial != now.serial and serials.is_newer(step.to_serial, now.serial):
                break  # it was made after this answer began
            yield self._codec.soa(step.from_serial)
            yield from map(self._codec.record, step.changes.removed)
            yield self._codec.soa(step.to_serial)
            yield from map(self._codec.record, step.changes.added)
        yield self._codec.soa(now.serial)

    def _not_authentic(self, wire: bytes, fault: Exception) -> bytes:
        self._metrics.count_fault("signature")
        try:
            query = dns.message.from_wire(wire, keyring=False)
        except (dns.exception.DNSException, ValueError, struct.error):
            return error(wire, _FORMAT_ERROR)
        if query.tsig is None:
            return error(wire, _FORMAT_ERROR)
        why = tsig.BAD_SIGNATURE
        if isinstance(fault, dns.tsig.BadTime):
            why = tsig.BAD_TIME
        elif isinstance(fault, dns.message.UnknownTSIGKey | dns.tsig.BadKey):
            why = tsig.BAD_KEY
        name = query.tsig.name
        return tsig.refusal(wire, name, query.tsig[0], why, self._keys.get(name))


def _serial_of(query: dns.message.Message) -> int | None:
    """Return the serial that the secondary of an IXFR has (RFC 1995, 3); None: it says none."""
    for rrset in query.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return int(rrset[0].serial)
    return None
